"""Types of products mined from titles: what many brands call a thing, in the catalogue's own words. Pure.

Titles are written as `Lexmark 14N1070E ink cartridge Original magenta 1 pc(s)`: brand, model, type, what it
is like. English puts the noun last in its phrase, so a type is the end of a phrase: one to four words before
a number, a sign, a preposition, a value of the product's own attributes, or capitals after lower case. The
last word has to be a common noun, which the catalogue writes in lower case and in the plural too, and more
than one brand has to use the phrase. Of several in a title, one in lower case comes first (data sheets write
theirs so), then the longest. Where nothing is sure there is no type: a wrong one would exclude the product.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from batuta.services.catalog.inflections import plural, singular, type_name
from batuta.services.products import Product


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LONGEST_TYPE: Final = 4
"""Words."""
MOST_TYPES: Final = 400
_BRANDS: Final = 2
"""That use a phrase."""
_NOUN_BRANDS: Final = 3
"""That use its noun at the end of a phrase."""
_PRODUCTS: Final = 6
"""Of a type; a rarer phrase gives way to its last words."""
_ENDS: Final = 0.12
"""The share of a noun's occurrences that end a phrase: `printer` is more often part of a longer one."""
_LOWER: Final = 0.08
"""The share of a common noun's occurrences in lower case: names of models have none."""
_OWN: Final = 0.3
"""The share of a word's occurrences that are a value of the product's own attributes, where it is no noun."""
_COMMON: Final = 0.2
_VALUE_CHARACTERS: Final = 40
_BEGINNING: Final = 100
"""Characters of a description in which a thing is named."""
_SURE: Final = 30
"""Products of a type that a description alone may tell."""
_TAIL: Final = 2
"""Words in capitals that may follow a type: what it is like, where no attribute says so."""
_SHORT: Final = 2
"""Characters: a value this short may be a part of anything."""
_DESCRIPTION: Final = 300
"""Characters of it that tell nouns."""

_TOKEN: Final = re.compile(r"\w+\(e?s\)|[^\s,;:()\[\]–—|+*\"“”®™]+|[,;:()\[\]–—|+*\"“”®™]")  # noqa: RUF001
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[/'&-](?=[^\W\d_]))+")
_LETTERS: Final = re.compile(r"[^\W\d_]{1,3}(?:[/-][^\W\d_]{1,3})+")
"""`M/F`, `A-B`."""
_PREPOSITIONS: Final = _words("for with w w/ f/ f w/o incl inc including compatible without für pour para")
"""What follows is another product, or a part of this one."""
_SMALL: Final = _words("and or to of in on by from the a an up per as at over de la le und mit et")
_UNITS: Final = _words(
    "cm mm ft in kg lb mhz ghz hz gb mb tb kb kw va kva ah mah dpi ppm pixels pixel inch pcs pages "
    "page sheets sheet pieces piece pack packs year years month months day days lumens channels pin "
    "port ports ohm db nm rpm metre meter metres meters feet cps series gen ml oz yd yr"
)
_NAMES: Final = re.compile(r"(?:type|model|name|series|family|title)$")
"""Attributes whose values may be what a thing is, or is called."""
_HOLLOW: Final = _words(
    "accessory assembly collection component edition item kit line machine maker model module option "
    "pack part piece product range series set solution station system type unit upgrade version"
)
"""Nouns that say nothing alone."""
_NO_THINGS: Final = _words(
    "ac adjustable angle back blank bottom business color colour compact control dc end external feed "
    "female flash front head high home internal left light lite male media mini mounting "
    "multifunctional office only photo plus point pole press pro rear rechargeable replacement right "
    "self-adhesive service side solid speed style support tank tool top transfer use video wireless"
)
"""Words that end a phrase and name nothing that is sold."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words of a title with nothing between them."""

    words: tuple[str, ...]
    lower: bool
    after: bool
    """Whether it follows a preposition."""

    def ends(self, tail: int = 0) -> Iterator[str]:
        """Its last words, without so many after them, as names of types, the longest first."""
        words = self.words[: len(self.words) - tail]
        for count in range(min(LONGEST_TYPE, len(words)), 0, -1):
            yield _name(words[-count:])


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    """Folded; empty for what ends a phrase."""
    case: str
    """`l` lower, `u` all capitals, `c` anything else, `p` for a preposition."""


def product_types(products: Sequence[Product]) -> list[str | None]:
    """The type of each product, in the order given: its category, or what its title says; None if unclear.

    Types are in lower case and the singular; at most `MOST_TYPES` are mined. Takes about 70 µs a product.
    """
    untyped = [product for product in products if product.category is None]
    nouns = _nouns(untyped)
    values = _value_words(untyped, nouns)
    phrases = [tuple(_phrases(_tokens(product), values)) for product in untyped]
    types = _types(phrases, [product.brand or "" for product in untyped], nouns)
    kept = Counter(_best(each, types) for each in phrases)
    types = {name: count for name, count in types.items() if kept[name] >= _PRODUCTS}
    found = iter(
        [
            _best(each, types) or _told(product, types, values)
            for each, product in zip(phrases, untyped, strict=True)
        ]
    )
    return [next(found) if product.category is None else product.category for product in products]


def _tokens(product: Product) -> list[_Token]:
    """The title's tokens after the brand; the product's own values in it end a phrase."""
    title, brand = product.title, product.brand or ""
    if brand and title.casefold().startswith(brand.casefold()):
        title = title[len(brand) :]
    for name, value in product.attributes.items():
        if isinstance(value, str) and len(value) <= _VALUE_CHARACTERS and not _NAMES.search(name):
            for part in value.split(",") if value in title or "," in value else ():
                if len(part) > _SHORT and not part.islower() and part in title:
                    title = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "|", title)
    return [_token(text) for text in _TOKEN.findall(title.replace(". ", " | "))]


@lru_cache(maxsize=65_536)
def _token(text: str) -> _Token:
    folded = text.casefold()
    if folded in _PREPOSITIONS:
        return _Token("", "p")
    if not _WORD.fullmatch(text) or _LETTERS.fullmatch(text) or folded in _SMALL or folded in _UNITS:
        return _Token("", "")
    if text.islower():
        return _Token(folded, "l")
    return _Token(folded, "u" if text.isupper() else "c")


@lru_cache(maxsize=65_536)
def _name(words: tuple[str, ...]) -> str:
    return type_name(" ".join(words))


def _value_words(products: Sequence[Product], nouns: frozenset[str]) -> frozenset[str]:
    """The words that say what a product is like: colours, materials; and brands."""
    seen: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for product in products:
        words = {word.casefold() for word in _WORD.findall(product.title)}
        seen.update(words)
        own.update(words & _values(product))
    liked = {word for word, count in own.items() if count >= _OWN * seen[word] and word not in nouns}
    return frozenset(liked | {product.brand.casefold() for product in products if product.brand})


def _values(product: Product) -> set[str]:
    """Its attributes' values of one word, but for what it is said to be."""
    return {
        part.strip()
        for name, value in product.attributes.items()
        if isinstance(value, str) and len(value) <= _VALUE_CHARACTERS and not name.endswith("product_type")
        for part in value.casefold().split(",")
    }


def _told(product: Product, types: dict[str, int], values: frozenset[str]) -> str | None:
    """The first type in the beginning of the description, where the title names none.

    One word in the middle of a sentence is not enough.
    """
    tokens = [
        _token(text)
        for text in _TOKEN.findall(product.description[:_BEGINNING].rstrip(".").replace(". ", " | "))
    ]
    told = (phrase for phrase in _phrases(tokens, values) if not phrase.after)
    names = ((phrase, name) for phrase in told for name in phrase.ends() if types.get(name, 0) >= _SURE)
    return next((name for phrase, name in names if " " in name or not phrase.lower), None)


def _nouns(products: Iterable[Product]) -> frozenset[str]:
    """The words that titles and descriptions write in lower case and in the plural, in both numbers."""
    seen: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for product in products:
        words = _WORD.findall(f"{product.title} {product.description[:_DESCRIPTION]}")
        lower.update(word for word in words if word.islower())
        seen.update(word.casefold() for word in words)
    ones = {singular(word) for word in lower}
    return frozenset(
        form
        for one in ones
        if seen[many := plural(one)] and lower[one] + lower[many] >= _LOWER * (seen[one] + seen[many])
        for form in (one, many)
    )


def _phrases(tokens: Iterable[_Token], values: frozenset[str]) -> Iterator[_Phrase]:
    """The words between two breaks; lower case does not go on in capitals."""
    words: list[_Token] = []
    after = False
    for token in (*tokens, _Token("", "")):
        if words and (not token.word or (words[-1].case == "l" and token.case != "l")):
            yield from _cut(words, values, after=after)
            words = []
        after = after or token.case == "p"
        if token.word:
            words.append(token)


def _cut(words: Sequence[_Token], values: frozenset[str], *, after: bool) -> Iterator[_Phrase]:
    """The phrase at the end of words; before a value in capitals there may be another."""
    start = 0
    for place, token in enumerate((*words, _Token("", ""))):
        ends = place == len(words) or (token.word in values and token.case != "l")
        if not ends:
            continue
        part = list(words[start:place])
        while part and part[-1].word in values:
            part.pop()
        lower = bool(part) and part[-1].case == "l"
        if lower:  # of the capitals before lower case one word may belong to it: `USB cable`, `Photo printer`
            first = next(index for index, each in enumerate(part) if each.case == "l")
            part = part[max(0, first - 1) :]
        if part:
            yield _Phrase(tuple(each.word for each in part), lower, after)
        start = place + 1


def _types(
    phrases: Sequence[tuple[_Phrase, ...]], brands: Sequence[str], nouns: frozenset[str]
) -> dict[str, int]:
    """The types and how many products have them in their titles."""
    ends: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    by: defaultdict[str, set[str]] = defaultdict(set)
    whole: defaultdict[str, set[str]] = defaultdict(set)
    for found, brand in zip(phrases, brands, strict=True):
        seen.update({_name((word,)) for phrase in found for word in phrase.words})
        told = [phrase for phrase in found if not phrase.after]
        ends.update({name for phrase in told for name in phrase.ends()})
        for phrase in told:
            for name in phrase.ends():
                by[name].add(brand)
            if phrase.lower:
                whole[_name(phrase.words[-1:])].add(brand)
    heads = {
        name
        for name, count in ends.items()
        if " " not in name
        and count >= max(_PRODUCTS, _ENDS * seen[name])
        and len(by[name]) >= _NOUN_BRANDS
        and (name in nouns or len(whole[name]) >= _BRANDS)
        and name not in _NO_THINGS
    }
    types = {
        name: count
        for name, count in ends.items()
        if count >= _PRODUCTS
        and name.rpartition(" ")[2] in heads
        and name not in _HOLLOW
        and (len(by[name]) >= _BRANDS if " " in name else True)
    }
    for name in [name for name in types if _is_doubled(name, types, heads)]:
        del types[name]
    return dict(sorted(types.items(), key=lambda item: (-item[1], item[0]))[:MOST_TYPES])


def _is_doubled(name: str, types: Iterable[str], heads: Iterable[str]) -> bool:
    """Whether it is a type after another noun: `patch cable networking cable` ends so."""
    first, _, rest = name.partition(" ")
    hollow = rest.rpartition(" ")[2] in _HOLLOW  # a notebook spare part is more than a spare part
    return " " in rest and not hollow and rest in types and first in heads


def _best(phrases: Iterable[_Phrase], types: dict[str, int]) -> str | None:
    """The type that the title says best."""
    found: list[tuple[bool, bool, bool, int, int, str]] = []
    for phrase in phrases:
        for tail in range(1 if phrase.lower else min(_TAIL + 1, len(phrase.words))):
            name = next((name for name in phrase.ends(tail) if name in types), None)
            if name is not None:
                found.append((not phrase.after, phrase.lower, not tail, name.count(" "), types[name], name))
                break
    return max(found)[-1] if found else None
