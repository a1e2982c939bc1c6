"""A text as words and numbers that stand somewhere: what a quote is looked for in."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_WORD: Final = re.compile(r"\w+(?:'\w+)*")
_NUMBER: Final = re.compile(r"(?:\d{1,2}(?: \d{3})+(?!\d)|\d+(?:[.,']\d+)*)(?P<thousand> ?k\b)?")
_PART: Final = re.compile(r"[.,]")
_QUOTES: Final = str.maketrans(
    {"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{RIGHT DOUBLE QUOTATION MARK}": '"', "\N{PRIME}": "'"}
)
_MOST_DIGITS: Final = 15
"""Of a number: as many as a float holds."""
_THOUSAND: Final = 3
"""Digits between two separators of thousands."""
_UNSPACED: Final = 0x0E00
"""From here on (Thai, and later Chinese, Japanese, Korean) letters that touch may be two words."""
_SHORTEST: Final = 4
"""A word whose end may be a plural's."""


def fold(text: str) -> str:
    """The text in lower case, without accents, with straight quotes and single spaces."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(kept.translate(_QUOTES).split())


def words_in(text: str) -> list[str]:
    """The words of a folded text."""
    return [match[0] for match in _WORD.finditer(text.replace("_", " "))]


def variants(words: Iterable[str]) -> frozenset[str]:
    """The words, each also with and without the end of an English plural."""
    return frozenset(variant for word in words for variant in _variants(word))


def _variants(word: str) -> Iterator[str]:
    yield word
    yield word + "s"
    yield word + "es"
    if len(word) >= _SHORTEST and word.endswith("s"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]


@dataclass(frozen=True, slots=True)
class Span:
    """From here to there, the latter not included."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether all of the other lies in it."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and what it may mean: `1.299` is one of two things."""

    span: Span
    values: frozenset[float]


@dataclass(frozen=True)
class Text:
    """A folded text."""

    folded: str

    @classmethod
    def of(cls, text: str) -> Text:
        """The text as it is compared."""
        return cls(fold(text))

    @cached_property
    def words(self) -> tuple[tuple[str, Span], ...]:
        """Every word and its place; digits are words here."""
        found = _WORD.finditer(self.folded)
        return tuple((match[0], Span(match.start(), match.end())) for match in found)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number as it stands there: never a part of one (`1` in `1,299`)."""
        return tuple(
            Number(Span(match.start(), match.end()), _values(match))
            for match in _NUMBER.finditer(self.folded)
            if not (match.start() and self.folded[match.start() - 1].isalpha())
        )

    def words_at(self, span: Span) -> Iterator[tuple[int, str]]:
        """The words that lie there, even in part, each with its index."""
        index = bisect_right(self.words, span.start, key=lambda word: word[1].end)
        while index < len(self.words) and self.words[index][1].start < span.end:
            yield index, self.words[index][0]
            index += 1

    def places(self, quote: str) -> Iterator[Span]:
        """Where a folded quote stands literally, as whole words."""
        start = self.folded.find(quote) if quote else -1
        while start >= 0:
            end = start + len(quote)
            if not (self._inside_a_word(start) or self._inside_a_word(end)):
                yield Span(start, end)
            start = self.folded.find(quote, start + 1)

    def _inside_a_word(self, place: int) -> bool:
        if not 0 < place < len(self.folded):
            return False
        before, after = self.folded[place - 1], self.folded[place]
        spaced = ord(before) < _UNSPACED and ord(after) < _UNSPACED
        return spaced and before.isalnum() and after.isalnum()


def _values(match: re.Match[str]) -> frozenset[float]:
    """What the digits may mean in one country or another; nothing where they are too many."""
    thousand = match["thousand"]
    digits = match[0].removesuffix(thousand or "").replace(" ", "").replace("'", "")
    if len(digits) > _MOST_DIGITS:
        return frozenset()
    times = 1000 if thousand else 1
    return frozenset(float(meant) * times for meant in _meanings(digits))


def _meanings(digits: str) -> Iterator[str]:
    parts = _PART.split(digits)
    separators = set(_PART.findall(digits))
    if len(parts) == 1:
        yield digits
    elif len(separators) == 2:  # noqa: PLR2004  # 1,299.00 and 1.299,00: the last one is the point
        yield "".join(parts[:-1]) + "." + parts[-1]
    else:
        if all(len(part) == _THOUSAND for part in parts[1:]):
            yield "".join(parts)
        if len(parts) == 2:  # noqa: PLR2004  # before the point, and behind it
            yield ".".join(parts)
