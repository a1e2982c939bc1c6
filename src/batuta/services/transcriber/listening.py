"""One chunk heard as well as can be: twice where that is doubtful, again where speech has no text.

    hear        greedy; where that is doubtful, with a beam that may not repeat itself, and in two halves
    believe     what the guards let pass, repetition loops cut to their first occurrence
    hear again  each stretch of speech of more than 1.5 s that got no text, once, alone

Whisper's own way out of doubt, sampling, would give another text each time; nothing here is left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Protocol

import numpy as np

from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.gaps import filled, unheard
from batuta.services.transcriber.guards import MAX_COMPRESSION, Verdict, is_sure, verdict
from batuta.services.transcriber.heard import Heard, bare
from batuta.services.transcriber.loops import find_loops, without_loops
from batuta.services.transcriber.vad import SAMPLE_RATE, Samples

AROUND_SECONDS: Final = 0.5
"""How far from a segment speech may be and still be its own; how much sound a stretch is heard with."""
_AGREEMENT: Final = 0.8
"""Share of equal words from which two hearings say the same."""
_SHORTEST_HALVED: Final = 4 * SAMPLE_RATE
_QUIET: Final = SAMPLE_RATE // 10
"""Samples over which loudness is taken."""


class Ears(Protocol):
    """What is asked of a recogniser."""

    def recognise(self, sound: Samples, language: str, *, translate: bool, careful: bool) -> list[Heard]:
        """What is said in up to 30 s of sound; `careful` takes longer and cannot repeat itself."""
        ...


@dataclass(frozen=True, slots=True)
class Listened:
    """What is believed of a chunk, and how many stretches of it were heard again."""

    segments: tuple[Heard, ...] = ()
    stretches_heard_again: int = 0


class Listener:
    """Hears chunks in one language; several threads may ask it at once."""

    def __init__(self, ears: Ears, language: str, *, translate: bool) -> None:
        self._ears = ears
        self._language = language
        self._translate = translate

    def listen(self, chunk: Chunk) -> Listened:
        """What is said in the chunk; times are seconds into its sound."""
        speech = [Span(span.start - chunk.sound_start, span.end - chunk.sound_start) for span in chunk.speech]
        heard = self._believed(chunk.sound, speech)
        stretches = unheard(speech, heard, whole_only=self._translate)
        for stretch in stretches:
            heard = filled(heard, stretch, self._heard_alone(chunk.sound, stretch, speech))
        return Listened(tuple(heard), len(stretches))

    def _heard_alone(self, sound: Samples, stretch: Span, speech: Sequence[Span]) -> list[Heard]:
        """What is said in the stretch, as far as nothing speaks against it; all of the sound in two halves.

        One plain hearing, for the same sound would give the same again, and doubt is no reason to go on here.
        """
        start = max(stretch.start - AROUND_SECONDS, 0.0)
        piece = sound[round(start * SAMPLE_RATE) : round((stretch.end + AROUND_SECONDS) * SAMPLE_RATE)]
        whole = len(piece) == len(sound) >= _SHORTEST_HALVED
        heard = self._in_halves(piece) if whole else self._ask(piece)
        found = [segment.later(start) for segment in without_loops(heard)]
        return [segment for segment in found if is_sure(segment, _around(segment, speech))]

    def _believed(self, sound: Samples, speech: Sequence[Span]) -> list[Heard]:
        heard, confirmed = self._best(sound, speech)
        cut = without_loops(heard, confirmed=confirmed)
        return [segment for segment in cut if verdict(segment, _around(segment, speech)) is not Verdict.DROP]

    def _best(self, sound: Samples, speech: Sequence[Span]) -> tuple[list[Heard], bool]:
        """The best of up to three hearings, and whether its repetitions are really said."""
        first = self._ask(sound)
        if _is_clear(first, speech):
            return first, True
        hearings = [first]
        if repeats(first) and len(sound) >= _SHORTEST_HALVED:
            halves = self._in_halves(sound)
            if not _loops(first) and _agree(first, halves):
                return first, True
            if halves and _is_clear(halves, speech):
                return halves, True
            hearings.append(halves)
        hearings.append(self._ask(sound, careful=True))
        best = min(hearings, key=badness)
        return best, not repeats(best)

    def _in_halves(self, sound: Samples) -> list[Heard]:
        """Less sound at once leads a model out of its loops."""
        half = quietest(sound)
        first, second = self._ask(sound[:half]), self._ask(sound[half:])
        return [*first, *(segment.later(half / SAMPLE_RATE) for segment in second)]

    def _ask(self, sound: Samples, *, careful: bool = False) -> list[Heard]:
        return self._ears.recognise(sound, self._language, translate=self._translate, careful=careful)


def repeats(heard: Sequence[Heard]) -> bool:
    """Whether it compresses too well for something said, or loops."""
    return any(segment.compression_ratio > MAX_COMPRESSION for segment in heard) or _loops(heard)


def badness(heard: Sequence[Heard]) -> tuple[bool, float]:
    """Repetition is worse than a guess; nothing at all is neither."""
    logprobs = [segment.avg_logprob for segment in heard]
    return repeats(heard), -sum(logprobs) / len(logprobs) if logprobs else 0.0


def quietest(sound: Samples) -> int:
    """Where to part the sound: its quietest tenth of a second in the middle third, the first of equals."""
    first, last = len(sound) // 3, 2 * len(sound) // 3
    power = np.square(sound[first:last], dtype=np.float64)
    frames = power[: len(power) // _QUIET * _QUIET].reshape(-1, _QUIET).sum(axis=1)
    return first + int(np.argmin(frames)) * _QUIET + _QUIET // 2


def _is_clear(heard: Sequence[Heard], speech: Sequence[Span]) -> bool:
    """Whether nothing speaks against any of it."""
    kept = all(verdict(segment, _around(segment, speech)) is Verdict.KEEP for segment in heard)
    return kept and not _loops(heard)


def _loops(heard: Sequence[Heard]) -> bool:
    return bool(find_loops([word for segment in heard for word in segment.words]))


def _agree(one: Sequence[Heard], other: Sequence[Heard]) -> bool:
    words = [[bare(word.word) for segment in heard for word in segment.words] for heard in (one, other)]
    return SequenceMatcher(None, *words, autojunk=False).ratio() >= _AGREEMENT


def _around(segment: Heard, speech: Sequence[Span]) -> float:
    """Seconds of speech in the segment and half a second around it."""
    start, end = segment.start - AROUND_SECONDS, segment.end + AROUND_SECONDS
    return sum(max(0.0, min(span.end, end) - max(span.start, start)) for span in speech)
