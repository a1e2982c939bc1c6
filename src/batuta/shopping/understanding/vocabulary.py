"""The words of a catalogue, prepared for looking them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.services.products import LONGEST_NAME, Scalar
from batuta.shopping.understanding.languages import COMMON, LANGUAGES
from batuta.shopping.understanding.languages.book import phrases
from batuta.shopping.understanding.synonyms import ATTRIBUTE_WORDS, SYNONYMS, WITHOUT
from batuta.shopping.understanding.text import key, plural, singular, singular_key
from batuta.shopping.understanding.units import Dimension, Unit, unit_of

LONGEST: Final = 6
"""Words of a name that is looked for in messages."""
_SHORTEST_HEAD: Final = 4
_SHORTEST_CORRECTED: Final = 4
_BROAD: Final = frozenset(
    ("colour", "color", "material", "size", "fabric", "gender", "style", "pattern", "waterproof", "wireless")
)
_SIZED: Final = re.compile(r"(?:eu|uk|us|de|fr|it|size) ([0-9]+(?: [0-9])?)")
"""Sizes that people say without their system."""
_SIZE: Final = "size"
_WIRELESS: Final = "wireless"
_CORDLESS: Final = "cordless"
"""One word in other languages."""
_USUAL: Final = 0.1
"""The share of a type's products that has an attribute which people mean when they speak of the type."""
_COMPACT: Final = 6
"""Letters that words written as one (`coffeemaker`) have at least."""


class Class(IntEnum):
    """What the words of an entry name, by how they are preferred where nothing else decides."""

    NAME = 0
    """An attribute itself: `screen size`."""
    FLAG = 1
    """An attribute that is yes or no: `waterproof`."""
    BRAND = 2
    VALUE = 3
    TYPE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What some words mean in this catalogue."""

    of: Class
    facet: str
    value: Scalar | None
    """As the catalogue writes it; True of flags, None of names."""
    products: int
    shy: bool = False
    """Means this only where the attribute is named or asked for: `m`, `42`; of names, a part of one."""
    head: bool = False
    """The last word of a longer type, the only one that ends in it: `maker`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An attribute whose values are numbers."""

    facet: str
    label: str
    unit: Unit | None
    least: float
    greatest: float
    products: int

    def holds(self, value: float, *, within: float = 1.0) -> bool:
        """Whether the catalogue has values like it, or so many times less or more."""
        return self.least / within <= value <= self.greatest * within


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All words of a catalogue by what they mean; prepared once for each version of the lexicon."""

    currency: str
    entries: Mapping[str, tuple[Entry, ...]]
    foreign: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    """By language: words whose English ones the catalogue has."""
    measured: Mapping[Dimension, tuple[Measured, ...]]
    numeric: Mapping[str, Measured]
    """By facet."""
    flags: frozenset[str]
    """Attributes that are yes or no."""
    broad: frozenset[str]
    """Attributes that things of all types have: colours, materials, sizes."""
    types: Mapping[str, Mapping[str, int]]
    """By attribute: how many products of which types have it, as far as the catalogue tells."""
    labels: Mapping[str, str]
    """Of attributes, for people."""
    spelling: Mapping[str, tuple[str, ...]]
    """The single words of all entries by their first letter, the most frequent first."""
    words: frozenset[str]
    longest: int

    @classmethod
    def of(cls, lexicon: Lexicon) -> Vocabulary:
        """The vocabulary of a catalogue; takes about 10 ms for 1,000 words."""
        return _Index().built(lexicon)

    def find(self, phrase: str) -> tuple[Entry, ...]:
        """What the words mean, also in the plural; nothing if the catalogue does not know them."""
        return self.entries.get(phrase) or self.entries.get(singular_key(phrase)) or ()

    def translated(self, phrase: str, languages: Iterable[str]) -> tuple[Entry, ...]:
        """What words of these languages mean; of others where they are no English ones."""
        for code in languages:
            if found := self.foreign.get(code, {}).get(phrase):
                return found
        if phrase in COMMON:
            return ()
        return next((found for words in self.foreign.values() if (found := words.get(phrase))), ())

    def fits(self, facet: str, product_type: str | None) -> bool | None:
        """Whether products of a type have an attribute; None where that is not known."""
        types = self.types.get(facet)
        return product_type in types if types is not None and product_type is not None else None

    def label(self, facet: str) -> str:
        """A facet for people: `product_type` → `product type`, `memory_gb` → `memory`."""
        return self.labels.get(facet) or facet.replace("_", " ")


@dataclass(slots=True)
class _Index:
    """A vocabulary while it is being built."""

    entries: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])

    def built(self, lexicon: Lexicon) -> Vocabulary:
        self._products(lexicon)
        for facet, words in lexicon.attributes.items():
            if _usable(facet):
                self._attribute(facet, words)
        self._heads(lexicon)
        self._last_words(lexicon)
        self._synonyms(types=not lexicon.types_mined)
        self._compacts()
        measures = _measures(lexicon)
        counted = any(words.types for words in lexicon.attributes.values())
        by_dimension: dict[Dimension, tuple[Measured, ...]] = {}
        for measure in measures.values():
            if measure.unit is not None:
                by_dimension[measure.unit.dimension] = (
                    *by_dimension.get(measure.unit.dimension, ()),
                    measure,
                )
        entries = {phrase: tuple(found) for phrase, found in self.entries.items()}
        words = frozenset(word for phrase in entries for word in phrase.split())
        return Vocabulary(
            currency=lexicon.currency,
            entries=MappingProxyType(entries),
            foreign=MappingProxyType(_foreign(entries)),
            measured=MappingProxyType(by_dimension),
            numeric=MappingProxyType(measures),
            flags=frozenset(facet for facet, words in lexicon.attributes.items() if _is_flag(words)),
            broad=frozenset(
                facet for facet, words in lexicon.attributes.items() if set(key(words.label).split()) & _BROAD
            ),
            types={
                facet: {
                    name: count
                    for name, count in words.types.items()
                    if count >= _USUAL * lexicon.types.get(name, 0)
                }
                for facet, words in lexicon.attributes.items()
                if counted
            },
            labels={facet: words.label for facet, words in lexicon.attributes.items()},
            spelling=_spelling(entries),
            words=words,
            longest=min(LONGEST, max((phrase.count(" ") + 1 for phrase in entries), default=1)),
        )

    def _add(self, phrase: str, entry: Entry) -> None:
        if not phrase or phrase.count(" ") >= LONGEST:
            return
        known = self.entries.setdefault(phrase, [])
        if not any(other.of is entry.of and other.facet == entry.facet for other in known):
            known.append(entry)

    def _products(self, lexicon: Lexicon) -> None:
        for name, count in lexicon.types.items():
            if _usable(name):
                entry = Entry(Class.TYPE, "product_type", name, count)
                self._add(key(name), entry)
                self._add(singular_key(key(name)), entry)
        for name, count in sorted(lexicon.brands.items(), key=lambda brand: -brand[1]):
            if _usable(name):
                self._add(key(name), Entry(Class.BRAND, "brand", name, count))

    def _attribute(self, facet: str, words: AttributeWords) -> None:
        label = key(words.label) or key(facet.replace("_", " "))
        flag = _is_flag(words)
        name = (
            Entry(Class.FLAG, facet, value=True, products=words.products)
            if flag
            else Entry(Class.NAME, facet, None, words.products)
        )
        for phrase, partly in _names(label):
            for form in (phrase, singular_key(phrase)):
                self._add(form, replace(name, shy=partly and not flag))
        for value, count in sorted(words.values.items(), key=lambda value: -value[1]):
            phrase = key(value)
            if _usable(value) and phrase:
                shy = phrase.replace(" ", "").isdigit() or len(phrase) == 1
                self._add(phrase, Entry(Class.VALUE, facet, value, count, shy=shy))
                if sized := _SIZED.fullmatch(phrase):
                    self._add(sized[1], Entry(Class.VALUE, facet, value, count, shy=True))

    def _heads(self, lexicon: Lexicon) -> None:
        """The last word of a type stands for it where no other type ends in it."""
        heads: dict[str, list[str]] = {}
        for name in lexicon.types:
            words = singular_key(key(name)).split()
            if len(words) > 1 and len(words[-1]) >= _SHORTEST_HEAD:
                heads.setdefault(words[-1], []).append(name)
        for head, names in heads.items():
            if len(names) == 1 and head not in self.entries:
                entry = Entry(Class.TYPE, "product_type", names[0], lexicon.types[names[0]], head=True)
                self._add(head, entry)

    def _last_words(self, lexicon: Lexicon) -> None:
        """The last word of the name of a number stands for it where it means nothing else: `8 cores`."""
        found: dict[str, list[str]] = {}
        for facet, words in lexicon.attributes.items():
            label = key(words.label).split()
            if words.least is not None and len(label) > 1 and _usable(facet):
                word = " ".join(label[:-1]) if label[-1] == _SIZE else label[-1]  # `20 inch wheels`
                found.setdefault(singular_key(word), []).append(facet)
        for word, facets in found.items():
            if len(word) >= _SHORTEST_HEAD and word not in self.entries:
                for facet in facets:
                    self._add(word, Entry(Class.NAME, facet, None, lexicon.attributes[facet].products))

    def _synonyms(self, *, types: bool) -> None:
        """Other words for what the catalogue has; for its types only where they are more than a guess."""
        for group in SYNONYMS:
            known = next((found for word in group if (found := self._own(word))), None)
            for word in group if known else ():
                if not self._own(word):
                    for entry in known or ():
                        if entry.of is Class.TYPE and not types:
                            continue
                        shy = entry.shy and word in {"small", "medium", "large"}
                        self._add(word, Entry(entry.of, entry.facet, entry.value, entry.products, shy=shy))
        for flag, others in WITHOUT.items():
            for entry in [entry for entry in self._own(flag) if entry.of is Class.FLAG]:
                for word in others:
                    self._add(word, entry)

    def _own(self, word: str) -> list[Entry]:
        """What the catalogue itself calls so; a head is only a guess."""
        found = self.entries.get(word) or self.entries.get(singular_key(word)) or []
        return [entry for entry in found if not entry.head and entry.of is not Class.NAME]

    def _compacts(self) -> None:
        """Words that are also written as one: `coffeemaker`, `wifi`."""
        for phrase, found in list(self.entries.items()):
            compact = phrase.replace(" ", "")
            if compact not in self.entries and compact.isalpha() and len(compact) >= _COMPACT:
                self.entries[compact] = list(found)


def _is_flag(words: AttributeWords) -> bool:
    return words.least is None and not words.values


def _usable(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME


def _names(label: str) -> Iterator[tuple[str, bool]]:
    """What people call an attribute, and whether that is only a part of its name: `size` of `screen size`."""
    yield label, False
    for said, others in ATTRIBUTE_WORDS.items():
        if label == said:
            yield from ((other, False) for other in others)
        elif label.startswith(said + " ") or label.endswith(" " + said):
            yield from ((other, True) for other in (said, *others))


def _measures(lexicon: Lexicon) -> dict[str, Measured]:
    return {
        facet: Measured(
            facet,
            words.label,
            unit_of(words.unit),
            words.least,
            words.greatest if words.greatest is not None else words.least,
            words.products,
        )
        for facet, words in lexicon.attributes.items()
        if words.least is not None and _usable(facet)
    }


def _foreign(entries: Mapping[str, tuple[Entry, ...]]) -> dict[str, Mapping[str, tuple[Entry, ...]]]:
    found: dict[str, Mapping[str, tuple[Entry, ...]]] = {}
    for code, table in LANGUAGES.items():
        words: dict[str, tuple[Entry, ...]] = {}
        for english, listed in table.products.items():
            known = entries.get(english) or entries.get(plural(english)) or ()
            if english == _WIRELESS:
                known = (*known, *(each for each in entries.get(_CORDLESS, ()) if each not in known))
            for phrase in phrases(listed) if known else ():
                words.setdefault(phrase, known)
        found[code] = MappingProxyType(words)
    return found


def _spelling(entries: Mapping[str, tuple[Entry, ...]]) -> Mapping[str, tuple[str, ...]]:
    weights: dict[str, int] = {}
    for phrase, found in entries.items():
        weight = max(entry.products for entry in found)
        for word in phrase.split():
            forms = {word, plural(singular(word))} if found[0].of is Class.TYPE else {word}
            for form in forms:
                if len(form) >= _SHORTEST_CORRECTED and form.isalpha():
                    weights[form] = max(weights.get(form, 0), weight)
    by_letter: dict[str, list[str]] = {}
    for word in sorted(weights, key=lambda word: (-weights[word], word)):
        by_letter.setdefault(word[0], []).append(word)
    return MappingProxyType({letter: tuple(words) for letter, words in by_letter.items()})
