"""How far the background steps back while somebody speaks: known beforehand, so it never comes too late.

The gain goes down before a voice begins and up again after it has ended, in straight lines of decibels: no
step, so no click. Between voices that follow each other closely it stays down instead of pumping.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from batuta.media.audio import Block

ATTACK_SECONDS: Final = 0.15
RELEASE_SECONDS: Final = 0.4
HOLD_SECONDS: Final = 0.5
"""A pause of at most so much more than both ramps is none."""
CLEAN_DB: Final = -6.0
"""For a background without voices: there, and out of the way."""
SPOKEN_DB: Final = -15.0
"""For one in which the original voice speaks still: whoever knows the language hears it, as in the news."""


@dataclass(frozen=True, slots=True)
class _Ramp:
    """From `start` to `end` (samples) the gain goes from one value in dB to another, then stays there."""

    start: int
    end: int
    before: float
    after: float


class Ducking:
    """The gain of the background over time."""

    def __init__(self, voices: Iterable[tuple[float, float]], depth_db: float, sample_rate: int) -> None:
        """`voices` are from when to when somebody speaks, in seconds and any order; they may overlap."""
        self._depth = depth_db
        self._ramps = list(_ramps(joined(voices), depth_db, sample_rate))
        self._next = 0

    def apply(self, block: Block, position: int) -> None:
        """Turn the block down, in place; it begins at this sample, and each begins where the last ended."""
        end = position + block.shape[1]
        while self._next < len(self._ramps):
            ramp = self._ramps[self._next]
            if ramp.start >= end:
                break
            if ramp.end > position:
                _turn(block, ramp, position)
            self._level(block, position, self._next)
            if self._level_until(self._next) > end:
                break
            self._next += 1

    def _level_until(self, number: int) -> int:
        """Until which sample the gain stays what it is after this ramp."""
        return self._ramps[number + 1].start if number + 1 < len(self._ramps) else 1 << 62

    def _level(self, block: Block, position: int, number: int) -> None:
        """Turn down what lies between this ramp and the next."""
        ramp = self._ramps[number]
        if ramp.after == 0.0:
            return
        first = max(ramp.end - position, 0)
        last = min(self._level_until(number) - position, block.shape[1])
        if first < last:
            block[:, first:last] *= _factor(ramp.after)


def joined(voices: Iterable[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The same stretches in order, those as one that are too near each other to come up in between."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(voices):
        if found and start - found[-1][1] <= ATTACK_SECONDS + RELEASE_SECONDS + HOLD_SECONDS:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _ramps(voices: Iterable[tuple[float, float]], depth: float, rate: int) -> Iterable[_Ramp]:
    for start, end in voices:
        down, up = round(start * rate), round(end * rate)
        yield _Ramp(down - round(ATTACK_SECONDS * rate), down, 0.0, depth)
        yield _Ramp(up, up + round(RELEASE_SECONDS * rate), depth, 0.0)


def _turn(block: Block, ramp: _Ramp, position: int) -> None:
    """Turn down what lies in the ramp."""
    first, last = max(ramp.start, position), min(ramp.end, position + block.shape[1])
    share = (np.arange(first, last) - ramp.start) / (ramp.end - ramp.start)
    gains = ramp.before + (ramp.after - ramp.before) * share
    block[:, first - position : last - position] *= (10 ** (gains / 20)).astype(np.float32)


def _factor(db: float) -> np.float32:
    return np.float32(10 ** (db / 20))
