"""Speech into cues: the cheapest of all ways to divide it, found by dynamic programming.

A way to divide the speech costs what its cues cost, and a cue costs what is parted at its end, what it holds
together that belongs apart, the time its reader lacks, and its line break. The rules are Netflix's (line
treatment, timing) and the BBC's (Subtitle Guidelines, 3.2: single sentences); the weights are ours, tuned by
reading the results. What must hold in any case (width, lines, durations, gaps) is not weighed at all:
`linebreaks` and `timing` make no cue without it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import ceil, inf
from typing import Final

from batuta.media.limits import Limits
from batuta.media.linebreaks import Row, best_breaks
from batuta.media.phrasing import SENTENCE
from batuta.media.profiles import Profile
from batuta.media.subtitles import Cue, Subtitles
from batuta.media.timing import CLOSED_GAP, Spoken, cue_times
from batuta.media.units import Unit, units_of
from batuta.media.words import Transcription

LONG_SILENCE: Final = 1500
"""Milliseconds; no cue reaches across a longer one (VideoLingo, KrillinAI; the BBC's limit for lateness)."""

_BREATH: Final = 300
"""Milliseconds of a pause that is heard as one; its relief is taken off the cost of parting there."""
_BREATH_RELIEF: Final = 0.35
_PAUSE: Final = 500
_PAUSE_RELIEF: Final = 0.65
_SEGMENT_RELIEF: Final = 0.15
"""The engine heard a new segment there."""

_ENDED: Final = 1.3
"""The end of a cue parts more than a line break does."""
_CUE: Final = 0.7
"""Each cue costs something, or every sentence mark would make one."""
_HELD_SENTENCE: Final = 0.25
"""A sentence that ends inside a cue."""
_STRADDLED: Final = 0.5
"""And when the cue then ends in the middle of the next sentence."""
_HELD_PAUSE: Final = 1.2
"""A second of pause, beyond a breath, inside a cue."""
_LONELY: Final = 1.0
"""A cue of one word, or of less than half a line, in proportion."""
_HALF: Final = 2
_TOO_FAST: Final = 0.6
"""A cue that cannot be read in its time, and beyond that in proportion to what is missing."""
_MISSING_TIME: Final = 3.0
_PUSHES: Final = 8.0
"""A cue so short that the next one must wait for it, in proportion to the time that is missing."""


def cues_from_words(transcription: Transcription, profile: Profile) -> Subtitles:
    """The transcription as cues that keep every hard rule of the profile, whatever its words' times.

    Every word appears once, in order; one longer than a line is parted, no character is lost. Lines, widths,
    durations and gaps keep the limits exactly, in whole milliseconds; no time is negative, no cues overlap.
    Reading speed is met where the speech allows it. Adapt the profile first: `profile.for_language(...)`.
    """
    limits = Limits.of(profile)
    units = units_of(transcription, limits.columns)
    row = Row.of(units, transcription.language)
    edges = _Division(row, limits).edges()
    spoken = [
        Spoken(units[first].start, units[last - 1].end, ceil(row.width(first, last) * limits.reading))
        for first, last in pairwise(edges)
    ]
    cues = [
        Cue(start / 1000, end / 1000, _lines(row, first, last, limits))
        for (first, last), (start, end) in zip(pairwise(edges), cue_times(spoken, limits), strict=True)
    ]
    return Subtitles(transcription.language, tuple(cues))


def _lines(row: Row, first: int, last: int, limits: Limits) -> tuple[str, ...]:
    _, breaks = best_breaks(row, first, last, limits.lines, limits.columns)
    return tuple(row.line(begin, end) for begin, end in pairwise((first, *breaks, last)))


class _Division:
    """All ways to divide a row of units into cues, and the cheapest of them."""

    def __init__(self, row: Row, limits: Limits) -> None:
        units = row.units
        pauses = [right.start - left.end for left, right in pairwise(units)]
        self._row = row
        self._limits = limits
        self._room = limits.columns * limits.lines + limits.lines - 1
        self._starts = [unit.start for unit in units]
        self._ends = [unit.end for unit in units]
        self._silence_after = _silences(pauses)
        # Indexed by the unit a cue would end before; nothing is parted before the first and after the last.
        self._parted = [0.0, *map(_parted, row.partings[1:], pauses, units[1:]), 0.0]
        self._sentences = [0, *accumulate((cost == SENTENCE for cost in row.partings[1:]), initial=0)]
        self._held = [0.0, *accumulate(map(_held, row.partings[1:], pauses), initial=0.0)]

    def edges(self) -> list[int]:
        """The units at which the cues of the cheapest division begin, and the end of the last one."""
        limits = self._limits
        count = len(self._starts)
        best = [0.0, *[inf] * count]
        begins = [0] * (count + 1)
        for first in range(count):
            for last in range(first + 1, self._reach(first) + 1):
                cost = best[first] + self._cost(first, last)
                budget = best[last] - cost
                if budget > 0:
                    cost += best_breaks(self._row, first, last, limits.lines, limits.columns, budget)[0]
                    if cost < best[last]:
                        best[last], begins[last] = cost, first
        return _walked_back(begins)

    def _reach(self, first: int) -> int:
        """The furthest end of a cue that begins here: by width, by time, by the next long silence."""
        width = bisect_right(self._row.ends, self._row.begins[first] + self._room)
        time = bisect_right(self._ends, self._starts[first] + self._limits.max_duration)
        return max(first + 1, min(width, time, self._silence_after[first]))

    def _cost(self, first: int, last: int) -> float:
        """What the cue costs, its line break aside."""
        width = self._row.width(first, last)
        lonely = max(0.0, 1 - _HALF * width / self._limits.columns) + (last - first == 1)
        apart = self._parted[last] + self._held[last] - self._held[first + 1]
        if self._parted[last] and self._sentences[last] > self._sentences[first + 1]:
            apart += _STRADDLED
        return _CUE + apart + _LONELY * lonely + self._haste(first, last, width)

    def _haste(self, first: int, last: int, width: int) -> float:
        """What it costs that the text cannot stay as long as it should."""
        limits = self._limits
        start = self._starts[first]
        following = self._starts[last] if last < len(self._starts) else inf
        until_next = following - limits.min_gap - start
        cost = 0.0
        if until_next < limits.min_duration:
            cost = _PUSHES * (limits.min_duration - until_next) / limits.min_duration
        stay = self._ends[last - 1] + limits.max_linger - start
        if following - start - stay < CLOSED_GAP:
            stay = until_next
        stay = min(max(stay, limits.min_duration), limits.max_duration)
        reading = width * limits.reading
        if reading > stay:
            cost += _TOO_FAST + _MISSING_TIME * (1 - stay / reading)
        return cost


def _parted(parting: float, pause: int, after: Unit) -> float:
    """What it costs to end a cue here: less where the speaker pauses or the engine heard a new segment."""
    relief = _PAUSE_RELIEF if pause >= _PAUSE else _BREATH_RELIEF if pause >= _BREATH else 0.0
    if after.opens_segment:
        relief += _SEGMENT_RELIEF
    return _ENDED * max(0.0, parting - relief)


def _held(parting: float, pause: int) -> float:
    """What it costs not to end a cue here."""
    sentence = _HELD_SENTENCE if parting == SENTENCE else 0.0
    return sentence + _HELD_PAUSE * max(0, pause - _BREATH) / 1000


def _silences(pauses: Sequence[int]) -> list[int]:
    """For each unit, the first one after it that follows a long silence, or the end."""
    count = len(pauses) + 1
    found = [count] * count
    for index in range(count - 2, -1, -1):
        found[index] = index + 1 if pauses[index] > LONG_SILENCE else found[index + 1]
    return found


def _walked_back(begins: Sequence[int]) -> list[int]:
    edges = [len(begins) - 1]
    while edges[-1] > 0:
        edges.append(begins[edges[-1]])
    return edges[::-1]
