"""Short sentences that the small models and the rules get wrong, as whole sentences only.

They were made for web pages: alone, `Thank you.` becomes "Obrigado por enviar uma edição." and `Bye.` stays
as it is, and both stand near the end of most videos. Each entry was found wrong with the catalogue's models,
or, between Spanish and Portuguese, with Apertium's rules (`Gracias.` becomes "Graças.").
"""

from __future__ import annotations

import re
from typing import Final

from batuta.services.translator.ways import Pair

_SENTENCE: Final = re.compile(r"(?P<words>[^\W\d_][\w' -]*?)(?P<marks>[.!?…]*)")

_PHRASES: Final[dict[Pair, dict[str, str]]] = {
    Pair("en", "pt"): {
        "thank you": "obrigado",
        "thanks": "obrigado",
        "thank you all": "obrigado a todos",
        "thank you very much": "muito obrigado",
        "bye": "tchau",
        "bye bye": "tchau",
        "bye-bye": "tchau",
        "goodbye": "adeus",
    },
    Pair("pt", "en"): {
        "obrigado": "thank you",
        "obrigada": "thank you",
        "tchau": "bye",
        "sim": "yes",
        "olá": "hello",
        "por favor": "please",
    },
    Pair("es", "pt"): {
        "gracias": "obrigado",
        "gracias a todos": "obrigado a todos",
        "por favor": "por favor",
        "buenos días": "bom dia",
        "hasta luego": "até logo",
    },
    Pair("pt", "es"): {
        "tchau": "adiós",
        "bom dia": "buenos días",
        "até logo": "hasta luego",
    },
}


def phrase(text: str, pair: Pair) -> str | None:
    """The translation of a sentence that is in the book, its marks and capital kept; None if it is not."""
    found = _SENTENCE.fullmatch(text)
    if found is None:
        return None
    said = _PHRASES.get(pair, {}).get(found["words"].lower())
    if said is None:
        return None
    return (said[0].upper() + said[1:] if text[0].isupper() else said) + found["marks"]
