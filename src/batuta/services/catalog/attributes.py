"""The attributes of a product: a shop's column or specification made a name and a value. Pure.

A name is in snake case and keeps its unit: `Weight (kg)` is `weight_kg`. A value is yes or no, a number, or a
word. Where a value brings its unit along (`16 GB`) and the name has none, the unit goes into the name.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final, cast

from batuta.errors import InvalidRequest
from batuta.services.products import Scalar


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_ATTRIBUTES: Final = 500
"""Of one product; the richest data sheets of Icecat have 190."""
LONGEST_VALUE: Final = 300
"""Characters of a value that are kept; what is longer ends in `…`."""
LONGEST_NAME: Final = 100
_MOST_MARKUP: Final = 20_000
"""Characters of marked up text that are read."""
_OURS: Final = frozenset({"product_type", "brand", "price", "rating", "condition", "category"})
"""Facets of every product (`services/products.py`): an attribute of that name is `stated_…`."""
_DECLARED: Final = re.compile(r"attr_([tnb])_(?=.)")
"""Icecat's columns say whether they hold text, numbers or yes and no."""
_SPELLING: Final = {"color": "colour", "colors": "colours"}
_INCHES: Final = re.compile(r"[(\[]\s*(?:\"|\u2033|''|inches|inch)\s*[)\]]", re.IGNORECASE)
_METAFIELD: Final = re.compile(r"\(product\.metafields\.[^()]*\)")
"""Shopify's."""
_CAMEL: Final = re.compile(r"[a-z][a-z0-9]*(?:[A-Z]+[a-z0-9]*)+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD: Final = re.compile(r"[^0-9a-z\u00df-\u024f\u0370-\ud7ff\uf900-\uffdc]+")
_UNSEEN: Final = re.compile("[\0-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff]")
"""Control characters, and halves of surrogate pairs, which no database takes."""
_TAG: Final = re.compile(r"<[^<>]*>")
_UNCLOSED: Final = 20
"""More tags without an end are none: the library would take a second over 20 kB of them."""
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}
_NUMBER: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
"""As a table writes one; with zeros before it, it is a code."""
_MEASURE: Final = re.compile(r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?)( ?)([A-Za-z\"\u2033]{1,6})")
_UNITS: Final = {
    "gb": ("gb", 1.0),
    "tb": ("gb", 1000.0),
    "mb": ("mb", 1.0),
    "kg": ("kg", 1.0),
    "lb": ("lb", 1.0),
    "lbs": ("lb", 1.0),
    "oz": ("oz", 1.0),
    "mm": ("mm", 1.0),
    "cm": ("cm", 1.0),
    "ft": ("ft", 1.0),
    "in": ("in", 1.0),
    "inch": ("in", 1.0),
    "inches": ("in", 1.0),
    '"': ("in", 1.0),
    "\u2033": ("in", 1.0),
    "ml": ("ml", 1.0),
    "mah": ("mah", 1.0),
    "wh": ("wh", 1.0),
    "kw": ("kw", 1.0),
    "hz": ("hz", 1.0),
    "khz": ("khz", 1.0),
    "mhz": ("mhz", 1.0),
    "ghz": ("ghz", 1.0),
    "mp": ("mp", 1.0),
    "db": ("db", 1.0),
    "dpi": ("dpi", 1.0),
    "rpm": ("rpm", 1.0),
    "hours": ("hours", 1.0),
}
"""How a name ends for a unit, and what the number is multiplied by: storage comes in GB and TB mixed."""
_LETTERS: Final = {"m": "m", "g": "g", "h": "hours", "l": "l", "L": "l", "W": "w", "V": "v"}
"""Units of one letter need a blank before them and their own case: `5G` is no weight, `10 M` no length."""


@lru_cache(maxsize=16_384)
def snake(name: str) -> str:
    """A column's name in snake case: `Weight (kg)` is `weight_kg`, `Screen size (")` is `screen_size_in`."""
    if _CAMEL.fullmatch(name):
        name = _HUMP.sub(" ", name)
    words = _NO_WORD.sub(" ", _INCHES.sub(" in", _METAFIELD.sub("", name)).lower()).split()
    return "_".join(_SPELLING.get(word, word) for word in words)


def plain(text: str, longest: int) -> str:
    """The text without tags, entities, and blanks beyond one; what is longer than `longest` ends in `…`."""
    if "<" in text or "&" in text:
        text = _read(text[:_MOST_MARKUP])
    short = " ".join(_UNSEEN.sub("", text[: longest * 4]).split())
    return short if len(short) <= longest else short[: longest - 1].rstrip() + "…"


def attributes_of(columns: Iterable[tuple[str, object]]) -> dict[str, Scalar]:
    """The attributes in columns that mean nothing else; of one that comes twice, the first that says it.

    Left out are empty values, links, lists of objects, numbers that are not finite, and names longer than
    `LONGEST_NAME`. Raises `InvalidRequest` for more than `MAX_ATTRIBUTES`.
    """
    found: dict[str, Scalar] = {}
    for column, value in columns:
        declared = _DECLARED.match(column)
        name = _own(snake(column[declared.end() :] if declared else column))
        read = _declared(declared[1], value) if declared else _measured(name, _value(value))
        if read is None or not name or len(name) > LONGEST_NAME:
            continue
        name, scalar = read if isinstance(read, tuple) else (name, read)
        found.setdefault(name, scalar)
        if len(found) > MAX_ATTRIBUTES:
            raise InvalidRequest(
                f"it has more than {MAX_ATTRIBUTES} attributes: leave out what nobody asks for"
            )
    return found


def _own(name: str) -> str:
    return f"stated_{name}" if name in _OURS else name


def _declared(kind: str, value: object) -> Scalar | None:
    """The value of a column that says its kind; one of another kind is read like any other."""
    if kind == "t" and isinstance(value, str):
        return _text(value)
    return _value(value)


def _value(value: object) -> Scalar | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number = float(value) if abs(value) < 10**15 else math.inf
        return number if math.isfinite(number) else None
    if isinstance(value, list):
        listed = cast("list[object]", value)
        plain_ones = all(isinstance(part, str | int | float) for part in listed)
        return _text(", ".join(map(str, listed))) if plain_ones else None
    text = _text(value) if isinstance(value, str) else None
    if text is None or text.casefold() in _YES:
        return _YES.get((text or "").casefold())
    return float(text) if _NUMBER.fullmatch(text) else text


def _text(value: str) -> str | None:
    if value.lstrip()[:8].casefold().startswith(("http://", "https://", "//")):
        return None
    return plain(value, LONGEST_VALUE) or None


def _measured(name: str, value: Scalar | None) -> Scalar | tuple[str, Scalar] | None:
    """The number in a text such as `16 GB`, with the name that says so."""
    found = _MEASURE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    suffix, factor = _UNITS.get(found[3].casefold(), ("", 1.0))
    if found[2]:
        suffix = suffix or _LETTERS.get(found[3], "")
    if not suffix:
        return value
    return (name if name.endswith(f"_{suffix}") else f"{name}_{suffix}"), float(found[1]) * factor


def _read(markup: str) -> str:
    if markup.count("<", markup.rfind(">") + 1) <= _UNCLOSED:
        parser = _Text()
        try:
            parser.feed(markup)
            parser.close()
        except AssertionError:  # of the library's, about `<![` and a word it does not know
            pass
        else:
            return parser.text
    return html.unescape(_TAG.sub(" ", markup))


class _Text(HTMLParser):
    """What of a page somebody reads."""

    _HIDDEN: Final = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden = 0

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the library's
        self._hidden += tag in self._HIDDEN
        self._parts.append(" " if tag not in _INLINE else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        self._parts.append(" " if tag not in _INLINE else "")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(data)


_INLINE: Final = _words("a abbr b bdi bdo code em font i mark s small span strong sub sup u wbr")
