"""Portuguese."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

PORTUGUESE: Final = Language(
    code="pt",
    phrases={
        Sense.BELOW: """menos de | por menos de | abaixo de | até | no máximo | máximo | máximo de
            | não mais de | não mais que | inferior a | menor que | que custe menos de | por até""",
        Sense.ABOVE: """mais de | acima de | mínimo | no mínimo | pelo menos | ao menos | a partir de
            | superior a | maior que | mínimo de""",
        Sense.AROUND: """cerca de | por volta de | em torno de | uns | umas | aproximadamente
            | mais ou menos""",
        Sense.BETWEEN: "entre",
        Sense.FROM: "de | desde",
        Sense.TO: "a",
        Sense.OR_LESS: "ou menos | no máximo",
        Sense.OR_MORE: "ou mais | para cima | em diante",
        Sense.STARS: "estrela | estrelas",
        Sense.AND: "e",
        Sense.OR: "ou | nem",
        Sense.BUT: "mas | porém",
        Sense.NOT: """sem | exceto | menos os da | que não seja | que não sejam | não quero | nada de
            | não gosto de | que não tenha | evitar | salvo | nunca | não de | excluir | que não""",
        Sense.NO: "não",
        Sense.YES: "sim | claro | com certeza",
        Sense.NOT_ONLY: "não só | não apenas | não somente",
        Sense.NEED_NOT: "não precisa ser | não tem que ser | não precisa",
        Sense.ONLY: "só | somente | apenas | tem que ser | tem de ser | deve ser | precisa ser",
        Sense.WANT: "quero | preciso | preciso de | queria",
        Sense.ALSO: "também | além disso | adiciona",
        Sense.CORRECT: """na verdade | aliás | muda para | mude para | mudar para | desculpa
            | em vez disso | na realidade""",
        Sense.MEANT: "quis dizer | queria dizer | eu quis dizer",
        Sense.FORGET: """esquece | esqueça | esquecer | tira | tire | remove | remova | apaga | ignora
            | ignore""",
        Sense.ANY: "qualquer | qualquer um | qualquer uma | tanto faz a | tudo | todos",
        Sense.OTHER: "outro | outra | outros | outras",
        Sense.INDIFFERENT: """não importa | não me importa | tanto faz | sem preferência
            | não tenho preferência | indiferente | não sei | você escolhe | escolhe tu | você decide
            | pular | pula | nenhuma | não ligo | é indiferente""",
        Sense.NO_LIMIT: "sem limite | sem limites | sem orçamento | dinheiro não é problema",
        Sense.BY: "da marca | marca",
        Sense.FOR: "para | com | pra | pro",
        Sense.CHEAP: """barato | barata | baratos | baratas | econômico | econômica | económico
            | em conta | acessível | acessíveis | não muito caro | não muito cara | não muito caros""",
        Sense.PREMIUM: "caro | cara | caros | caras | de luxo | topo de gama",
        Sense.CHEAPER: """mais barato | mais barata | mais baratos | mais baratas | mais em conta
            | mais econômico | menos caro | muito caro | muito cara | caro demais | muito caros""",
        Sense.PRICIER: "mais caro | mais cara | mais caros | mais caras | melhor qualidade",
        Sense.BEST: "o melhor | a melhor | os melhores | as melhores",
        Sense.WELL_RATED: """bem avaliado | bem avaliada | bem avaliados | bem avaliadas
            | boas avaliações""",
        Sense.IN_STOCK: "em estoque | em stock | disponível agora | a pronta entrega",
        Sense.THE: "o | a | os | as",
        Sense.ONE: "um | uma",
        Sense.THIS: "este | esta | esse | essa | isso | isto",
        Sense.THESE: "estes | estas | esses | essas | eles | ambos | os dois | as duas",
        Sense.OF_THESE: "destes | destas | desses | dessas | deles | da lista",
        Sense.PLACE: "número | opção | item",
        Sense.COMPARE: """compara | compare | comparar | comparação | diferença | diferença entre
            | diferenças""",
        Sense.DETAIL: """mais informação | mais informações | mais detalhes | detalhes | fala mais sobre
            | fale mais sobre | mais sobre | detalhes do | detalhes da""",
        Sense.WHICH: "qual | quais | qual dos",
        Sense.LIKE: "como | parecido com | parecida com | semelhante a | similar a",
        Sense.THAN: "que",
        Sense.RESET: """começar de novo | recomeçar | reiniciar | nova busca | nova pesquisa
            | apaga tudo""",
        Sense.CANCEL: "deixa pra lá | deixa para lá | cancelar | cancela | esquece isso | para | pare",
        Sense.REPEAT: "o quê | repete | repita | de novo | como assim | pode repetir",
        Sense.MORE: """mais | mais opções | mostra mais | mostre mais | próximo | próximos | ver mais
            | mais resultados | outras opções | próxima página""",
        Sense.SMALLTALK: """olá | oi | bom dia | boa tarde | boa noite | obrigado | obrigada
            | muito obrigado | tchau | valeu | perfeito | ótimo | tudo bem""",
        Sense.SEEK: """procuro | estou procurando | procurando | estou à procura de | quero comprar
            | comprar | vocês têm | você tem | à procura de""",
    },
    valued={
        Sense.SORT: {
            "price_asc": """o mais barato | a mais barata | os mais baratos | as mais baratas
                | menor preço | por preço | mais baratos primeiro""",
            "price_desc": "o mais caro | a mais cara | os mais caros | as mais caras",
            "rating": """mais bem avaliado | mais bem avaliados | melhor avaliado | melhor avaliados
                | melhor avaliada | melhores avaliados""",
            "newest": """mais novo | mais novos | mais nova | mais recente | mais recentes
                | último modelo""",
            "popularity": "mais popular | mais populares | mais vendido | mais vendidos | mais vendida",
        },
        Sense.CONDITION: {
            "new": "novo | nova | novos | novas",
            "used": "usado | usada | usados | usadas | de segunda mão | segunda mão | seminovo",
            "refurbished": "recondicionado | recondicionada | recondicionados | recondicionadas",
        },
        Sense.FACET: {
            "price": "preço | preços | orçamento | custo | gastar | pagar",
            "brand": "marca | marcas | fabricante",
            "rating": "avaliação | avaliações",
            "condition": "estado",
            "product_type": "tipo",
        },
        Sense.CURRENCY: {
            "USD": "dólar | dólares",
            "EUR": "euro | euros",
            "GBP": "libras",
            "BRL": "real | reais | r $",
        },
        Sense.NUMBER: {
            2: "dois | duas",
            3: "três",
            4: "quatro",
            5: "cinco",
            10: "dez",
            15: "quinze",
            20: "vinte",
            30: "trinta",
            40: "quarenta",
            50: "cinquenta",
            60: "sessenta",
            70: "setenta",
            80: "oitenta",
            90: "noventa",
            200: "duzentos",
            300: "trezentos",
            400: "quatrocentos",
            500: "quinhentos",
            600: "seiscentos",
            700: "setecentos",
            800: "oitocentos",
            900: "novecentos",
        },
        Sense.HUNDRED: {
            100: "cem | cento",
            1000: "mil",
        },
        Sense.ORDINAL: {
            1: "primeiro | primeira | primeiros | primeiras",
            2: "segundo | segunda",
            3: "terceiro | terceira",
            4: "quarto | quarta",
            5: "quinto | quinta",
            -1: "último | última",
        },
    },
    filler="""
        recomendar recomenda recomende indicar indica ajuda ajude escolher comprar encontrar queria
        quero podem
        exatamente exato
        por favor gostaria eu me mostra mostre ver algo algum alguma alguns algumas em do da no na dos
        das que tem tenho pode poderia bom boa bons boas bonito muito tipo quanto são seja sejam ser é
        prefiro agora hoje feito feita dar dê
        """,
    products={
        "shoe": "sapato | sapatos | calçado",
        "running shoe": """tênis de corrida | sapatilhas de corrida | tênis para correr
            | ténis de corrida""",
        "sneaker": "tênis | ténis | sapatilhas",
        "boot": "bota | botas",
        "sandal": "sandália | sandálias",
        "laptop": "portátil | portáteis | computador portátil | notebook",
        "headphone": "fone | fones | fones de ouvido | auscultadores | fone de ouvido | auriculares",
        "coffee maker": "cafeteira | cafeteiras | máquina de café",
        "backpack": "mochila | mochilas",
        "bag": "bolsa | bolsas",
        "suitcase": "mala | malas",
        "phone": "telefone | telefones | celular | celulares | telemóvel | telemóveis | smartphone",
        "lamp": "luminária | luminárias | candeeiro | lâmpada",
        "desk lamp": "luminária de mesa | candeeiro de mesa",
        "chair": "cadeira | cadeiras",
        "office chair": "cadeira de escritório | cadeiras de escritório",
        "table": "mesa | mesas",
        "desk": "escrivaninha | secretária",
        "jacket": "jaqueta | jaquetas | casaco | casacos | blusão",
        "shirt": "camisa | camisas",
        "t shirt": "camiseta | camisetas",
        "trousers": "calça | calças",
        "dress": "vestido | vestidos",
        "watch": "relógio | relógios",
        "toaster": "torradeira | torradeiras",
        "bicycle": "bicicleta | bicicletas | bike",
        "board game": "jogo de tabuleiro | jogos de tabuleiro",
        "camera": "câmera | câmeras | câmara fotográfica | máquina fotográfica",
        "monitor": "monitores | tela de computador",
        "television": "televisão | televisor | televisores",
        "vacuum cleaner": "aspirador | aspiradores | aspirador de pó",
        "water bottle": "garrafa de água | garrafas de água | garrafa",
        "keyboard": "teclado | teclados",
        "printer": "impressora | impressoras",
        "speaker": "caixa de som | alto falante",
        "red": "vermelho | vermelha | vermelhos | vermelhas",
        "blue": "azul | azuis",
        "green": "verde | verdes",
        "black": "preto | preta | pretos | pretas",
        "white": "branco | branca | brancos | brancas",
        "grey": "cinza | cinzas | cinzento | cinzenta",
        "yellow": "amarelo | amarela | amarelos | amarelas",
        "orange": "laranja",
        "pink": "rosa | cor de rosa",
        "purple": "roxo | roxa | roxos | roxas",
        "brown": "marrom | castanho | castanha | castanhos",
        "gold": "dourado | dourada | dourados",
        "silver": "prateado | prateada | prateados",
        "leather": "couro | pele",
        "cotton": "algodão",
        "wool": "lã",
        "wood": "madeira",
        "steel": "aço",
        "stainless steel": "aço inoxidável | aço inox",
        "plastic": "plástico",
        "glass": "vidro",
        "waterproof": """impermeável | impermeáveis | à prova de água | à prova d'água
            | resistente à água""",
        "wireless": "sem fio | sem fios | sem cabo | sem cabos",
        "noise cancelling": "cancelamento de ruído",
        "players": "jogadores | pessoas",
        "colour": "cor | cores",
        "size": "tamanho | tamanhos",
        "memory": "memória",
        "storage": "armazenamento",
        "battery": "bateria",
        "weight": "peso",
    },
)
