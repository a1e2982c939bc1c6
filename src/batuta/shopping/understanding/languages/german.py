"""German."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense

GERMAN: Final = Language(
    code="de",
    phrases={
        Sense.BELOW: """unter | weniger als | bis | bis zu | höchstens | maximal | max | maximum
            | nicht mehr als | billiger als | günstiger als | nicht über | unterhalb von | leichter als
            | kleiner als""",
        Sense.ABOVE: """über | mehr als | mindestens | ab | wenigstens | minimum | nicht weniger als
            | teurer als | oberhalb von | größer als""",
        Sense.AROUND: "etwa | ungefähr | um | rund | circa | ca | so um | um die | zirka",
        Sense.BETWEEN: "zwischen",
        Sense.FROM: "von",
        Sense.TO: "bis",
        Sense.OR_LESS: "oder weniger | oder günstiger | maximal | höchstens",
        Sense.OR_MORE: "oder mehr | und mehr | aufwärts",
        Sense.STARS: "stern | sterne | sternen",
        Sense.AND: "und",
        Sense.OR: "oder | noch",
        Sense.BUT: "aber | sondern | doch",
        Sense.NOT: """nicht | ohne | kein | keine | keinen | keinem | keiner | außer | nichts von
            | bloß nicht | mag kein | mag keine | auf keinen fall | ausgenommen | nie""",
        Sense.NO: "nein | nee | nö",
        Sense.YES: "ja | jawohl | gerne | klar | natürlich",
        Sense.NOT_ONLY: "nicht nur",
        Sense.NEED_NOT: "muss nicht | müssen nicht | nicht unbedingt | braucht nicht",
        Sense.ONLY: "nur | ausschließlich | muss | müssen | unbedingt | muss sein",
        Sense.WANT: "ich will | ich brauche | brauche | will | ich möchte",
        Sense.ALSO: "auch | außerdem | zusätzlich | ebenfalls | oder auch",
        Sense.CORRECT: """eigentlich | lieber | stattdessen | doch lieber | ändere | ändern auf
            | sagen wir | moment""",
        Sense.MEANT: "ich meinte | ich meine | meinte",
        Sense.FORGET: "vergiss | vergessen sie | entferne | lösche | ignoriere | streiche | weg mit",
        Sense.ANY: """egal welche | egal welcher | egal welches | irgendein | irgendeine | irgendwelche
            | jede | jeder | jedes | beliebig | beliebige""",
        Sense.OTHER: "andere | anderen | anderer | anderes | ein anderer | eine andere",
        Sense.INDIFFERENT: """egal | ist egal | ist mir egal | mir egal | das ist egal
            | spielt keine rolle | keine präferenz | keine vorliebe | weiß nicht | weiß ich nicht
            | ich weiß nicht | keine ahnung | unwichtig | nicht wichtig | überspringen | weiter bitte
            | such du aus | du entscheidest | keine angabe | macht nichts""",
        Sense.NO_LIMIT: """kein limit | keine grenze | keine obergrenze | geld spielt keine rolle
            | unbegrenzt | kein budget""",
        Sense.BY: "von der marke | der marke | marke",
        Sense.FOR: "für | mit | fuer | fürs | zum | zur",
        Sense.CHEAP: """billig | billige | billigen | billiges | billiger | günstig | günstige
            | günstigen | günstiges | preiswert | preiswerte | erschwinglich | preisgünstig
            | nicht zu teuer | nicht teuer | nicht so teuer""",
        Sense.PREMIUM: "teuer | teure | teuren | hochwertig | hochwertige | luxus | edel",
        Sense.CHEAPER: """etwas billigeres | billigere | billiger bitte | günstigere | günstiger
            | etwas günstigeres | zu teuer | weniger teuer""",
        Sense.PRICIER: "teurer | teurere | etwas teureres | bessere qualität | zu billig",
        Sense.BEST: "beste | bester | bestes | besten | der beste | die besten",
        Sense.WELL_RATED: "gut bewertet | gut bewertete | gute bewertungen | guten bewertungen",
        Sense.IN_STOCK: "auf lager | sofort verfügbar | sofort lieferbar | lieferbar | vorrätig",
        Sense.THE: "der | die | das | den | dem",
        Sense.ONE: "einer | eine | eins",
        Sense.THIS: "dieser | diese | dieses | diesen | es | ihn",
        Sense.THESE: "sie | beide | beiden | die beiden | alle drei",
        Sense.OF_THESE: "davon | von diesen | von denen",
        Sense.PLACE: "nummer | nr | option",
        Sense.COMPARE: """vergleiche | vergleich | vergleichen | unterschied | unterschied zwischen
            | unterschiede""",
        Sense.DETAIL: """mehr über | mehr infos | mehr informationen | details | mehr zu | mehr details
            | erzähl mir mehr über | genaueres zu | infos zu | details zu""",
        Sense.WHICH: "welcher | welche | welches",
        Sense.LIKE: "wie | ähnlich wie | so etwas wie | sowas wie",
        Sense.THAN: "als",
        Sense.RESET: """von vorne | neu anfangen | neustart | zurücksetzen | neue suche | alles löschen
            | nochmal von vorne | von vorn""",
        Sense.CANCEL: "vergiss es | abbrechen | abbruch | schon gut | stopp | stop | lass es",
        Sense.REPEAT: """wie bitte | was | nochmal | noch einmal | wiederhole das | wiederholen
            | bitte wiederholen""",
        Sense.MORE: """mehr | mehr anzeigen | zeig mir mehr | zeige mehr | weiter | weitere | nächste
            | nächste seite | mehr ergebnisse | noch mehr | zeig mehr""",
        Sense.SMALLTALK: """hallo | guten tag | guten morgen | guten abend | danke | vielen dank
            | tschüss | auf wiedersehen | moin | servus | danke schön | perfekt | super | gut danke
            | wie geht's""",
        Sense.SEEK: "suche | ich suche | auf der suche nach | kaufen | habt ihr | haben sie",
    },
    valued={
        Sense.SORT: {
            "price_asc": """billigste | billigster | billigstes | billigsten | am billigsten
                | günstigste | günstigster | günstigstes | günstigsten | am günstigsten | nach preis""",
            "price_desc": "teuerste | teuerster | teuerstes | teuersten | am teuersten",
            "rating": """am besten bewertet | bestbewertete | bestbewerteten | beste bewertung
                | besten bewertungen | am besten bewerteten""",
            "newest": "neueste | neuester | neuestes | neuesten | aktuellste | aktuellsten",
            "popularity": """beliebteste | beliebtester | beliebtesten | beliebtestes | meistverkaufte
                | meistverkauften""",
        },
        Sense.CONDITION: {
            "new": "neu | neue | neuer | neues | neuen",
            "used": """gebraucht | gebrauchte | gebrauchter | gebrauchtes | gebrauchten
                | aus zweiter hand""",
            "refurbished": """generalüberholt | generalüberholte | generalüberholtes | refurbished
                | wiederaufbereitet""",
        },
        Sense.FACET: {
            "price": "preis | preise | budget | kosten | ausgeben | preislimit | preisgrenze",
            "brand": "marke | marken | hersteller",
            "rating": "bewertung | bewertungen",
            "condition": "zustand",
            "product_type": "art | typ",
        },
        Sense.CURRENCY: {
            "USD": "dollar",
            "EUR": "euro | euros",
            "GBP": "pfund",
            "CHF": "franken",
        },
        Sense.NUMBER: {
            2: "zwei",
            3: "drei",
            4: "vier",
            5: "fünf",
            10: "zehn",
            15: "fünfzehn",
            20: "zwanzig",
            30: "dreißig",
            40: "vierzig",
            50: "fünfzig",
            60: "sechzig",
            70: "siebzig",
            80: "achtzig",
            90: "neunzig",
            200: "zweihundert",
            300: "dreihundert",
            400: "vierhundert",
            500: "fünfhundert",
            600: "sechshundert",
            700: "siebenhundert",
            800: "achthundert",
            900: "neunhundert",
            2000: "zweitausend",
        },
        Sense.HUNDRED: {
            100: "hundert | einhundert",
            1000: "tausend | eintausend",
        },
        Sense.ORDINAL: {
            1: "erste | erster | erstes | ersten",
            2: "zweite | zweiter | zweites | zweiten",
            3: "dritte | dritter | drittes | dritten",
            4: "vierte | vierter | vierten",
            5: "fünfte | fünfter | fünften",
            -1: "letzte | letzter | letztes | letzten",
        },
    },
    filler="""
        empfehlen empfiehl zeigen finden helfen hilf wählen kaufen können könnten möchten
        genau exakt
        bitte ich hätte gern gerne möchte suche zeig zeige mir etwas was ein eine einen paar in im am
        dass habe kann können könntest gut gute guten guter gutes schön schöne schönen sehr art wie viel
        sind sein ist soll sollen sollte kostet aus gemacht jetzt heute gib finde für mit zu sie es bis
        """,
    products={
        "shoe": "schuh | schuhe | schuhen",
        "running shoe": "laufschuh | laufschuhe | laufschuhen | joggingschuhe",
        "sneaker": "turnschuh | turnschuhe | turnschuhen",
        "boot": "stiefel | stiefeln",
        "sandal": "sandale | sandalen",
        "laptop": "tragbarer computer | laptops | notebooks",
        "headphone": "kopfhörer | kopfhörern | ohrhörer",
        "coffee maker": "kaffeemaschine | kaffeemaschinen",
        "backpack": "rucksack | rucksäcke | rucksäcken",
        "bag": "tasche | taschen",
        "suitcase": "koffer",
        "phone": "handy | handys | telefon | telefone | mobiltelefon | smartphone",
        "lamp": "lampe | lampen",
        "desk lamp": "schreibtischlampe | schreibtischlampen | tischlampe",
        "chair": "stuhl | stühle",
        "office chair": "bürostuhl | bürostühle | bürostühlen",
        "table": "tisch | tische",
        "desk": "schreibtisch | schreibtische",
        "jacket": "jacke | jacken",
        "coat": "mantel | mäntel",
        "shirt": "hemd | hemden",
        "trousers": "hose | hosen",
        "dress": "kleid | kleider",
        "watch": "uhr | uhren | armbanduhr | armbanduhren",
        "toaster": "toastern",
        "bicycle": "fahrrad | fahrräder | fahrrädern | rad",
        "board game": "brettspiel | brettspiele | brettspielen | gesellschaftsspiel",
        "camera": "kamera | kameras",
        "monitor": "monitore | monitoren | bildschirm | bildschirme",
        "television": "fernseher | fernsehern",
        "vacuum cleaner": "staubsauger | staubsaugern",
        "water bottle": "wasserflasche | wasserflaschen | trinkflasche | trinkflaschen",
        "bottle": "flasche | flaschen",
        "keyboard": "tastatur | tastaturen",
        "mouse": "maus | mäuse",
        "printer": "drucker | druckern",
        "speaker": "lautsprecher | lautsprechern",
        "red": "rot | rote | roter | rotes | roten | rotem",
        "blue": "blau | blaue | blauer | blaues | blauen | blauem",
        "green": "grün | grüne | grüner | grünes | grünen | gruen",
        "black": "schwarz | schwarze | schwarzer | schwarzes | schwarzen | schwarzem",
        "white": "weiß | weiße | weißer | weißes | weißen",
        "grey": "grau | graue | grauer | graues | grauen",
        "yellow": "gelb | gelbe | gelber | gelbes | gelben",
        "orange": "orangefarben | oranger",
        "pink": "rosa",
        "purple": "lila | violett | violette | violetter",
        "brown": "braun | braune | brauner | braunes | braunen",
        "gold": "golden | goldene | goldenen | goldener | goldfarben",
        "silver": "silbern | silberne | silber | silberner | silberfarben",
        "leather": "leder",
        "cotton": "baumwolle",
        "wool": "wolle",
        "wood": "holz",
        "steel": "stahl",
        "stainless steel": "edelstahl",
        "plastic": "kunststoff | plastik",
        "glass": "glas",
        "waterproof": "wasserdicht | wasserdichte | wasserdichten | wasserdichter | wasserfest",
        "wireless": "kabellos | kabellose | kabellosen | drahtlos | drahtlose | drahtlosen | ohne kabel",
        "noise cancelling": "geräuschunterdrückung | rauschunterdrückung",
        "foldable": "faltbar | klappbar | faltbare",
        "players": "spieler | personen",
        "colour": "farbe | farben",
        "size": "größe | größen",
        "memory": "arbeitsspeicher",
        "storage": "speicher | festplatte",
        "battery": "akku",
        "weight": "gewicht",
    },
)
