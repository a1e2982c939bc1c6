"""What a language's table holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batuta.shopping.understanding.senses import Sense


@dataclass(frozen=True, slots=True)
class Language:
    """The phrases of one language, as people type them; `|` parts them, case and accents do not count."""

    code: str
    """ISO 639-1."""
    phrases: Mapping[Sense, str]
    valued: Mapping[Sense, Mapping[str | float, str]]
    """Phrases with a value: orders, conditions, facets, numbers, places."""
    filler: str
    """Words that say nothing by themselves; spaces part them. Articles, pronouns and their like come from
    `media.function_words`."""
    products: Mapping[str, str]
    """From English words for products, colours and materials to those of this language."""
