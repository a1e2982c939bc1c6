"""What an item of a model's answer rests on: its quote at its place in the message, and what is set."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from pydantic import BaseModel

from batuta.services.catalog.models import Lexicon
from batuta.services.products import RequirementSpec
from batuta.shopping.model import cues
from batuta.shopping.model.answers import Item
from batuta.shopping.model.texts import Number, Span, Text, fold, variants, words_in

_CLAUSE: Final = re.compile(r"[.,;:!?](?=\s|$)|[\n()]")
_BEFORE: Final = 3
"""Words in front of a quote in which a negation would be about it."""
_MOST_PLACES: Final = 8
"""Where a quote is looked at, of all places where it stands."""
_NUMBER: Final = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_EXACT: Final = 1e-6
_Value = TypeVar("_Value", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote where it stands in the message."""

    text: str
    before: str
    """The few words in front of it, within its clause."""
    clause: str
    """The clause it is in."""
    fresh: frozenset[int]
    """Which words of it say something that nobody has read yet: their indices in the message."""
    words: frozenset[str]
    """Those words, as singular and plural."""
    numbers: tuple[Number, ...]
    """The numbers in it that nobody has read yet."""
    behind: Mapping[Number, str]
    """What follows each of them."""

    def names(self, value: str) -> bool:
        """Whether all words of a value are in the quote, and not all of them read already or empty."""
        wanted = words_in(fold(value))
        present = variants(words_in(self.text))
        return bool(wanted) and all(w in present for w in wanted) and any(w in self.words for w in wanted)

    @property
    def denied(self) -> bool:
        """Whether the words in front of it turn its meaning round."""
        return cues.shows(self.before, cues.NEGATIONS)

    @property
    def denies(self) -> bool:
        """Whether there is a negation in it."""
        return cues.shows(self.text, cues.NEGATIONS)


def quotes(text: Text, quote: str, fresh: set[int], unread: set[Number]) -> Iterator[Quote]:
    """Where the quote stands literally in the message, unless it consists of words that say nothing."""
    folded = fold(quote)
    for span in islice(text.places(folded), _MOST_PLACES):
        within = list(text.words_at(span))
        if all(word in cues.EMPTY for _, word in within):
            continue
        numbers = tuple(n for n in text.numbers if n in unread and span.holds(n.span))
        begin, end = _clause(text.folded, span)
        yield Quote(
            text=folded,
            before=" ".join(text.folded[begin : span.start].split()[-_BEFORE:]),
            clause=text.folded[begin:end],
            fresh=frozenset(index for index, _ in within) & fresh,
            words=variants(word for index, word in within if index in fresh),
            numbers=numbers,
            behind={number: text.folded[number.span.end :][:20] for number in numbers},
        )


def _clause(folded: str, span: Span) -> tuple[int, int]:
    begin = max((match.end() for match in _CLAUSE.finditer(folded, 0, span.start)), default=0)
    after = _CLAUSE.search(folded, span.end)
    return begin, after.start() if after else len(folded)


@dataclass(frozen=True, slots=True)
class Claim:
    """An item, what it rests on, and what it would be added to."""

    item: Item
    quote: Quote
    spec: RequirementSpec
    lexicon: Lexicon

    def known(self, words: Iterable[str]) -> str | None:
        """The item's value as the catalogue writes it."""
        value = fold(self.item.value) if isinstance(self.item.value, str) else None
        return next((word for word in words if fold(word) == value), None) if value else None

    def number(self) -> tuple[float, Number] | None:
        """The item's value, and where in the quote it stands."""
        value = self.item.value
        if isinstance(value, str):
            value = float(value) if _NUMBER.fullmatch(value) and value.isascii() else math.nan
        if isinstance(value, bool) or not math.isfinite(value):
            return None
        for number in self.quote.numbers:
            if any(abs(meant - value) < _EXACT for meant in number.values):
                return value, number
        return None

    def directed(self) -> bool:
        """Whether `at_least` or `at_most` follows from the clause of the quote."""
        clause = self.quote.clause
        least, most = cues.shows(clause, cues.AT_LEAST), cues.shows(clause, cues.AT_MOST)
        denied = cues.shows(clause, cues.NEGATIONS)
        match self.item.relation:
            case "at_least":
                return least and not most and not denied
            case "at_most":
                return most or denied or not least
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Believed:
    """The requirement with an item in it."""

    spec: RequirementSpec
    label: str
    """What the item means, in words."""
    number: Number | None = None
    """The number that is used up."""


def changed(value: _Value, **fields: object) -> _Value:
    """The value with these fields, validated; raises `ValidationError`."""
    return type(value).model_validate({**dict(value), **fields})
