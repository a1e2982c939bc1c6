"""The words of a translation in the time of what they translate: where was spoken, and nowhere else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from batuta.media.scripts import columns
from batuta.services.translator.sentences import Sentence, Stretch


def spread(words: Sequence[str], sentence: Sentence) -> list[tuple[int, int]]:
    """Each word's start and end in milliseconds, its share proportional to its width.

    In order, within the sentence, and each within one stretch of speech: a word that would reach across a
    pause stays on the side of its middle.
    """
    reached = [0, *accumulate(max(1, columns(word)) for word in words)]
    speech = _Speech(sentence.stretches)
    shares = [speech.length * share // reached[-1] for share in reached]
    return [speech.placed(begin, end) for begin, end in pairwise(shares)]


class _Speech:
    """Stretches of speech laid end to end."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        if all(stretch.start == stretch.end for stretch in stretches):  # times nobody measured
            stretches = (Stretch(stretches[0].start, stretches[-1].end),)
        self._stretches = stretches
        self._ends = list(accumulate(stretch.end - stretch.start for stretch in stretches))
        self.length = self._ends[-1]
        """All of it, in milliseconds."""

    def placed(self, begin: int, end: int) -> tuple[int, int]:
        """What lies between the two when there are no pauses, on the time line with its pauses."""
        index = min(bisect_right(self._ends, (begin + end) / 2), len(self._ends) - 1)
        stretch = self._stretches[index]
        offset = stretch.end - self._ends[index]
        return max(begin + offset, stretch.start), min(end + offset, stretch.end)
