"""Words by which a quote shows what it is about: money, stars, units, at least, at most, not. Tables only.

Of English, Spanish, Portuguese, French, German and Italian, folded (lower case, no accents). A cue is the
beginning of a word; one of three letters or fewer is a whole word, or its plural.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from batuta.services.products import Condition, SortBy
from batuta.shopping.model.texts import words_in

_SHORT: Final = 3
_EMPTY: Final = """
a able about above all also am an and any anything are around as at available be because been below best
better between big but buy by can cheap could day did different do does doing done don't down each either
else especially even ever every few find for from get give go good got great had has have he hello help
her here hey hi him his how i i'd i'll i'm i've if in into is it it's item items its just kind know less
let like likes little look looking looks lot lots love low make many matter max maybe me mean meant might
min mine more most much must my need needs never new next nice no none not nothing now of off offer
offers ok okay on once one ones only option options or other our out over own perhaps please possible
prefer preferably price prices product products quite rather really recommend right same say search see
seen shall she shop shopping should show since so some somebody someone something somewhat star stars
still stuff such suggest suggestion sure take tell than thank thanks that that's the their them then
there these they thing things think this those though to today too try trying two type under until up us
use used using usually very want wanted wants was way we well were what what's when where which while who
will wish with within without won't would yes yet you your
al algo alguna alguno algun ante aqui asi busco buscando como con cual cuando de del desde donde el ella
en entre era es esa ese eso esta este esto favor ha hasta hay hola la las le les lo los mas me menos mi
mis muy necesito no nos o para pero por porque puede que quiero quisiera se sea ser si sin sobre son su
sus tambien tan te tengo tiene todo tu un una uno unos unas y ya yo
ao aos ate com da das dele do dos ela ele em essa esse este eu isso isto ja mais mas meu minha muito na
nao nas nem no nos num numa o os ou para pela pelo por preciso procuro quero queria se sem seu sua tem
tenho um uma umas uns voce
a au aux avec bonjour c'est ce ces cet cette cherche dans de des du elle en est et il ils j'ai j'aimerais
je l la le les leur lui ma mais me merci mes moi moins mon ne nous ou par pas plait plus pour qu que
quelque quelques qui sa sans se ses si son sont sur te tes toi ton tres tu un une voudrais vous
aber alle als also am an auch auf aus bei bis bitte bin da das dass dein dem den der des die dies diese
dieser doch du ein eine einem einen einer eines er es etwas fur gerne gibt habe haben hallo hat hatte ich
ihr im in ist ja kann kein keine mein meine meinen mehr mich mit mochte nach nicht noch nur oder ohne
schon sehr sein seine sich sie sind so suche um und uns unter vom von vor war was weniger wenn wie wir
wird wurde zu zum zur uber brauche
agli ai al alla anche che ci ciao come con cosa da dal dalla degli dei del della di e ed gli ha ho i il
in io l'ho la le lo loro ma mi mia mio molto ne nei nel nella non o ogni per piu qualcosa quello questo
se senza si sono su sul tra un una uno vorrei voglio cerco
"""

EMPTY: Final = frozenset(_EMPTY.split())
"""Words that are about nothing: a quote of them alone is no reason for anything."""

MONEY: Final = (
    *(
        "$",
        "€",
        "£",
        "¥",
        "₹",
        "dollar",
        "dolar",
        "euro",
        "eur",
        "usd",
        "gbp",
        "chf",
        "pound",
        "quid",
        "buck",
    ),
    *("price", "pric", "cost", "budget", "spend", "pay", "wallet", "afford", "cheap", "expensive"),
    *("precio", "presupuesto", "gastar", "pagar", "cuest", "preco", "orcament", "prix", "depens", "payer"),
    *("coute", "preis", "kost", "ausgeb", "zahl", "prezz", "spend", "costa"),
)
CURRENCIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("€", "euro", "eur"), "EUR"),
    **dict.fromkeys(("£", "pound", "quid", "gbp"), "GBP"),
    **dict.fromkeys(("$", "dollar", "dolar", "usd", "buck"), "USD"),
    **dict.fromkeys(("chf",), "CHF"),
    **dict.fromkeys(("₹", "inr", "rupee"), "INR"),
}
STARS: Final = (
    *("★", "*", "star", "rating", "rated", "review", "estrell", "estrel", "etoile", "stern", "stell"),
    *("valora", "avalia", "valutaz", "bewert", "note"),
)
AT_LEAST: Final = (
    *(">", "least", "over", "above", "min", "minim", "more", "from", "start", "upward", "exceed", "al menos"),
    *("por lo menos", "pelo menos", "au moins", "mas", "desde", "mais", "acima", "plus", "partir", "mehr"),
    *("uber", "ab", "mind", "mindest", "piu", "almeno", "oltre", "superior", "dessus"),
)
AT_MOST: Final = (
    *("<", "most", "under", "below", "less", "max", "maxim", "up to", "cheap", "within", "limit", "budget"),
    *("afford", "past", "beyond", "wallet", "hasta", "menor", "debajo", "ate", "abaixo", "maximo", "jusqu"),
    *("menos de", "moins de", "dessous", "bis", "hochst", "unter", "weniger", "fino", "sotto", "entro"),
    *("meno di",),
)
NEGATIONS: Final = (
    *("no", "not", "non", "without", "except", "anything but", "all but", "nothing", "none", "never", "hate"),
    *("avoid", "dislike", "neither", "nor", "free", "isn't", "don't", "doesn't", "aren't", "won't", "can't"),
    *("mustn't", "cannot", "sin", "nada", "sem", "nao", "nem", "exce", "sans", "pas", "sauf", "kein"),
    *("nicht", "ohne", "senza", "tranne", "salvo", "ausser"),
)
CONDITIONS: Final[Mapping[Condition, tuple[str, ...]]] = {
    "new": ("new", "unused", "unopened", "sealed", "nuev", "novo", "nova", "neuf", "neu", "nuov"),
    "used": (
        *("used", "second hand", "second-hand", "secondhand", "preloved", "pre-loved", "pre loved"),
        *("preowned", "pre-owned", "pre owned", "usad", "segunda m", "d'occasion", "gebraucht", "usat"),
    ),
    "refurbished": (
        *("refurb", "renew", "recondition", "restored", "reacondicion", "recondicion", "remis a neuf"),
        *("aufbereitet", "generaluberholt", "ricondizion"),
    ),
}
SORTS: Final[Mapping[SortBy, tuple[str, ...]]] = {
    "price_asc": (
        *("cheap", "inexpensive", "economic", "lowest", "barat", "economi", "pas cher", "moins cher"),
        *("billig", "gunstig", "preiswert", "afford", "bargain"),
    ),
    "price_desc": ("expensive", "pricey", "priciest", "dearest", "luxur", "premium", "highest"),
    "rating": ("rated", "rating", "review", "stars", "valorad", "avaliad", "note", "bewertet", "valutat"),
    "newest": ("newest", "latest", "recent", "neuest", "nouve", "ultim", "modern"),
    "popularity": (
        "popular",
        "selling",
        "seller",
        "bought",
        "vendid",
        "vendu",
        "beliebt",
        "verkauft",
        "trend",
    ),
}
UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "gb": ("gb", "gig", "giga", "go"),
    "tb": ("tb", "tera"),
    "mb": ("mb", "mega"),
    "in": ("in", "inch", '"', "''", "zoll", "pouce", "pulgada", "polegada", "pollic"),
    "cm": ("cm", "centimet", "zentimet"),
    "mm": ("mm", "millimet", "milimet"),
    "m": ("m", "met", "meter", "metre", "metro"),
    "kg": ("kg", "kilo", "quilo", "chilo"),
    "g": ("g", "gr", "gram"),
    "lb": ("lb", "lbs", "pound"),
    "oz": ("oz", "ounce"),
    "l": ("l", "liter", "litre", "litro", "litri"),
    "ml": ("ml", "millilit", "mililit"),
    "w": ("w", "watt", "vatio"),
    "v": ("v", "volt"),
    "hz": ("hz", "hertz"),
    "ghz": ("ghz", "gigahertz"),
    "mp": ("mp", "mpx", "megapix"),
    "mah": ("mah",),
    "h": ("h", "hour", "hora", "heure", "stunde", "ore"),
}
_AFTER_NUMBERS: Final = tuple({cue for cues in UNITS.values() for cue in cues} - {"pound"})


def shows(quote: str, cues: Iterable[str]) -> bool:
    """Whether any of the cues is in the folded quote."""
    words = words_in(quote)
    return any(_stands(cue, quote, words) for cue in cues)


def begins_with_a_unit(text: str) -> bool:
    """Whether a folded text that stands behind a number makes a measure or a rating of it."""
    behind = text.lstrip(" -")[:20]
    words = words_in(behind)[:1] if behind[:1].isalnum() else []
    return any(
        _stands(cue, "", words) if cue.isalpha() else behind.startswith(cue)
        for cue in (*_AFTER_NUMBERS, *STARS)
    )


def _stands(cue: str, quote: str, words: Iterable[str]) -> bool:
    if not cue.isalpha():
        return cue in quote
    if len(cue) <= _SHORT:
        return cue in words or cue + "s" in words
    return any(word.startswith(cue) for word in words)
