"""Speech cut into units: the smallest pieces of text a cue or a line may begin with, each with a usable time.

Engines give words that overlap, run backwards, last nothing or are longer than a line, and sometimes no words
at all. After this module there is only one case: units in reading order, whose times never decrease and whose
text fits a line.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from batuta.media.scripts import WITHOUT_BLANKS, columns, joiner, primary_language, stands_alone
from batuta.media.words import Segment, Transcription, Word

_LATEST: Final = 360_000_000
"""Milliseconds: 100 hours, one more than a time stamp's two digits say; a later time is taken for damage."""

_BLANKS: Final = re.compile(r"[^\S\u00a0\u202f]+")
"""Where text may be parted; the no-break spaces of French punctuation and of numbers are not among them."""

_LEANS_RIGHT: Final = frozenset("เแโใไເແໂໃໄ\u17d2\u1039")
"""Thai and Lao vowels written before their consonant; the Khmer and Myanmar signs that stack the next one."""
_LEANS_LEFT: Final = frozenset("ะาำๅๆະາຳຽໆ")
"""Thai and Lao vowels and repetition marks written after their consonant."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of text that is never broken, with its time in whole milliseconds."""

    text: str
    joiner: str
    """What stands between this unit and the one before when both are in one line."""
    start: int
    end: int
    opens_segment: bool


def units_of(transcription: Transcription, max_columns: int) -> list[Unit]:
    """Every visible character of the transcription, in order, in units at most `max_columns` wide.

    A segment without words is one long word: its pieces share its time by their width.
    """
    units: list[Unit] = []
    for segment in transcription.segments:
        units += _segment_units(segment, transcription.language, max_columns, units[-1].text if units else "")
    return _repaired(units)


def pieces_of(text: str, language: str, max_columns: int) -> list[tuple[str, str]]:
    """Running text as (joiner, piece) pairs; languages without blanks may be parted at every character."""
    clusters = primary_language(language) in WITHOUT_BLANKS
    pieces: list[tuple[str, str]] = []
    for part in _BLANKS.split(text):
        joined = " "
        for cluster in _clusters(part) if clusters else (part,):
            for chunk in filter(None, map(str.strip, _chunks(cluster, max_columns))):
                pieces.append((joined, chunk))
                joined = ""
    return pieces


def _segment_units(segment: Segment, language: str, max_columns: int, before: str) -> Iterator[Unit]:
    timed = any(word.text.strip() for word in segment.words)
    words = segment.words if timed else (Word(segment.text, segment.start, segment.end),)
    opens = True
    for word in words:
        pieces = pieces_of(word.text, "" if timed else language, max_columns)
        times = _shared_time([text for _, text in pieces], _milliseconds(word.start), _milliseconds(word.end))
        for index, ((joined, text), (start, end)) in enumerate(zip(pieces, times, strict=True)):
            yield Unit(text, joined if index else joiner(before, text, language), start, end, opens)
            opens = False
            before = text


def _clusters(text: str) -> Iterator[str]:
    """The text parted wherever a script without blanks allows it; foreign words stay whole."""
    begin = 0
    for index in range(1, len(text)):
        if not _clings(text[index - 1], text[index]):
            yield text[begin:index]
            begin = index
    yield text[begin:]


def _clings(left: str, right: str) -> bool:
    if (
        unicodedata.category(right) in {"Mn", "Mc", "Me", "Cf"}
        or right in _LEANS_LEFT
        or left in _LEANS_RIGHT
    ):
        return True
    return not stands_alone(left) and not stands_alone(right)


def _chunks(text: str, max_columns: int) -> Iterator[str]:
    """The text itself, or when it is wider than a line, pieces that are not."""
    begin = used = 0
    if columns(text) > max_columns:
        for index, character in enumerate(text):
            width = columns(character)
            if used + width > max_columns:
                yield text[begin:index]
                begin, used = index, 0
            used += width
    yield text[begin:]


def _shared_time(texts: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Each text's part of the time, proportional to its width (one column at least)."""
    widths = [max(1, columns(text)) for text in texts]
    total = sum(widths)
    passed = 0
    for width in widths:
        yield start + (end - start) * passed // total, start + (end - start) * (passed + width) // total
        passed += width


def _milliseconds(seconds: float) -> int:
    return round(min(max(seconds * 1000, 0), _LATEST)) if math.isfinite(seconds) else 0


def _repaired(units: list[Unit]) -> list[Unit]:
    """The same units with times that never run backwards and never overlap.

    As many starts as possible are believed, the longest series that runs forward; any other unit starts with
    the one before it. So a wild time moves one unit, not all that follow.
    """
    believed = _longest_run([unit.start for unit in units])
    clock = min((units[index].start for index in believed), default=0)
    starts: list[int] = []
    for index, unit in enumerate(units):
        clock = unit.start if index in believed else clock
        starts.append(clock)
    return [
        replace(unit, start=start, end=min(max(unit.end, start), following))
        for unit, (start, following) in zip(units, pairwise([*starts, _LATEST]), strict=True)
    ]


def _longest_run(values: Sequence[int]) -> set[int]:
    """Indices of the longest subsequence that never decreases (patience sorting, O(n log n))."""
    tails: list[int] = []
    tail_indices: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        place = bisect_right(tails, value)
        before.append(tail_indices[place - 1] if place else -1)
        tails[place : place + 1] = [value]
        tail_indices[place : place + 1] = [index]
    found: set[int] = set()
    index = tail_indices[-1] if tail_indices else -1
    while index >= 0:
        found.add(index)
        index = before[index]
    return found
