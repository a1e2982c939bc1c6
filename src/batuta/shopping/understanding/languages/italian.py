"""Italian."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

ITALIAN: Final = Language(
    code="it",
    phrases={
        Sense.BELOW: """meno di | a meno di | per meno di | sotto | sotto i | al di sotto di | fino a
            | massimo | al massimo | non più di | inferiore a | entro | entro i""",
        Sense.ABOVE: """più di | oltre | sopra | sopra i | minimo | almeno | a partire da | superiore a
            | non meno di""",
        Sense.AROUND: "circa | intorno a | intorno ai | attorno a | sui | più o meno | all'incirca",
        Sense.BETWEEN: "tra | fra",
        Sense.FROM: "da | dai",
        Sense.TO: "a | ai",
        Sense.OR_LESS: "o meno | massimo",
        Sense.OR_MORE: "o più | in su",
        Sense.STARS: "stella | stelle",
        Sense.AND: "e | ed",
        Sense.OR: "o | oppure | né",
        Sense.BUT: "ma | però | bensì",
        Sense.NOT: """non | senza | tranne | eccetto | salvo | a parte | niente | non voglio
            | non mi piace | non mi piacciono | che non sia | che non siano | esclusi | escluso | nessun
            | nessuna | evitare""",
        Sense.NO: "no",
        Sense.YES: "sì | certo | certamente",
        Sense.NOT_ONLY: "non solo | non soltanto",
        Sense.NEED_NOT: """non deve essere | non deve per forza essere | non serve che sia
            | non necessariamente""",
        Sense.ONLY: "solo | soltanto | solamente | deve essere | devono essere | esclusivamente",
        Sense.WANT: "voglio | mi serve | ho bisogno di | mi servono",
        Sense.ALSO: "anche | inoltre | pure | aggiungi",
        Sense.CORRECT: "in realtà | piuttosto | anzi | cambia in | cambia | invece | scusa",
        Sense.MEANT: "volevo dire | intendevo",
        Sense.FORGET: """dimentica | dimentichiamo | togli | rimuovi | elimina | ignora
            | lascia stare il""",
        Sense.ANY: "qualsiasi | qualunque | tutti | tutte | uno qualsiasi | una qualsiasi",
        Sense.OTHER: "altro | altra | altri | altre | un altro | un'altra",
        Sense.INDIFFERENT: """non importa | non mi importa | fa lo stesso | è uguale | mi è indifferente
            | indifferente | nessuna preferenza | non ho preferenze | non lo so | non so | scegli tu
            | decidi tu | salta | fa niente | è indifferente | nessuna""",
        Sense.NO_LIMIT: "senza limite | senza limiti | nessun limite | nessun budget",
        Sense.BY: "della marca | marca | di marca",
        Sense.FOR: "per | con",
        Sense.CHEAP: """economico | economica | economici | economiche | a buon mercato
            | non troppo caro | non troppo cara | non troppo cari | conveniente | convenienti
            | a basso costo | non caro""",
        Sense.PREMIUM: """caro | cara | cari | care | costoso | costosa | costosi | di lusso
            | di fascia alta""",
        Sense.CHEAPER: """più economico | più economica | più economici | più economiche | meno caro
            | meno cara | meno cari | meno care | troppo caro | troppo cara | troppo cari | troppo care
            | meno costoso | meno costosi""",
        Sense.PRICIER: "più caro | più cara | più cari | più care | più costoso | migliore qualità",
        Sense.BEST: "il migliore | la migliore | i migliori | le migliori",
        Sense.WELL_RATED: """ben recensito | ben recensiti | ben valutato | ben valutati
            | buone recensioni""",
        Sense.IN_STOCK: """disponibile subito | disponibili subito | in magazzino | in stock
            | disponibile ora""",
        Sense.THE: "il | lo | la | i | gli | le",
        Sense.ONE: "uno | una",
        Sense.THIS: "questo | questa | quello | quella | esso",
        Sense.THESE: "questi | queste | quelli | quelle | entrambi | tutti e due | loro",
        Sense.OF_THESE: "di questi | di queste | tra questi | tra queste | di loro | della lista",
        Sense.PLACE: "numero | opzione",
        Sense.COMPARE: """confronta | confrontare | paragona | confronto | differenza | differenza tra
            | differenze""",
        Sense.DETAIL: """più informazioni | maggiori informazioni | dettagli | dimmi di più
            | più dettagli | dimmi di più su | informazioni su | dettagli su""",
        Sense.WHICH: "quale | quali",
        Sense.LIKE: "come | simile a | qualcosa come",
        Sense.THAN: "che",
        Sense.RESET: """ricomincia | ricominciare | ricominciamo | da capo | nuova ricerca | azzera
            | cancella tutto""",
        Sense.CANCEL: "lascia perdere | lascia stare | annulla | fermati | basta",
        Sense.REPEAT: "cosa | come scusa | ripeti | ripetere | puoi ripetere | di nuovo",
        Sense.MORE: """di più | altri risultati | mostrami altri | mostra altri | ancora | avanti
            | prossimi | altre opzioni | vedi altri | mostra di più""",
        Sense.SMALLTALK: """ciao | buongiorno | buonasera | salve | grazie | grazie mille | arrivederci
            | va bene | perfetto | ottimo | prego | come stai""",
        Sense.SEEK: "cerco | sto cercando | cercando | comprare | vorrei comprare | avete | hai",
    },
    valued={
        Sense.SORT: {
            "price_asc": """il più economico | la più economica | i più economici | le più economiche
                | il meno caro | la meno cara | i meno cari | prezzo più basso | per prezzo""",
            "price_desc": "il più caro | la più cara | i più cari | le più care | il più costoso",
            "rating": """meglio recensito | meglio recensiti | meglio valutato | meglio valutati
                | migliori recensioni | più votati""",
            "newest": """più nuovo | più nuovi | più recente | più recenti | ultimo modello
                | ultimi modelli""",
            "popularity": "più popolare | più popolari | più venduto | più venduti | più vendute",
        },
        Sense.CONDITION: {
            "new": "nuovo | nuova | nuovi | nuove",
            "used": "usato | usata | usati | usate | di seconda mano | seconda mano",
            "refurbished": "ricondizionato | ricondizionata | ricondizionati | ricondizionate",
        },
        Sense.FACET: {
            "price": "prezzo | prezzi | budget | costo | spendere | pagare",
            "brand": "marca | marche | marchio | produttore",
            "rating": "valutazione | recensioni | voto",
            "condition": "condizione | condizioni",
            "product_type": "tipo",
        },
        Sense.CURRENCY: {
            "USD": "dollaro | dollari",
            "EUR": "euro",
            "GBP": "sterline",
            "CHF": "franchi",
        },
        Sense.NUMBER: {
            2: "due",
            3: "tre",
            4: "quattro",
            5: "cinque",
            10: "dieci",
            15: "quindici",
            20: "venti",
            30: "trenta",
            40: "quaranta",
            50: "cinquanta",
            60: "sessanta",
            70: "settanta",
            80: "ottanta",
            90: "novanta",
            200: "duecento",
            300: "trecento",
            400: "quattrocento",
            500: "cinquecento",
            600: "seicento",
            700: "settecento",
            800: "ottocento",
            900: "novecento",
            2000: "duemila",
        },
        Sense.HUNDRED: {
            100: "cento",
            1000: "mille | mila",
        },
        Sense.ORDINAL: {
            1: "primo | prima | primi | prime",
            2: "secondo | seconda",
            3: "terzo | terza",
            4: "quarto | quarta",
            5: "quinto | quinta",
            -1: "ultimo | ultima",
        },
    },
    filler="""
        consigliare consigliarmi consigliami consiglia aiutami aiutatemi scegliere trovare trovami comprare
        potete potreste cercando
        esattamente
        per favore piacere vorrei mi mostra mostrami fammi vedere qualcosa qualche un uno una dei delle
        degli in di da del della che ho hai puoi potresti buon buona buoni buone buono bello bella belli
        belle molto tipo quanto sia siano essere è sono costa fatto fatta preferisco adesso oggi dammi
        paio se cui
        """,
    products={
        "shoe": "scarpa | scarpe",
        "running shoe": "scarpe da corsa | scarpe da running | scarpa da corsa | scarpe running",
        "sneaker": "scarpe da ginnastica | scarpe sportive",
        "boot": "stivale | stivali",
        "sandal": "sandalo | sandali",
        "laptop": "portatile | portatili | computer portatile | computer portatili",
        "headphone": "cuffia | cuffie | auricolari",
        "coffee maker": "macchina da caffè | macchina del caffè | macchine da caffè | caffettiera",
        "backpack": "zaino | zaini",
        "bag": "borsa | borse",
        "suitcase": "valigia | valigie",
        "phone": "telefono | telefoni | cellulare | cellulari | telefonino | smartphone",
        "lamp": "lampada | lampade",
        "desk lamp": "lampada da scrivania | lampada da tavolo",
        "chair": "sedia | sedie",
        "office chair": "sedia da ufficio | sedie da ufficio",
        "table": "tavolo | tavoli",
        "desk": "scrivania | scrivanie",
        "jacket": "giacca | giacche | giubbotto | giubbotti",
        "coat": "cappotto | cappotti",
        "shirt": "camicia | camicie",
        "trousers": "pantalone | pantaloni",
        "dress": "vestito | vestiti",
        "watch": "orologio | orologi",
        "toaster": "tostapane",
        "bicycle": "bicicletta | biciclette | bici",
        "board game": "gioco da tavolo | giochi da tavolo",
        "camera": "fotocamera | fotocamere | macchina fotografica",
        "monitor": "schermo | schermi",
        "television": "televisore | televisori | televisione",
        "vacuum cleaner": "aspirapolvere",
        "water bottle": "borraccia | borracce | bottiglia d'acqua",
        "bottle": "bottiglia | bottiglie",
        "keyboard": "tastiera | tastiere",
        "printer": "stampante | stampanti",
        "speaker": "altoparlante | altoparlanti",
        "red": "rosso | rossa | rossi | rosse",
        "blue": "blu | azzurro | azzurra",
        "green": "verde | verdi",
        "black": "nero | nera | neri | nere",
        "white": "bianco | bianca | bianchi | bianche",
        "grey": "grigio | grigia | grigi | grigie",
        "yellow": "giallo | gialla | gialli | gialle",
        "orange": "arancione | arancioni",
        "pink": "rosa",
        "purple": "viola",
        "brown": "marrone | marroni",
        "gold": "dorato | dorata | dorati",
        "silver": "argentato | argento | argentata",
        "leather": "pelle | cuoio",
        "cotton": "cotone",
        "wool": "lana",
        "wood": "legno",
        "steel": "acciaio",
        "stainless steel": "acciaio inossidabile | acciaio inox",
        "plastic": "plastica",
        "glass": "vetro",
        "waterproof": "impermeabile | impermeabili | resistente all'acqua",
        "wireless": "senza fili | senza filo | senza cavo | senza cavi",
        "noise cancelling": "cancellazione del rumore",
        "foldable": "pieghevole | pieghevoli",
        "players": "giocatori | persone",
        "colour": "colore | colori",
        "size": "taglia | taglie | misura",
        "material": "materiale | materiali",
        "memory": "memoria",
        "storage": "archiviazione",
        "battery": "batteria",
        "weight": "peso",
    },
)
