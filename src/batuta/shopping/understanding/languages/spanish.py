"""Spanish."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

SPANISH: Final = Language(
    code="es",
    phrases={
        Sense.BELOW: """menos de | por menos de | de menos de | bajo | debajo de | por debajo de | hasta
            | máximo | como máximo | máximo de | un máximo de | no más de | inferior a | a lo sumo
            | que no pase de | que no supere | menor de | menor a | que cueste menos de""",
        Sense.ABOVE: """más de | por encima de | mínimo | como mínimo | al menos | por lo menos
            | a partir de | desde | superior a | mayor de | mayor a | un mínimo de | no menos de""",
        Sense.AROUND: """alrededor de | cerca de | unos | unas | aproximadamente | sobre | más o menos
            | aprox""",
        Sense.BETWEEN: "entre",
        Sense.FROM: "de | desde los",
        Sense.TO: "a | hasta los",
        Sense.OR_LESS: "o menos | como mucho | máximo",
        Sense.OR_MORE: "o más | en adelante | para arriba | o superior",
        Sense.STARS: "estrella | estrellas",
        Sense.AND: "y | e",
        Sense.OR: "o | u | ni",
        Sense.BUT: "pero | sino",
        Sense.NOT: """sin | excepto | salvo | menos los de | que no sea | que no sean | no quiero
            | nada de | no me gusta | no me gustan | que no tenga | que no tengan | evitar | ninguno de
            | menos la | nunca | distinto de | que no | excluir | no de | no en""",
        Sense.NO: "no",
        Sense.YES: "sí | claro | por supuesto | vale sí",
        Sense.NOT_ONLY: "no solo | no sólo | no solamente",
        Sense.NEED_NOT: """no hace falta que sea | no tiene que ser | no tiene por qué ser
            | no necesita ser | no hace falta""",
        Sense.ONLY: """solo | solamente | únicamente | tiene que ser | debe ser | tienen que ser
            | que sea""",
        Sense.WANT: "quiero | necesito | quisiera",
        Sense.ALSO: "también | además | tambien en | añade",
        Sense.CORRECT: """en realidad | mejor | cambia a | cámbialo a | cambia | perdón | mejor dicho
            | que sean | en vez""",
        Sense.MEANT: "quise decir | quería decir | me refería a",
        Sense.FORGET: """olvida | olvídate de | olvidar | quita | elimina | borra | ignora
            | sin tener en cuenta""",
        Sense.ANY: "cualquier | cualquiera | todo | todos | lo que sea",
        Sense.OTHER: "otro | otra | otros | otras",
        Sense.INDIFFERENT: """no importa | no me importa | da igual | me da igual | sin preferencia
            | no tengo preferencia | ninguna preferencia | es indiferente | me es indiferente | no sé
            | no lo sé | tú eliges | elige tú | como quieras | saltar | omitir | paso | ni idea
            | ninguna""",
        Sense.NO_LIMIT: """sin límite | sin límites | sin presupuesto | no hay límite
            | el dinero no importa""",
        Sense.BY: "de la marca | marca",
        Sense.FOR: "para | con",
        Sense.CHEAP: """barato | barata | baratos | baratas | económico | económica | económicos
            | económicas | asequible | asequibles | no muy caro | no muy caros | no muy cara
            | no muy caras | no demasiado caro | bien de precio""",
        Sense.PREMIUM: "caro | cara | caros | caras | de lujo | de gama alta | lujoso",
        Sense.CHEAPER: """más barato | más barata | más baratos | más baratas | más económico
            | más económica | más económicos | más económicas | menos caro | demasiado caro
            | demasiado caros | muy caro | demasiado cara | demasiado caras | muy caros | muy cara
            | muy caras""",
        Sense.PRICIER: "más caro | más cara | más caros | más caras | mejor calidad | demasiado barato",
        Sense.BEST: "mejor de todos | el mejor | la mejor | los mejores | las mejores",
        Sense.WELL_RATED: """bien valorado | bien valorados | bien valorada | buenas opiniones
            | buenas reseñas""",
        Sense.IN_STOCK: "en stock | disponible ya | disponibles ya | disponible ahora | en existencias",
        Sense.THE: "el | la | los | las",
        Sense.ONE: "uno | una",
        Sense.THIS: "este | esta | ese | esa | esto | eso | lo | aquel",
        Sense.THESE: "estos | estas | esos | esas | ellos | ambos | los dos | las dos",
        Sense.OF_THESE: "de estos | de estas | de esos | de esas | de ellos | de la lista",
        Sense.PLACE: "número | opción | artículo",
        Sense.COMPARE: """compara | comparar | compáralos | comparación | diferencia | diferencia entre
            | diferencias""",
        Sense.DETAIL: """más información | más detalles | detalles | dime más | cuéntame más | más sobre
            | información sobre | dime más sobre | cuéntame más sobre | más información sobre
            | detalles de""",
        Sense.WHICH: "cuál | cuáles | cuál de",
        Sense.LIKE: "como | parecido a | similar a | parecida a | algo como",
        Sense.THAN: "que",
        Sense.RESET: """empezar de nuevo | empezar de cero | reiniciar | nueva búsqueda | borra todo
            | empecemos de nuevo""",
        Sense.CANCEL: "olvídalo | cancelar | cancela | déjalo | no importa ya | para",
        Sense.REPEAT: "qué | cómo | repite | repítelo | otra vez | repetir | puedes repetir",
        Sense.MORE: """más | más opciones | muéstrame más | siguiente | siguientes | ver más | otros
            | más resultados | enséñame más | otras opciones | qué más""",
        Sense.SMALLTALK: """hola | buenos días | buenas tardes | buenas noches | gracias
            | muchas gracias | adiós | hasta luego | vale | perfecto | genial | qué tal | buenas
            | de nada""",
        Sense.SEEK: """busco | estoy buscando | buscando | quiero comprar | comprar | tienes | tienen
            | ando buscando""",
    },
    valued={
        Sense.SORT: {
            "price_asc": """el más barato | la más barata | los más baratos | las más baratas
                | el más económico | la más económica | los más económicos | las más económicas
                | precio más bajo | por precio""",
            "price_desc": "el más caro | la más cara | los más caros | las más caras",
            "rating": """mejor valorado | mejor valorada | mejor valorados | mejor valoradas
                | mejores valorados | mejor puntuados""",
            "newest": """más nuevo | más nuevos | más nueva | más nuevas | más reciente | más recientes
                | último modelo | últimos modelos""",
            "popularity": """más popular | más populares | más vendido | más vendidos | más vendida
                | más vendidas""",
        },
        Sense.CONDITION: {
            "new": "nuevo | nueva | nuevos | nuevas",
            "used": "usado | usada | usados | usadas | de segunda mano | segunda mano",
            "refurbished": "reacondicionado | reacondicionada | reacondicionados | reacondicionadas",
        },
        Sense.FACET: {
            "price": "precio | precios | presupuesto | coste | gastar | pagar | límite de precio",
            "brand": "marca | marcas | fabricante",
            "rating": "valoración | puntuación | opiniones",
            "condition": "estado",
            "product_type": "tipo",
        },
        Sense.CURRENCY: {
            "USD": "dólar | dólares",
            "EUR": "euro | euros",
            "GBP": "libras",
            "MXN": "pesos",
        },
        Sense.NUMBER: {
            2: "dos",
            3: "tres",
            4: "cuatro",
            5: "cinco",
            10: "diez",
            15: "quince",
            20: "veinte",
            30: "treinta",
            40: "cuarenta",
            50: "cincuenta",
            60: "sesenta",
            70: "setenta",
            80: "ochenta",
            90: "noventa",
            200: "doscientos",
            300: "trescientos",
            400: "cuatrocientos",
            500: "quinientos",
            600: "seiscientos",
            700: "setecientos",
            800: "ochocientos",
            900: "novecientos",
        },
        Sense.HUNDRED: {
            100: "cien | ciento",
            1000: "mil",
        },
        Sense.ORDINAL: {
            1: "primero | primera | primer | primeros | primeras",
            2: "segundo | segunda",
            3: "tercero | tercera | tercer",
            4: "cuarto | cuarta",
            5: "quinto | quinta",
            -1: "último | última",
        },
    },
    filler="""
        recomendar recomendarme recomienda recomiendas aconsejar aconsejarme ayuda ayúdame elegir comprar
        encontrar quisiera pueden podrían
        exactamente exacto
        por favor me gustaría gustaria querría busco algo alguna alguno algunos algunas unos unas un en
        del al para con que tengo hay puedes podrías mostrar muestra muéstrame enséñame dame ver buen
        buena buenos buenas bueno bonito bonita muy tipo qué cuánto son sea sean ser es está están tiene
        tengan tenga hecho hecha hechos hechas calidad comprar prefiero mejor si también ahora hoy
        """,
    products={
        "shoe": "zapato | zapatos | calzado",
        "running shoe": """zapatillas de running | zapatillas para correr | zapatillas de correr
            | zapatillas running | tenis para correr | zapatos para correr | zapatos de correr""",
        "sneaker": "zapatillas | zapatilla | tenis | zapatillas deportivas",
        "boot": "bota | botas",
        "sandal": "sandalia | sandalias",
        "laptop": """portátil | portátiles | ordenador portátil | ordenadores portátiles
            | computadora portátil | notebook""",
        "tablet": "tableta | tabletas",
        "headphone": "auricular | auriculares | audífonos | cascos",
        "coffee maker": "cafetera | cafeteras | máquina de café",
        "backpack": "mochila | mochilas",
        "bag": "bolso | bolsos | bolsa | bolsas",
        "suitcase": "maleta | maletas",
        "phone": """teléfono | teléfonos | móvil | móviles | celular | celulares | teléfono móvil
            | smartphone""",
        "lamp": "lámpara | lámparas",
        "desk lamp": "lámpara de escritorio | lámpara de mesa | flexo",
        "chair": "silla | sillas",
        "office chair": "silla de oficina | sillas de oficina",
        "table": "mesa | mesas",
        "desk": "escritorio | escritorios",
        "sofa": "sofá | sofás",
        "jacket": "chaqueta | chaquetas | cazadora | cazadoras | chamarra",
        "coat": "abrigo | abrigos",
        "shirt": "camisa | camisas",
        "t shirt": "camiseta | camisetas",
        "trousers": "pantalón | pantalones",
        "dress": "vestido | vestidos",
        "watch": "reloj | relojes",
        "toaster": "tostadora | tostadoras | tostador",
        "bicycle": "bicicleta | bicicletas | bici | bicis",
        "board game": "juego de mesa | juegos de mesa",
        "camera": "cámara | cámaras | cámara de fotos",
        "monitor": "monitores | pantalla de ordenador",
        "television": "televisor | televisores | televisión | tele",
        "vacuum cleaner": "aspiradora | aspiradoras | aspirador",
        "water bottle": "botella de agua | botellas de agua | cantimplora",
        "bottle": "botella | botellas",
        "keyboard": "teclado | teclados",
        "mouse": "ratón | ratones",
        "printer": "impresora | impresoras",
        "speaker": "altavoz | altavoces",
        "glove": "guante | guantes",
        "sock": "calcetín | calcetines",
        "red": "rojo | roja | rojos | rojas",
        "blue": "azul | azules",
        "green": "verde | verdes",
        "black": "negro | negra | negros | negras",
        "white": "blanco | blanca | blancos | blancas",
        "grey": "gris | grises",
        "yellow": "amarillo | amarilla | amarillos | amarillas",
        "orange": "naranja | naranjas | anaranjado",
        "pink": "rosa | rosas | rosado | rosada",
        "purple": "morado | morada | morados | moradas | púrpura",
        "brown": "marrón | marrones | café claro",
        "gold": "dorado | dorada | dorados | doradas",
        "silver": "plateado | plateada | plateados | plateadas",
        "leather": "cuero | piel",
        "cotton": "algodón",
        "wool": "lana",
        "wood": "madera",
        "steel": "acero",
        "stainless steel": "acero inoxidable",
        "plastic": "plástico",
        "glass": "vidrio | cristal",
        "waterproof": "impermeable | impermeables | resistente al agua | a prueba de agua",
        "wireless": "inalámbrico | inalámbrica | inalámbricos | inalámbricas | sin cable | sin cables",
        "noise cancelling": "cancelación de ruido",
        "foldable": "plegable | plegables",
        "players": "jugadores | personas",
        "colour": "color | colores",
        "size": "talla | tallas | tamaño",
        "material": "materiales",
        "memory": "memoria",
        "storage": "almacenamiento",
        "battery": "batería",
        "weight": "peso",
        "running": "correr",
    },
)
