"""The singular of English nouns and their plural, by small rules: `watches` is `watch`, `glass` is `glass`.

The rules are those of any grammar (Quirk et al., A Comprehensive Grammar of the English Language, chapter 5),
for the nouns that shops sell. A word that does not end in `s` stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PAIRS: Final = _words(
    "binoculars chinos clippers clothes earbuds earmuffs earphones electronics forceps glasses goggles "
    "headphones jeans leggings overalls pajamas pants pliers pyjamas scissors series shears shorts "
    "slacks species sunglasses swimtrunks tights tongs trousers trunks tweezers underpants"
)
"""Words that have no other form, or are sold by their plural."""
_SINGULARS: Final = _words(
    "alias atlas bias bus campus canvas chaos christmas circus compass cosmos focus gas iris kudos lens "
    "mars menus news os plus status stylus tennis thermos venus versus virus walrus bonus corpus cactus"
)
"""Words that end in `s` as they are."""
_IRREGULAR: Final = {
    "children": "child",
    "dice": "die",
    "feet": "foot",
    "geese": "goose",
    "halves": "half",
    "knives": "knife",
    "leaves": "leaf",
    "lenses": "lens",
    "loaves": "loaf",
    "men": "man",
    "mice": "mouse",
    "people": "person",
    "scarves": "scarf",
    "shelves": "shelf",
    "teeth": "tooth",
    "wives": "wife",
    "wolves": "wolf",
    "women": "woman",
    "buses": "bus",
    "gases": "gas",
    "canvases": "canvas",
    "movies": "movie",
    "cookies": "cookie",
    "selfies": "selfie",
    "hoodies": "hoodie",
    "ties": "tie",
    "pies": "pie",
    "dies": "die",
    "shoes": "shoe",
    "horseshoes": "horseshoe",
    "canoes": "canoe",
    "toes": "toe",
    "axes": "axe",
    "caches": "cache",
    "headaches": "headache",
}
_PLURALS: Final = {singular: plural for plural, singular in _IRREGULAR.items()}
_KEEPS: Final = re.compile(r"(?:ss|us|is|[^aeiou]ics)$")
"""Endings of singulars: glass, status, chassis, graphics."""
_IES: Final = re.compile(r"[^aeiou]y$")
_HISSES: Final = re.compile(r"(?:s|sh|ch|x|zz)$")
_ES: Final = re.compile(r"(?:ss|sh|ch|x|zz)es$")
_OES: Final = _words("potatoes tomatoes heroes echoes torpedoes mosquitoes volcanoes")
_SEVERAL: Final = _words("& + and und et y e /")
_SHORTEST: Final = 4
"""Shorter words are abbreviations: UPS, GPS, TVs."""


@lru_cache(maxsize=65_536)
def singular(word: str) -> str:
    """The singular of a noun in lower case, the word itself where there is none: `headphones`, `glass`."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.endswith("s") or not word.isalpha() or len(word) < _SHORTEST:
        return word
    if word in _PAIRS or word in _SINGULARS or _KEEPS.search(word):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if _ES.search(word) or word in _OES:
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=65_536)
def plural(word: str) -> str:
    """The plural of a noun in lower case; of one that is sold by its plural, the word itself."""
    if word in _PLURALS:
        return _PLURALS[word]
    if not word or word in _PAIRS or word.endswith("ics"):
        return word
    if _IES.search(word):
        return word[:-1] + "ies"
    if _HISSES.search(word) or f"{word}es" in _OES:
        return word + "es"
    return word + "s"


def type_name(words: str) -> str:
    """A type of product as the catalogue names it: in lower case, its last noun in the singular.

    `Running Shoes` becomes `running shoe`; the name of several (`coats & jackets`) stays as it is.
    """
    parts = words.casefold().split()
    if not _SEVERAL.isdisjoint(parts) or "," in words:
        return " ".join(parts)
    return " ".join([*parts[:-1], singular(parts[-1])]) if parts else ""
