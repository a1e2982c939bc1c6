"""What is spoken as one clip of a dub: whole sentences where possible, neither too short nor too long.

A clip for every sentence, so that each begins where the original did; several short ones are one clip, since
a voice needs some seconds to sound like speech. A pause in which the original is silent parts clips, too, but
a brief one does not where that would leave a short clip. The numbers are VideoLingo's and KrillinAI's, where
one is named; the others are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf
from typing import Final

from batuta.media.linebreaks import Row
from batuta.media.phrasing import SENTENCE, UNPARTED
from batuta.media.units import Unit, units_of
from batuta.media.words import Transcription

PAUSE: Final = 600
"""Milliseconds of silence that part two clips, unless one of them would be short (`BRIDGED`)."""
SHORTEST: Final = 2500
"""Milliseconds: shorter pieces are spoken together with a neighbour (VideoLingo, KrillinAI)."""
BRIDGED: Final = 1000
"""Milliseconds: a shorter pause does not keep apart what would be shorter than `SHORTEST`. A new language
seldom fits into a second and a half; spoken with its neighbour it has that one's time, too, and the pause."""
MOST_MERGED: Final = 5
"""Pieces in one clip (VideoLingo, KrillinAI)."""
LONGEST_MERGED: Final = 12_000
"""Milliseconds of several pieces together."""
LONGEST: Final = 15_000
"""Milliseconds; a longer sentence is parted, or its end would drift from the picture."""
LONGEST_COLUMNS: Final = 300
"""What is said in 15 s at 20 characters a second; also a limit for words whose times say nothing."""

_WIDEST_WORD: Final = 60
"""Columns; a longer word is an address, or text whose language was not recognised: parted when too long for
one clip."""
_UNEVEN: Final = 2.0
"""Cost of a part longer or shorter than an even one, in proportion to the longest allowed; beside the costs
of `phrasing`, so that a comma is worth 5 s, and a plain word is taken where there is none."""

_Stretch = tuple[int, int]
"""The first unit, and the one after the last."""
_Cost = tuple[int, int, int]
"""How many groups are short; how many pauses are inside groups; the sum of the squares of the groups'
milliseconds."""


@dataclass(frozen=True, slots=True)
class DubUnit:
    """A text to speak in one go, and when the original says it, in seconds (whole milliseconds)."""

    start: float
    end: float
    text: str


def dub_units(transcription: Transcription) -> tuple[DubUnit, ...]:
    """The transcription in clips: every visible character once, in order; no two overlap in time.

    Parted at sentence ends, at pauses of `PAUSE`, and inside what lasts longer than `LONGEST` (at the best
    comma or pause). Neighbours are joined where one would be shorter than `SHORTEST`, across pauses shorter
    than `BRIDGED`, too; never across another one, and never when both are long enough. A word is never parted
    from its punctuation, so a single word may last longer, as engines stretch the last one. For any words and
    times, without words or punctuation too; time is linear in the words.
    """
    units = units_of(transcription, _WIDEST_WORD)
    row = Row.of(units, transcription.language)
    pieces = [part for first, last in pairwise(_edges(row)) for part in _parts(row, first, last)]
    return tuple(
        DubUnit(units[first].start / 1000, units[last - 1].end / 1000, row.line(first, last))
        for first, last in _merged(row, pieces)
    )


def _edges(row: Row) -> list[int]:
    """Where a piece begins in any case, and the end of the last one."""
    count = len(row.units)
    inner = [
        index
        for index in range(1, count)
        if row.partings[index] == SENTENCE
        or (_pause(row.units, index) >= PAUSE and row.partings[index] < UNPARTED)
    ]
    return [0, *inner, count] if count else []


def _pause(units: Sequence[Unit], index: int) -> int:
    """Milliseconds of silence before the unit."""
    return units[index].start - units[index - 1].end


def _size(row: Row, first: int, last: int) -> float:
    """How much of what one clip may hold the stretch is, by time or by width, whichever is more."""
    lasts = row.units[last - 1].end - row.units[first].start
    return max(lasts / LONGEST, row.width(first, last) / LONGEST_COLUMNS)


def _parts(row: Row, first: int, last: int) -> Iterator[_Stretch]:
    """The stretch, or when it is too long, parts of similar size, cut where they hold together least."""
    while (size := _size(row, first, last)) > 1:
        cut = _best_cut(row, first, last, size / ceil(size))
        if cut is None:
            break
        yield first, cut
        first = cut
    yield first, last


def _best_cut(row: Row, first: int, last: int, even: float) -> int | None:
    """The unit before which to cut; None when nothing may be parted. A pause helps as much as punctuation."""
    best: int | None = None
    least = inf
    for index in range(first + 1, last + 1):
        size = _size(row, first, index)
        if size > 1 and best is not None:
            break
        if row.width(first, index) > LONGEST_COLUMNS:
            return index - 1  # nowhere but inside a word
        if index < last and row.partings[index] < UNPARTED:
            relief = min(_pause(row.units, index), PAUSE) / PAUSE
            cost = row.partings[index] - relief + _UNEVEN * abs(size - even)
            if cost < least:
                best, least = index, cost
    return best


def _merged(row: Row, pieces: Sequence[_Stretch]) -> Iterator[_Stretch]:
    """The pieces in groups: as few short ones as can be, then across as few pauses, then evenly and small.

    The cheapest of all ways to group them, by dynamic programming. A group is never joined of two parts that
    are both long enough: apart they cost less.
    """
    best: list[tuple[_Cost, int]] = [((0, 0, 0), 0)]
    for end in range(1, len(pieces) + 1):
        best.append(min(_groups(row, pieces, best, end)))
    edges = [len(pieces)]
    while edges[-1] > 0:
        edges.append(best[edges[-1]][1])
    for begin, end in pairwise(edges[::-1]):
        yield pieces[begin][0], pieces[end - 1][1]


def _groups(
    row: Row, pieces: Sequence[_Stretch], best: Sequence[tuple[_Cost, int]], end: int
) -> Iterator[tuple[_Cost, int]]:
    """Every group that may end before the piece `end`: what it costs with all before it, and its begin."""
    last = pieces[end - 1][1]
    inside = 0
    for begin in range(end - 1, max(-1, end - 1 - MOST_MERGED), -1):
        first, seam = pieces[begin]
        lasts = row.units[last - 1].end - row.units[first].start
        if end - begin > 1:
            pause = _pause(row.units, seam)
            inside += pause >= PAUSE
            if lasts > LONGEST_MERGED or row.width(first, last) > LONGEST_COLUMNS or pause >= BRIDGED:
                break
        short, pauses, squares = best[begin][0]
        yield (short + (lasts < SHORTEST), pauses + inside, squares + lasts * lasts), begin
