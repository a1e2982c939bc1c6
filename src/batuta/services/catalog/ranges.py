"""Numbers in a few ranges between which somebody can choose: about equally likely, with round edges. Pure."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from batuta.services.catalog.index import Floats
from batuta.services.products import Range

PARTS: Final = 5
"""As many as a question offers."""
_MOVED: Final = 0.06
"""How much of the belief may change sides so that an edge is rounder: a third of a fifth."""
_DIGITS: Final = 4


def parted(numbers: Floats, weights: Floats) -> list[tuple[Range, int]]:
    """Ranges over ascending numbers, and where each begins among them.

    An edge is the greatest number of the range below it or just above that; the first and the last range are
    open. Both ends are included, so a range above an edge that is a number itself begins with the next one:
    whoever asks for it finds as many as were counted. There are fewer than five where one number has much of
    the weight.
    """
    below = np.cumsum(weights) / max(float(weights.sum()), 1e-300)
    edges: list[tuple[float, int]] = []
    for part in range(1, PARTS):
        edge, place = _edge(numbers, below, part / PARTS)
        if place < len(numbers) and (not edges or place > edges[-1][1]):
            edges.append((edge, place))
    above = [float(numbers[place]) if edge == numbers[place - 1] else edge for edge, place in edges]
    lower, upper = [None, *above], [*(edge for edge, _ in edges), None]
    begins = [0, *(place for _, place in edges)]
    return [
        (Range(min=least, max=most), place) for least, most, place in zip(lower, upper, begins, strict=True)
    ]


def _edge(numbers: Floats, below: Floats, share: float) -> tuple[float, int]:
    """The roundest number with about this share of the weight up to it, and the first place above it."""
    place = int(np.searchsorted(below, share - 1e-12))
    exact = float(numbers[min(place, len(numbers) - 1)])
    for digits in range(1, _DIGITS):
        for edge in _rounded(exact, digits):
            after = int(np.searchsorted(numbers, edge, side="right"))
            there = float(below[after - 1]) if after else 0.0
            if after and abs(there - share) <= _MOVED:
                return edge, after
    after = int(np.searchsorted(numbers, exact, side="right"))
    if after < len(numbers):
        between = (edge for digits in range(1, _DIGITS) for edge in _rounded(exact, digits))
        exact = next((edge for edge in between if exact < edge < float(numbers[after])), exact)
    return exact, after


def _rounded(number: float, digits: int) -> tuple[float, ...]:
    """The number with so many digits, the nearer first; halves count as one digit: 150, 2.5."""
    if not number:
        return (0.0,)
    step = 10.0 ** (math.floor(math.log10(abs(number))) - digits + 1)
    unit = step / 2 if digits == 1 and abs(number) < 5 * step else step
    near = round(number / unit) * unit
    other = near + math.copysign(unit, number - near)
    return tuple(round(each, 12) for each in (near, other))
