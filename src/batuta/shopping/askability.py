"""What people can be asked: which properties they know of what they look for, and how one asks for each.

What helps nobody choose (part numbers, packages, certificates) is never asked for, however well it would tell
products apart: an article number tells everything, and nobody knows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from batuta.services.composer import wording

CERTAIN: Final = 1.0
KNOWN_BY_ALL: Final = 0.8
KNOWN_BY_MOST: Final = 0.65
KNOWN_BY_MANY: Final = 0.5
WORDS: Final = 0.35
NUMBERS: Final = 0.25
KNOWN_BY_FEW: Final = 0.1
NEVER: Final = 0.0
"""How likely it is that somebody has an answer, roughly, by our own judgement. Simulated shoppers
(`benchmarks/shoppers.py`) know everything: with 1 for all they find more, and are asked for the model."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a facet is about; two facets with one topic are not both asked for."""

    name: str
    askability: float
    text: str
    """The question; `{label}` is the attribute's name."""
    once: bool = True
    """Whether one facet of it is enough for a need."""


_PRICE: Final = Topic("price", KNOWN_BY_ALL, "What is your budget?")
_BRAND: Final = Topic("brand", KNOWN_BY_ALL, "Which brand do you prefer?")
_TYPE: Final = Topic("product_type", CERTAIN, "Which of these are you looking for?")
_OWN: Final[Mapping[str, Topic]] = {
    "price": _PRICE,
    "brand": _BRAND,
    "product_type": _TYPE,
    "condition": Topic("condition", KNOWN_BY_MOST, "New, refurbished or used?"),
    "rating": Topic("rating", KNOWN_BY_FEW, "How many stars should it have at least?"),
}
"""Of every product (`services/products.py`)."""

_OFFICE: Final = re.compile(
    r"\b(?:package|packages|packaging|packing|pallets?|master|carton|shipping|order quantity|harmonized|hs"
    r"|ean|gtin|upc|asin|sku|oem|mpn|isbn|codes?|codename|ids?|(?:part|article|serial) number|models?|name"
    r"|reference|ark|revision|stepping|stated|url|keywords?|certifications?|certificates?|certified"
    r"|compliances?|complies|rohs|sustainability|conflict|mtbf|country|origin|altitude|humidity|tcase"
    r"|tjunction|lithography|transistors|die|operating (?!systems?\b)|storage (?:temperatures?|relative)"
    r"|launch|launched|last change|date|status|segment|embedded|manual|start guide|included|documentation"
    r"|drivers?|warranty card|intel|execute|virtualization|instruction|thermal|tdp|multiplier|scalability"
    r"|bundled|plating|positioning|connector (?:[12] )?gender)\b"
)
_BODY: Final = re.compile(r"\b(?:width|depth|height|dimensions?|diameter|thickness|weight|wxdxh|volume)\b")
_SAME: Final = "Which {label}?"
_TOPICS: Final[tuple[tuple[re.Pattern[str], Topic], ...]] = tuple(
    (re.compile(words), topic)
    for words, topic in (
        (r"\b(?:compatib|suitable for|component for)", Topic("fit for", KNOWN_BY_MOST, "What is it for?")),
        (r"\bcolou?rs?$", Topic("colour", KNOWN_BY_ALL, _SAME)),
        (r"\b(?:screen|display) size$|\bdiagonal$", Topic("screen", KNOWN_BY_MOST, "Which screen size?")),
        (r"\b(?:memory|ram)$", Topic("memory", KNOWN_BY_MOST, "How much {label}?")),
        (
            r"\bstorage(?: capacity)?$|\b[hs][ds]d capacity$",
            Topic("storage", KNOWN_BY_MOST, "How much storage?"),
        ),
        (r"\b(?:capacity|memory size)$", Topic("capacity", KNOWN_BY_MOST, _SAME)),
        (r"\bsizes?$", Topic("size", KNOWN_BY_ALL, _SAME)),
        (r"\blength$", Topic("length", KNOWN_BY_MOST, _SAME)),
        (r"\b(?:material|fabric|upholstery)$", Topic("material", KNOWN_BY_MOST, _SAME)),
        (r"\b(?:gender|audience|department)$", Topic("wearer", KNOWN_BY_ALL, "Who is it for?")),
        (r"\bage(?: group| range)?$", Topic("age", KNOWN_BY_ALL, "For what age?")),
        (
            r"\b(?:fit|style|pattern|season|occasion|activity|sport|room)$",
            Topic("style", KNOWN_BY_MOST, _SAME),
        ),
        (r"\b(?:flavou?r|scent|roast|diet)$", Topic("taste", KNOWN_BY_ALL, _SAME)),
        (r"\b(?:genre|theme)$", Topic("genre", KNOWN_BY_MOST, _SAME)),
        (r"\b(?:languages?|edition|format)$", Topic("edition", KNOWN_BY_MOST, _SAME)),
        (
            r"\bplayers$|\bcapacity persons$|\bpersons$",
            Topic("people", KNOWN_BY_MOST, "For how many people?"),
        ),
        (r"\bconnectivity(?: technology)?$", Topic("connectivity", KNOWN_BY_MOST, _SAME)),
        (r"\boperating systems?\b", Topic("system", KNOWN_BY_MOST, "Which operating system?")),
        (r"\bper (?:pack|box)$|\bpack size$|\bpieces$", Topic("pack", KNOWN_BY_MOST, "How many in a pack?")),
        (r"\b(?:quantity|count)$", Topic("number", KNOWN_BY_MANY, "How many {label}?", once=False)),
        (
            r"\b(?:connectors?|connector [12s]|interfaces?|ports?)$",
            Topic("plug", KNOWN_BY_MANY, _SAME, once=False),
        ),
        (r"\b(?:power|wattage)$", Topic("power", KNOWN_BY_MANY, _SAME)),
        (r"\bresolution$", Topic("resolution", KNOWN_BY_MANY, _SAME)),
        (r"\b(?:speed|yield|range|battery life|runtime)$", Topic("figure", KNOWN_BY_MANY, _SAME, once=False)),
        (
            r"\b(?:processor family|form factor|technology|standard|finish|types?|category|storage media)$",
            Topic("kind", KNOWN_BY_MANY, _SAME, once=False),
        ),
    )
)
"""By what a name says, at its end most often; the first that does. A unit of the name is not looked at."""
_LASTING: Final = {"h": "hours", "min": "minutes", "days": "days", "months": "months", "years": "years"}
"""Units of time."""


def topic_of(facet: str, *, yes_or_no: bool = False, numeric: bool = False) -> Topic:
    """What the facet is about, and how well people know it."""
    own = _OWN.get(facet)
    if own is not None:
        return own
    words = wording.named(facet, numeric=numeric)[0].casefold()
    if _OFFICE.search(words):
        return Topic(facet, NEVER, "")
    if yes_or_no:
        told = "Should it be {label}?" if wording.is_quality(words) else "With {label}?"
        return Topic(facet, WORDS, told)
    if _BODY.search(words):
        return Topic(facet, KNOWN_BY_FEW, "Which {label}?")
    for pattern, topic in _TOPICS:
        if pattern.search(words):
            return topic
    return _number(facet) if numeric else Topic(facet, WORDS, _SAME)


def _number(facet: str) -> Topic:
    """A number that nothing else is known about."""
    label, unit = wording.named(facet, numeric=True)
    if unit in _LASTING:
        return Topic(facet, KNOWN_BY_MANY, f"How many {_LASTING[unit]} of {{label}}?")
    counted = unit is None and label.endswith("s") and not label.endswith("ss")
    return Topic(facet, NUMBERS, "How many {label}?" if counted else _SAME)


def question_for(facet: str, topic: Topic, *, numeric: bool) -> str:
    """The question in words: `How much memory?`, `Which cable colour?`."""
    label = wording.named(facet, numeric=numeric)[0]
    label = (
        label.removeprefix("product ")
        .removeprefix("internal ")
        .removesuffix(" quantity")
        .removesuffix(" count")
    )
    return topic.text.replace("{label}", label)
