"""The words of the catalogue that a message may be about, as few as the model can be given."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from batuta.clients import JSON
from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.shopping.model.answers import FACETS
from batuta.shopping.model.texts import fold, words_in

MOST_BYTES: Final = 6_000
"""Of the JSON of an excerpt: about 1,500 tokens, which a small model reads in a fraction of a second."""
_TYPES: Final = 1_500
_BRANDS: Final = 500
_VALUES: Final = 400
"""Bytes of one attribute's words."""
_LONGEST: Final = 60
"""Characters of a word; whatever is longer is a sentence that has strayed into the data."""
_MOST_ATTRIBUTES: Final = 60
_ALIKE: Final = 4
"""Letters with which words begin that may be the same word, across endings, typing errors and languages."""
_MOST_ALIKE: Final = 50
"""Words that are kept of those that begin alike."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some of the words."""

    types: list[str]
    brands: list[str]
    attributes: dict[str, JSON]
    """By name: the words it has, or what its values are."""

    def data(self) -> dict[str, JSON]:
        """The words as the model gets them."""
        return {"types": self.types, "brands": self.brands, "attributes": self.attributes}


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one kind, the most frequent first, and by how they begin."""

    ordered: list[str]
    alike: Mapping[str, list[str]]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Words:
        """The words with how often they come."""
        ordered = sorted((w for w in counts if len(w) <= _LONGEST), key=lambda word: (-counts[word], word))
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for word in ordered:
            for beginning in _beginnings(word):
                if len(alike[beginning]) < _MOST_ALIKE:
                    alike[beginning].append(word)
        return cls(ordered, dict(alike))

    def named(self, beginnings: Iterable[str]) -> list[str]:
        """Those that a message with words of these beginnings seems to name."""
        return list(dict.fromkeys(word for each in beginnings for word in self.alike.get(each, ())))

    def likeliest(self, beginnings: Iterable[str]) -> Iterator[str]:
        """Those it seems to name, then the others."""
        named = self.named(beginnings)
        yield from named
        yield from (word for word in self.ordered if word not in named)


@dataclass(frozen=True, slots=True)
class Index:
    """A catalogue's words, prepared once: for 5,000 of them some 30 ms."""

    types: Words
    brands: Words
    values: dict[str, Words]
    attributes: dict[str, AttributeWords]
    """The most frequent first."""
    labels: dict[str, frozenset[str]]

    @classmethod
    def of(cls, lexicon: Lexicon) -> Index:
        """The words of the catalogue."""
        fit = [name for name in lexicon.attributes if name not in FACETS and len(name) <= _LONGEST]
        ordered = sorted(fit, key=lambda name: (-lexicon.attributes[name].products, name))
        attributes = {name: lexicon.attributes[name] for name in ordered}
        return cls(
            Words.of(lexicon.types),
            Words.of(lexicon.brands),
            {name: Words.of(words.values) for name, words in attributes.items()},
            attributes,
            {name: frozenset(_beginnings(words.label)) for name, words in attributes.items()},
        )

    def excerpt(self, message: str) -> Excerpt:
        """What the message seems to name, then the most frequent, within `MOST_BYTES`.

        Brands that it does not name are left out: nobody means a brand without naming it.
        """
        beginnings = dict.fromkeys(_beginnings(message))
        types = _within(_TYPES, self.types.likeliest(beginnings))
        brands = _within(_BRANDS, self.brands.named(beginnings))
        left = MOST_BYTES - _size(Excerpt(types, brands, {}).data())
        found: dict[str, JSON] = {}
        for name in self._likeliest(beginnings.keys()):
            told = self._told(name, beginnings)
            left -= _size({name: told})
            if left < 0 or len(found) == _MOST_ATTRIBUTES:
                break
            found[name] = told
        return Excerpt(types, brands, found)

    def _likeliest(self, beginnings: Iterable[str]) -> Iterator[str]:
        """The attributes that a message seems to name, or one of whose words it does, then the others."""
        named = {
            name
            for name, label in self.labels.items()
            if not label.isdisjoint(beginnings) or not self.values[name].alike.keys().isdisjoint(beginnings)
        }
        yield from (name for name in self.attributes if name in named)
        yield from (name for name in self.attributes if name not in named)

    def _told(self, name: str, beginnings: Iterable[str]) -> JSON:
        """What values an attribute has, in the words of its catalogue or in ours."""
        words = self.attributes[name]
        if words.values:
            return _within(_VALUES, self.values[name].likeliest(beginnings))
        if words.least is None or words.greatest is None:
            return "true or false"
        return f"a number of {words.unit or 'no unit'} from {words.least:g} to {words.greatest:g}"


def _beginnings(text: str) -> Iterator[str]:
    return (word[:_ALIKE] for word in words_in(fold(text)))


def _within(most_bytes: int, words: Iterable[str]) -> list[str]:
    """As many of the words as there is room for."""
    found: list[str] = []
    size = 0
    for word in words:
        size += _size(word) + 2
        if size > most_bytes:
            break
        found.append(word)
    return found


def _size(value: JSON) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
