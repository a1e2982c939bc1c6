"""Where a cue's text is broken into lines: at the best joint for reading, into lines of similar length.

One line when the text fits one (Netflix, General Requirements). Otherwise the break that costs least: what is
parted there (`phrasing`), plus how unlike the lines are in length. Sense weighs more than shape (BBC Subtitle
Guidelines, 3.4), and a longer line above more than one below.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from batuta.media.limits import Limits
from batuta.media.phrasing import partings
from batuta.media.profiles import Profile
from batuta.media.scripts import columns
from batuta.media.units import Unit, pieces_of

_BOTTOM_HEAVY: Final = 0.8
"""Cost of an empty line above a full one; smaller differences cost in proportion."""
_TOP_HEAVY: Final = 1.3


@dataclass(frozen=True, slots=True)
class Row:
    """Units side by side in one endless line, so that the width of any stretch is one subtraction."""

    units: Sequence[Unit]
    partings: Sequence[float]
    begins: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, units: Sequence[Unit], language: str) -> Row:
        """The row of these units, with what it costs to break before each."""
        begins: list[int] = []
        ends: list[int] = []
        column = 0
        for unit in units:
            begins.append(column + len(unit.joiner))
            column = begins[-1] + columns(unit.text)
            ends.append(column)
        return cls(units, partings(units, language), begins, ends)

    def width(self, first: int, last: int) -> int:
        """Columns of the units from `first` up to, not with, `last`, in one line."""
        return self.ends[last - 1] - self.begins[first]

    def line(self, first: int, last: int) -> str:
        """Their text."""
        units = self.units[first:last]
        return units[0].text + "".join(unit.joiner + unit.text for unit in units[1:])


def best_breaks(
    row: Row, first: int, last: int, lines: int, width: int, budget: float = inf
) -> tuple[float, tuple[int, ...]]:
    """The cheapest way to lay the stretch out: its cost, and the units that begin a further line.

    The cost is infinite when the stretch does not fit, or fits for no less than the budget.
    """
    if row.width(first, last) <= width:
        return 0.0, ()
    best: tuple[float, tuple[int, ...]] = (inf, ())
    for cut in _cuts(row, first, last, lines, width):
        cost = row.partings[cut] + _imbalance(row, first, cut, last, lines, width)
        if cost < budget:
            below, breaks = best_breaks(row, cut, last, lines - 1, width, budget - cost)
            if cost + below < budget:
                budget = cost + below
                best = (budget, (cut, *breaks))
    return best


def _cuts(row: Row, first: int, last: int, lines: int, width: int) -> range:
    """Where the first line may end: it must fit, and what is left must be able to fit the others."""
    if lines == 1:
        return range(0)
    room_below = width * (lines - 1) + lines - 2
    earliest = bisect_left(row.begins, row.ends[last - 1] - room_below, first + 1, last)
    latest = bisect_right(row.ends, row.begins[first] + width, first, last)
    return range(earliest, min(latest, last - 1) + 1)


def _imbalance(row: Row, first: int, cut: int, last: int, lines: int, width: int) -> float:
    difference = row.width(cut, last) / (lines - 1) - row.width(first, cut)
    return (_BOTTOM_HEAVY * difference if difference > 0 else -_TOP_HEAVY * difference) / width


def break_lines(text: str, language: str, profile: Profile) -> tuple[str, ...]:
    """The text broken into lines for the profile, in more of them than it allows when it fits no other way.

    For a text that changed after its cue was shaped: a translation, an edited line.
    """
    limits = Limits.of(profile)
    units = [Unit(piece, lead, 0, 0, False) for lead, piece in pieces_of(text, language, limits.columns)]
    if not units:
        return ()
    row = Row.of(units, language)
    cost, breaks = best_breaks(row, 0, len(units), limits.lines, limits.columns)
    edges = (0, *(breaks if cost < inf else _filled(row, limits.columns)), len(units))
    return tuple(row.line(begin, end) for begin, end in pairwise(edges))


def _filled(row: Row, width: int) -> list[int]:
    """The units that begin a line when each is filled before the next."""
    breaks = [0]
    for index in range(len(row.units)):
        if row.width(breaks[-1], index + 1) > width:
            breaks.append(index)
    return breaks[1:]
