"""The lexicon: the words that a catalogue has for its types, brands and attributes. Pure.

An attribute is a number, a yes or no, or words, whichever most of its values are. Words that nobody says are
left out: part numbers, dimensions, free text, and those of an attribute that is different for every product.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from batuta.services.catalog.inflections import type_name
from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.services.products import Product, Scalar

MOST_VALUES: Final = 200
MOST_ATTRIBUTES: Final = 1000
MOST_TYPES: Final = 2000
MOST_BRANDS: Final = 5000
LONGEST_VALUE: Final = 60
"""Characters; what is longer is a sentence."""
_UNIQUE: Final = 0.6
"""The share of different values from which words tell nothing but one product."""
MOST_HAVE: Final = 0.5
"""The share of a type's products from which an attribute is one of that type."""
_FEW: Final = 8
"""Products of whom nothing is concluded yet."""
_REMEMBERED: Final = 20_000
"""Different words of one attribute that are counted."""
_CODES: Final = frozenset({"model", "mpn", "sku", "part_number", "item_number", "article_number", "code"})
_DIMENSIONS: Final = re.compile(r"[0-9.,]+ ?(?:[x×*/-] ?[0-9.,]+ ?)+.*", re.IGNORECASE)  # noqa: RUF001
_PART_NUMBER: Final = re.compile(r"(?=.*[A-Z])(?=(?:.*[0-9]){3})[A-Z0-9/#._-]{6,}")
_UNITS: Final = {
    "gb": "GB",
    "mb": "MB",
    "tb": "TB",
    "kg": "kg",
    "g": "g",
    "lb": "lb",
    "oz": "oz",
    "mm": "mm",
    "cm": "cm",
    "m": "m",
    "km": "km",
    "k": "K",
    "x": "x",
    "in": "in",
    "ft": "ft",
    "l": "l",
    "ml": "ml",
    "w": "W",
    "kw": "kW",
    "wh": "Wh",
    "v": "V",
    "mah": "mAh",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "mp": "MP",
    "db": "dB",
    "dpi": "dpi",
    "rpm": "rpm",
    "lm": "lm",
    "s": "s",
    "hours": "hours",
    "minutes": "minutes",
    "days": "days",
    "years": "years",
    "pages": "pages",
}
"""Units by how a name ends, as people write them."""


def lexicon_of(products: Iterable[Product], version: str) -> Lexicon:
    """The words of these products, the most frequent first; `version` is whatever changes with the products.

    Types are those in `category`: what titles tell (`types.product_types`) is there by then. An attribute
    without values and bounds is a yes or no; one of free text is not in it. It takes 25 µs a product.
    """
    types: Counter[str] = Counter()
    brands: dict[str, _Written] = {}
    attributes: dict[str, _Seen] = {}
    currencies: Counter[str] = Counter()
    for product in products:
        if product.category:
            types[type_name(product.category)] += 1
        if product.brand:
            brands.setdefault(product.brand.casefold(), _Written()).count(product.brand)
        if product.price is not None:
            currencies[product.currency] += 1
        for name, value in product.attributes.items():
            seen = attributes.get(name)
            if seen is None:
                seen = attributes[name] = _Seen()
            seen.take(value, product.category)
    frequent = sorted(attributes.items(), key=lambda item: (-item[1].products, item[0]))
    words = ((name, _words_of(name, seen, types)) for name, seen in frequent[:MOST_ATTRIBUTES])
    return Lexicon(
        version=version,
        types=_most(types, MOST_TYPES),
        brands=_most({each.usual: each.total for each in brands.values()}, MOST_BRANDS),
        attributes={name: found for name, found in words if found is not None},
        currency=next(iter(_most(currencies, 1)), "USD"),
    )


def label_of(name: str) -> str:
    """An attribute's name for people, without its unit: `screen_size_in` is `screen size`."""
    words = name.split("_")
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in _UNITS else words)


def unit_of(name: str) -> str | None:
    """The unit that a name ends in, as people write it: `screen_size_in` is in `in`, `memory_gb` in `GB`."""
    head, _, last = name.rpartition("_")
    return _UNITS.get(last) if head else None


@dataclass(slots=True)
class _Written:
    """One word in all the ways it is written."""

    total: int = 0
    ways: Counter[str] = field(default_factory=Counter[str])

    def count(self, way: str) -> None:
        self.total += 1
        self.ways[way] += 1

    @property
    def usual(self) -> str:
        return next(iter(_most(self.ways, 1)))


@dataclass(slots=True)
class _Seen:
    """What an attribute's values were."""

    flags: int = 0
    numbers: int = 0
    texts: int = 0
    least: float | None = None
    greatest: float | None = None
    words: dict[str, _Written] = field(default_factory=dict[str, _Written])
    types: Counter[str] = field(default_factory=Counter[str])

    @property
    def products(self) -> int:
        return self.flags + self.numbers + self.texts

    def take(self, value: Scalar, category: str | None) -> None:
        """One product's value."""
        if category:
            self.types[category] += 1
        if isinstance(value, bool):
            self.flags += 1
        elif isinstance(value, str):
            self.texts += 1
            written = self.words.get(folded := value.casefold())
            if written is None and len(self.words) < _REMEMBERED:
                written = self.words[folded] = _Written()
            if written is not None:
                written.count(value)
        else:
            self.numbers += 1
            self.least = value if self.least is None else min(self.least, value)
            self.greatest = value if self.greatest is None else max(self.greatest, value)


def _words_of(name: str, seen: _Seen, types: Counter[str]) -> AttributeWords | None:
    """What of an attribute people say; None if that is nothing."""
    of = _most_have(seen.types, types)
    most = max(seen.flags, seen.numbers, seen.texts)
    if most == seen.numbers:
        return AttributeWords(
            label=label_of(name),
            unit=unit_of(name),
            products=seen.products,
            types=of,
            values={},
            least=seen.least,
            greatest=seen.greatest,
        )
    if most == seen.flags:
        return AttributeWords(label=" ".join(name.split("_")), products=seen.products, types=of, values={})
    values = {} if name in _CODES or _is_unique(seen) else _said(seen.words.values())
    if not values:
        return None
    return AttributeWords(label=" ".join(name.split("_")), products=seen.products, types=of, values=values)


def _most_have(seen: Counter[str], types: Counter[str]) -> dict[str, int]:
    """The types of which most products have the attribute, under the names of the lexicon."""
    counts: Counter[str] = Counter()
    for category, count in seen.items():
        counts[type_name(category)] += count
    return _most(
        {name: count for name, count in counts.items() if count >= MOST_HAVE * types[name]}, MOST_TYPES
    )


def _is_unique(seen: _Seen) -> bool:
    return seen.texts > _FEW and len(seen.words) > _UNIQUE * seen.texts


def _said(words: Iterable[_Written]) -> dict[str, int]:
    return _most({each.usual: each.total for each in words if _is_said(each.usual)}, MOST_VALUES)


def _is_said(value: str) -> bool:
    return (
        len(value) <= LONGEST_VALUE
        and any(letter.isalpha() for letter in value)
        and not _DIMENSIONS.fullmatch(value)
        and not _PART_NUMBER.fullmatch(value)
    )


def _most(counts: dict[str, int], most: int) -> dict[str, int]:
    """The most frequent, by count and then by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])
