"""Repetition loops: the same words over and over, faster than anybody could say them.

People repeat themselves ("no, no, no", a refrain), and take their time; a model in a loop does not listen,
and its words have hardly any length. So the pace decides, unless a second hearing has disagreed already:
then every long run is a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from batuta.services.transcriber.heard import Heard, HeardWord, bare

FEWEST_TIMES: Final = 3
"""Said twice is no loop."""
FEWEST_TIMES_UNCONFIRMED: Final = 4
"""At any pace, where a second hearing did not hear the repetitions: rhetoric comes in threes."""
LONGEST_UNIT: Final = 40
"""Words; of longer sentences no three fit into 30 s."""
SECONDS_A_WORD: Final = 0.1
CHARACTERS_A_SECOND: Final = 30.0
"""The fastest anybody speaks: ten syllables a second, in English some 30 letters."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`times` repetitions of `length` words, from the word with index `start`."""

    start: int
    length: int
    times: int

    @property
    def end(self) -> int:
        """The index behind the last repetition."""
        return self.start + self.length * self.times


def find_loops(words: Sequence[HeardWord], *, confirmed: bool = True) -> list[Loop]:
    """The loops in words that follow each other, in order and apart.

    `confirmed` is false where the same sound, heard again, did not say the same: there the pace is no excuse.
    """
    letters = [bare(word.word) for word in words]
    found: list[Loop] = []
    at = 0
    while at < len(words):
        loop = next((run for run in _runs(letters, at) if _is_loop(words, run, confirmed=confirmed)), None)
        if loop is not None:
            found.append(loop)
        at = at + 1 if loop is None else loop.end
    return found


def without_loops(segments: Sequence[Heard], *, confirmed: bool = True) -> list[Heard]:
    """The segments with each loop cut to its first occurrence; segments left without words are gone."""
    words = [word for segment in segments for word in segment.words]
    cut = {
        index
        for loop in find_loops(words, confirmed=confirmed)
        for index in range(loop.start + loop.length, loop.end)
    }
    if not cut:
        return list(segments)
    kept: list[Heard] = []
    first = 0
    for segment in segments:
        last = first + len(segment.words)
        left = [word for index, word in enumerate(segment.words, first) if index not in cut]
        if left or not segment.words:
            kept.append(segment.with_words(left) if left else segment)
        first = last
    return kept


def _runs(letters: Sequence[str], start: int) -> list[Loop]:
    """Every way in which the words from `start` on repeat themselves, the shortest unit first."""
    runs: list[Loop] = []
    for length in range(1, min(LONGEST_UNIT, (len(letters) - start) // FEWEST_TIMES) + 1):
        unit = letters[start : start + length]
        times = 1
        while letters[start + times * length : start + (times + 1) * length] == unit:
            times += 1
        if times >= FEWEST_TIMES:
            runs.append(Loop(start, length, times))
    return runs


def _is_loop(words: Sequence[HeardWord], run: Loop, *, confirmed: bool) -> bool:
    if not confirmed and run.times >= FEWEST_TIMES_UNCONFIRMED:
        return True
    starts = [words[index].start for index in range(run.start, run.end, run.length)]
    # Whisper puts a pause into one of the words: the usual repetition tells the pace, not the whole run.
    usual = median(after - before for before, after in pairwise(starts))
    characters = sum(len(word.word.strip()) for word in words[run.start : run.start + run.length])
    return usual < max(SECONDS_A_WORD * run.length, characters / CHARACTERS_A_SECOND)
