"""A message cut into pieces: phrases of its language, words of the catalogue, numbers, unknown words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from batuta.shopping.understanding.languages import Book, Meaning, book_of, languages_of
from batuta.shopping.understanding.numbers import Number, number
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.text import Kind, Token, tokens
from batuta.shopping.understanding.typos import corrections
from batuta.shopping.understanding.units import unit_of
from batuta.shopping.understanding.vocabulary import Class, Entry, Vocabulary

_SIGNS: Final = MappingProxyType(
    {
        ",": Sense.COMMA,
        ".": Sense.STOP,
        ";": Sense.STOP,
        ":": Sense.STOP,
        "!": Sense.STOP,
        "(": Sense.COMMA,
        ")": Sense.COMMA,
        "?": Sense.QUESTION,
        "%": Sense.PERCENT,
        "*": Sense.STARS,
        "★": Sense.STARS,
        "⭐": Sense.STARS,
        '"': Sense.INCH,
        "+": Sense.PLUS,
        "-": Sense.DASH,
        "<": Sense.BELOW,
        "≤": Sense.BELOW,
        ">": Sense.ABOVE,
        "≥": Sense.ABOVE,
        "=": Sense.FILLER,
    }
)
_SHORTEST_PART: Final = 4
_LONGEST_WORD: Final = 30
_PLACES: Final = 3
"""Digits of a place in a list."""
_ORDINAL_ENDINGS: Final = frozenset({"st", "nd", "rd", "th"})
_LOOSE: Final = frozenset({Sense.FILLER, Sense.THE})
"""What a word of the catalogue comes before."""
_LESS_THAN_A_TYPE: Final = _LOOSE | {Sense.CORRECT, Sense.PLACE, Sense.DETAIL, Sense.EXTREME, Sense.BEST}
"""What the name of a type of product comes before: `switch`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message that means something together."""

    sense: Sense
    text: str
    raw: str
    value: str | float | None = None
    entries: tuple[Entry, ...] = ()
    number: Number | None = None
    glued: bool = False
    """To the piece before it."""
    first: bool = False
    """Begins the message or a sentence, where a capital letter tells nothing."""
    foreign: bool = False
    """Words of the catalogue in another language."""

    def entry(self, of: Class) -> Entry | None:
        """What it means as one of these; None if it does not."""
        return next((entry for entry in self.entries if entry.of is of), None)


@dataclass(frozen=True, slots=True)
class Cut:
    """A message in pieces."""

    pieces: tuple[Piece, ...]
    corrected: tuple[tuple[str, str], ...]
    """Misspelt words and what they were read as."""
    languages: tuple[str, ...]


def cut(message: str, vocabulary: Vocabulary) -> Cut:
    """The pieces of a message, the longest phrases first.

    Misspelt words are corrected where that makes them words of the catalogue.
    """
    found = tokens(message)
    languages = languages_of(token.text for token in found)
    book = book_of(languages)
    better = corrections(found, vocabulary, book, languages)
    reading = _Reading(vocabulary, book, languages)
    if not better:
        return Cut(reading.pieces(found), (), languages)
    tried = [replace(token, text=better[at]) if at in better else token for at, token in enumerate(found)]
    pieces = reading.pieces(tried)
    lost = {
        word
        for piece in pieces
        if piece.sense is Sense.UNKNOWN and unit_of(piece.text) is None
        for word in piece.text.split()
    }
    if lost & set(better.values()):
        better = {at: word for at, word in better.items() if word not in lost}
        tried = [replace(token, text=better[at]) if at in better else token for at, token in enumerate(found)]
        pieces = reading.pieces(tried)
    return Cut(pieces, tuple((found[at].raw, word) for at, word in better.items()), languages)


@dataclass(frozen=True, slots=True)
class _Reading:
    vocabulary: Vocabulary
    book: Book
    languages: tuple[str, ...]

    def pieces(self, found: Sequence[Token]) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        at = 0
        while at < len(found):
            first = not pieces or pieces[-1].sense in {Sense.STOP, Sense.QUESTION}
            length, piece = self._longest(found, at)
            if piece.sense is Sense.UNKNOWN and (parts := self._parts(piece)):
                pieces += [replace(parts[0], first=first), parts[1]]
            else:
                pieces.append(replace(piece, glued=found[at].glued, first=first))
            at += length
        return tuple(pieces)

    def _parts(self, piece: Piece) -> tuple[Piece, Piece] | None:
        """Two words of the catalogue written as one, the second a type: `smartwatch`."""
        word = piece.text
        for at in range(_SHORTEST_PART, min(len(word), _LONGEST_WORD) - _SHORTEST_PART + 1):
            first, second = self.vocabulary.find(word[:at]), self.vocabulary.find(word[at:])
            if first and any(entry.of is Class.TYPE for entry in second):
                return (
                    Piece(Sense.ENTRY, word[:at], piece.raw[:at], entries=first),
                    Piece(Sense.ENTRY, word[at:], piece.raw[at:], entries=second),
                )
        return None

    def _longest(self, found: Sequence[Token], at: int) -> tuple[int, Piece]:
        """The longest phrase from here; of the same length one of the language, unless it says nothing."""
        if _is_ordinal(found[at : at + 2]):
            place = found[at].text
            return 2, Piece(Sense.ORDINAL, place, place, float(place))
        most = min(len(found) - at, max(self.vocabulary.longest, self.book.longest))
        texts = [found[at].text]
        for token in found[at + 1 : at + most]:
            texts.append(f"{texts[-1]} {token.text}")
        for length in range(len(texts), 0, -1):
            raw = found[at].raw if length == 1 else " ".join(token.raw for token in found[at : at + length])
            if piece := self._phrase(texts[length - 1], raw, length, found[at]):
                return length, piece
        return 1, _single(found[at])

    def _phrase(self, text: str, raw: str, length: int, first: Token) -> Piece | None:
        meaning = self.book.meanings.get(text)
        entries = self._entries(text, raw, length, first)
        if meaning and (not entries or (length == 1 and not _weak(meaning, entries, raw))):
            value = meaning.value
            counted = meaning.sense in {Sense.NUMBER, Sense.HUNDRED} and isinstance(value, int | float)
            says = Number(float(value), float(value)) if counted and value is not None else None
            return Piece(meaning.sense, text, raw, value, number=says)
        if entries:
            foreign = not self.vocabulary.find(text)
            return Piece(Sense.ENTRY, text, raw, entries=entries, foreign=foreign)
        return None

    def _entries(self, text: str, raw: str, length: int, first: Token) -> tuple[Entry, ...]:
        if length == 1 and first.kind is not Kind.WORD:
            return ()
        if length > self.vocabulary.longest:
            return self.vocabulary.translated(text, self.languages)
        found = self.vocabulary.find(text) or self.vocabulary.translated(text, self.languages)
        if first.kind is Kind.NUMBER and raw.lower() == raw:  # 3 m are no 3M
            found = tuple(entry for entry in found if entry.of is not Class.BRAND)
        if not found and length == 2:  # noqa: PLR2004  # `head phones`
            found = self.vocabulary.find(text.replace(" ", "")) if len(text) > 6 else ()  # noqa: PLR2004
        return found


def _is_ordinal(both: Sequence[Token]) -> bool:
    """`2nd`."""
    digits = both[0].kind is Kind.NUMBER and both[0].text.isdigit() and len(both[0].text) <= _PLACES
    return digits and len(both) > 1 and both[1].glued and both[1].text in _ORDINAL_ENDINGS


def _weak(meaning: Meaning, entries: tuple[Entry, ...], raw: str) -> bool:
    """Whether a phrase of one word gives way to what it is in the catalogue."""
    if all(entry.of is Class.NAME for entry in entries):
        return False
    if any(entry.of is Class.TYPE and not entry.head for entry in entries):
        return meaning.sense in _LESS_THAN_A_TYPE
    if any(entry.of is Class.BRAND for entry in entries) and raw[:1].isupper() and len(entries) == 1:
        return meaning.sense in _LOOSE
    return meaning.sense is Sense.FILLER and any(not entry.shy for entry in entries)


def _single(token: Token) -> Piece:
    """A token that belongs to no phrase."""
    if token.kind is Kind.NUMBER:
        says = number(token.text)
        return Piece(Sense.NUMBER if says else Sense.FILLER, token.text, token.raw, number=says)
    if token.kind is Kind.SIGN:
        return Piece(_SIGNS.get(token.text, Sense.FILLER), token.text, token.raw)
    return Piece(Sense.UNKNOWN, token.text, token.raw)
