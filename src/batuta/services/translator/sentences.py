"""Sentences out of a transcription: what is translated at once, and the time in which it was said.

Whisper's segments end where its breath ends, in the middle of sentences; a translator needs whole ones. Every
visible character of the transcription is in exactly one sentence, in order, whatever the times are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from batuta.media.phrasing import SENTENCE, partings
from batuta.media.scripts import columns
from batuta.media.segmentation import LONG_SILENCE
from batuta.media.units import Unit, units_of
from batuta.media.words import Transcription

LONGEST_COLUMNS: Final = 300
LONGEST_WORDS: Final = 60
"""The small models read 80 to 100 words at once and drop the rest without a sign (measured: of 100 words
79 came back, of 300 still 84); columns keep words that are no words from filling that."""
_PART_OF_SPEAKING: Final = 300
"""Milliseconds: less silence than this belongs to the speech around it, as in `transcriber.chunks`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time in which somebody speaks, in whole milliseconds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text to translate at once, and when it was spoken: stretches in order, apart by real pauses."""

    id: int
    text: str
    stretches: tuple[Stretch, ...]

    @property
    def start(self) -> int:
        """When its first word begins."""
        return self.stretches[0].start

    @property
    def end(self) -> int:
        """When its last word ends."""
        return self.stretches[-1].end


def sentences_of(transcription: Transcription) -> tuple[Sentence, ...]:
    """The transcription in sentences: parted at sentence marks, at silences, and where one gets too long."""
    words = units_of(transcription, LONGEST_COLUMNS)
    costs = partings(words, transcription.language)
    edges = [
        index
        for index in range(1, len(words))
        if costs[index] == SENTENCE or words[index].start - words[index - 1].end > LONG_SILENCE
    ]
    cuts = [
        cut
        for first, last in pairwise([0, *edges, len(words)])
        for cut in _fitting(words[first:last], costs[first:last])
    ]
    return tuple(_sentence(number, part) for number, part in enumerate(cuts))


def _fitting(words: Sequence[Unit], costs: Sequence[float]) -> Iterator[Sequence[Unit]]:
    """The words, or when they are too many, parts of them, cut where they hold together least."""
    widths = [0, *accumulate(len(word.joiner) + columns(word.text) for word in words)]
    first = 0
    while first < len(words):
        last = first + 1
        while (
            last < len(words)
            and last - first < LONGEST_WORDS
            and widths[last + 1] - widths[first] <= LONGEST_COLUMNS
        ):
            last += 1
        if last < len(words):
            last = _best_cut(words, costs, (first + last + 1) // 2, last)
        yield words[first:last]
        first = last


def _best_cut(words: Sequence[Unit], costs: Sequence[float], earliest: int, latest: int) -> int:
    """The word before which to cut: a pause helps as much as punctuation; of equals the latest."""

    def held(index: int) -> float:
        pause = words[index].start - words[index - 1].end
        return costs[index] - min(pause, LONG_SILENCE) / LONG_SILENCE

    return min(range(latest, earliest - 1, -1), key=held)


def _sentence(number: int, words: Sequence[Unit]) -> Sentence:
    text = "".join(word.joiner * (index > 0) + word.text for index, word in enumerate(words))
    stretches: list[Stretch] = []
    for word in words:
        start = word.start
        if stretches and start - stretches[-1].end < _PART_OF_SPEAKING:
            start = stretches.pop().start
        stretches.append(Stretch(start, word.end))
    return Sentence(number, text, tuple(stretches))
