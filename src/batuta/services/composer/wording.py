"""Money, numbers, attributes and other people's texts in plain words of one line."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from batuta.services.products import PriceRange, Range, Scalar

UNKNOWN_PRICE: Final = "price unknown"
LONGEST_TITLE: Final = 200
LONGEST_VALUE: Final = 60
_SYMBOLS: Final = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "BRL": "R$",
    "CAD": "CA$",
    "AUD": "A$",
    "MXN": "MX$",
}
"""Other currencies are told by their code (ISO 4217)."""
_WHOLE: Final = frozenset({"JPY", "KRW"})
"""Have no smaller unit."""
UNITS: Final = {
    "gb": "GB",
    "mb": "MB",
    "tb": "TB",
    "in": "in",
    "inch": "in",
    "inches": "in",
    "ft": "ft",
    "mm": "mm",
    "cm": "cm",
    "m": "m",
    "g": "g",
    "kg": "kg",
    "lb": "lb",
    "oz": "oz",
    "ml": "ml",
    "l": "l",
    "w": "W",
    "kw": "kW",
    "wh": "Wh",
    "mah": "mAh",
    "v": "V",
    "a": "A",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "mp": "MP",
    "dpi": "dpi",
    "ppm": "ppm",
    "rpm": "rpm",
    "fps": "fps",
    "mbps": "Mbit/s",
    "gbps": "Gbit/s",
    "db": "dB",
    "lm": "lm",
    "h": "h",
    "hours": "h",
    "min": "min",
    "minutes": "min",
    "k": "K",
    "days": "days",
    "years": "years",
    "months": "months",
    "km": "km",
    "pages": "pages",
    "s": "s",
    "x": "x",
    "pct": "%",
    "percent": "%",
}
"""By the last word of an attribute's name; it is a unit where the value is a number."""
_INITIALS: Final = frozenset({
    "ac", "anc", "cd", "cpu", "dc", "dvd", "dvi", "fm", "gps", "gpu", "hdd", "hdmi", "hdr", "lan", "lcd",
    "led", "lte", "nfc", "oled", "pc", "ram", "rgb", "rj", "ssd", "tv", "uhd", "ups", "usb", "uv", "vga",
    "vr",
})  # fmt: skip
"""Words of attributes' names that are written in capitals."""
_HYPHENED: Final = {"wi fi": "Wi-Fi", "USB c": "USB-C", "e ink": "E Ink"}
_HYPHENS: Final = re.compile(rf"\b(?:{'|'.join(_HYPHENED)})\b")
_QUALITY: Final = re.compile(
    r".*(?:less|[^c]able|ible|proof|resistant|friendly|free|powered|ing|ed|ic|ive|safe)|smart|vegan|portable"
)
"""Names of yes and no that say how a thing is, not what it has: `waterproof`, `noise cancelling`."""
_JOINED: Final = frozenset({"%", "x"})
"""Units that are written without a blank before them."""
_TOO_LONG: Final = 1e12
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
"""Control characters, line and paragraph separators, and what turns the direction of writing (UAX 9)."""
_COMMA: Final = re.compile(r",(?=[^\s\d])")
_SPACES: Final = re.compile(r"\s+")


def clean(text: str, longest: int = LONGEST_TITLE) -> str:
    """The text in one line, without what cannot be seen, and cut at `longest` characters."""
    text = text[: 4 * longest]  # nobody's megabyte is searched
    if not text.isprintable():
        text = _UNSEEN.sub(" ", text)
    text = _SPACES.sub(" ", text).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def price_text(amount: float | None, currency: str) -> str:
    """`$59.90`, `€1,299`, `CHF 20`, `price unknown`; whole amounts have no decimals."""
    if amount is None:
        return UNKNOWN_PRICE
    symbol = _SYMBOLS.get(currency) or f"{clean(currency, 3)} "
    rounded = round(amount, 0 if currency in _WHOLE else 2)
    return f"{symbol}{rounded:,.0f}" if rounded == int(rounded) else f"{symbol}{rounded:,.2f}"


def number(value: float) -> str:
    """`16`, `15.6`, `1,203`, `0.0125`: two decimals, of small ones four; `unknown` for what is no number."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= _TOO_LONG:
        return f"{value:.4g}"
    rounded = round(value, 2 if abs(value) >= 1 else 4)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,}"


@lru_cache(maxsize=4096)
def named(facet: str, *, numeric: bool) -> tuple[str, str | None]:
    """An attribute's label and unit: `memory_gb` of numbers → `memory`, `GB`."""
    head, _, last = facet.rpartition("_")
    if numeric and head and last in UNITS:
        return _label(head), UNITS[last]
    return _label(facet), None


def _label(name: str) -> str:
    label = clean(name.replace("_", " "), LONGEST_VALUE)
    label = " ".join(word.upper() if word in _INITIALS else word for word in label.split(" "))
    return _HYPHENS.sub(lambda found: _HYPHENED[found[0]], label)


def is_number(value: Scalar) -> bool:
    """Whether it is a number, and not yes or no."""
    return isinstance(value, float | int) and not isinstance(value, bool)


def label_of(facet: str, value: Scalar) -> str:
    """`memory` for the value of `memory_gb`."""
    return named(facet, numeric=is_number(value))[0]


def value_of(facet: str, value: Scalar) -> str:
    """`16 GB` for the value of `memory_gb`; `yes`; words as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(_COMMA.sub(", ", value), LONGEST_VALUE)
    unit = named(facet, numeric=True)[1]
    if unit is None:
        return number(value)
    return f"{number(value)}{unit}" if unit in _JOINED else f"{number(value)} {unit}"


def is_quality(label: str) -> bool:
    """Whether a yes or no says how a thing is (`waterproof`), and not what it has (`touchscreen`)."""
    return _QUALITY.fullmatch(label.casefold()) is not None


def flag_of(facet: str, *, value: bool) -> str:
    """`waterproof`, `not waterproof`, `touchscreen`, `no touchscreen`."""
    label = label_of(facet, value)
    if value:
        return label
    return f"not {label}" if is_quality(label) else f"no {label}"


def budget(price: PriceRange) -> str:
    """`under $200`, `over $50`, or both with a dash between; empty where nothing was said."""
    return between(
        None if price.min is None else price_text(price.min, price.currency),
        None if price.max is None else price_text(price.max, price.currency),
    )


def span(facet: str, bounds: Range) -> str:
    """`at most 8 GB`, `at least 4 GB`, or both with a dash between, of an attribute; both are included."""
    least = None if bounds.min is None else value_of(facet, bounds.min)
    most = None if bounds.max is None else value_of(facet, bounds.max)
    if least is None:
        return "" if most is None else f"at most {most}"
    if most is None or bounds.min is None:
        return f"at least {least}"
    return least if least == most else f"{number(bounds.min)}\u2013{most}"


def between(least: str | None, most: str | None) -> str:
    """Two bounds in words, of which each may be open."""
    if least is None:
        return "" if most is None else f"under {most}"
    if most is None:
        return f"over {least}"
    return least if least == most else f"{least}–{most}"  # noqa: RUF001  # the dash of ranges


def stars(rating: float, reviews: int | None) -> str:
    """`4.6 stars from 1,203 reviews`."""
    told = f"{number(rating)} star" if rating == 1 else f"{number(rating)} stars"
    if not reviews or reviews < 0:
        return told
    return f"{told} from {reviews:,} review" if reviews == 1 else f"{told} from {reviews:,} reviews"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def plural(count: int, noun: str) -> str:
    """`1 product`, `1,203 products`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
