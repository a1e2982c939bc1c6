"""Texts as they can be said: what no voice can say taken out, and cut where one takes breath. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from batuta.services.speech.contract import Piece

SENTENCE_PAUSE: Final = 0.25
CLAUSE_PAUSE: Final = 0.12
WORD_PAUSE: Final = 0.03
"""Seconds between pieces, after the silence of each was trimmed; a reader's pauses are of this order."""

_WIDE_ENDS: Final = "\u3002\uff01\uff1f\uff61"
_WIDE_STOPS: Final = "\u3001\uff0c\uff1b\uff1a"
"""Marks of Chinese, after which no blank is written."""
_DASHES: Final = "\u2013\u2014"
_ENDS: Final = ".!?\u2026\u0964\u0965\u061f\u06d4" + _WIDE_ENDS
_STOPS: Final = ",;:\u060c\u061b" + _DASHES + _WIDE_STOPS
"""Of Latin, then of Indic and Arabic script."""
_CLOSING: Final = "\"'\u201d\u2019\u00bb)"
_AFTER_SENTENCE: Final = re.compile(rf"(?<=[{_ENDS}])[{_CLOSING}]*(?:\s+|$)|(?<=[{_WIDE_ENDS}])")
_AFTER_CLAUSE: Final = re.compile(rf"(?<=[{_STOPS}])\s+|(?<=[{_WIDE_STOPS}])|\s+(?=[{_DASHES}]\s)")
_BLANK: Final = re.compile(r"\s+")
_MARKUP: Final = re.compile(r"</?[A-Za-z!?][^<>]{0,500}>")
_UNSAID: Final = frozenset("<>[]{}|\\^`~*_#=@")
"""Brackets are commands in some engines (`[[…]]` in espeak-ng), the rest is decoration."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Letters of Indic and Persian script take another form beside them; all other format characters go."""


def speakable(text: str) -> str:
    """The text on one line, without markup, control characters, emoji and brackets that engines obey."""
    text = _MARKUP.sub(" ", unicodedata.normalize("NFC", text))
    return _BLANK.sub(" ", "".join(map(_said, text))).strip()


def has_something(text: str) -> bool:
    """Whether there is a letter or a digit to say."""
    return any(map(str.isalnum, text))


def pieces(text: str, most: int) -> list[Piece]:
    """The text in pieces of at most so many characters, cut after sentences, then clauses, then words.

    As few as can be: a piece holds several short sentences. Parts with nothing to say are left out.
    """
    found = [Piece(text=part, pause=_pause_after(part)) for part in _cut(text, most) if has_something(part)]
    if found:
        found[-1]["pause"] = 0.0
    return found


def _said(character: str) -> str:
    if character in _UNSAID:
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _JOINERS else ""
    if category[0] in "CZ" or category in {"So", "Sk"}:  # Sk: colours of emoji, spacing accents
        return " "
    if "\ufe00" <= character <= "\ufe0f":  # which picture of a character to show
        return ""
    return character


def _cut(text: str, most: int) -> Iterator[str]:
    for sentences in _filled(_parted(text, _AFTER_SENTENCE), most):
        for clauses in _filled(_parted(sentences, _AFTER_CLAUSE), most):
            for words in _filled(_BLANK.split(clauses), most):
                yield from (words[at : at + most] for at in range(0, len(words), most))


def _parted(text: str, after: re.Pattern[str]) -> Iterator[str]:
    begin = 0
    for found in after.finditer(text):
        if part := text[begin : found.end()].strip():
            yield part
        begin = found.end()
    if part := text[begin:].strip():
        yield part


def _filled(parts: Iterator[str] | list[str], most: int) -> Iterator[str]:
    """Neighbours together as long as they fit; one part that is longer comes alone."""
    held = ""
    for part in parts:
        if held and len(held) + 1 + len(part) > most:
            yield held
            held = part
        else:
            held = f"{held} {part}" if held else part
    if held:
        yield held


def _pause_after(part: str) -> float:
    last = part.rstrip(_CLOSING)[-1:]
    if last in _ENDS:
        return SENTENCE_PAUSE
    return CLAUSE_PAUSE if last in _STOPS else WORD_PAUSE
