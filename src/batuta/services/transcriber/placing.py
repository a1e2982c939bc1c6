"""Whisper's words on the time line of the file: in order, where somebody speaks, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batuta.services.transcriber.chunks import Chunk, Span
from batuta.services.transcriber.contract import Segment, Word
from batuta.services.transcriber.heard import SpokenSegment

_HEARD_SECONDS: Final = 0.5
"""A segment that comes no nearer to any speech was not heard: Whisper makes things up in silence."""
_ONSET_SECONDS: Final = 0.1
"""A word may begin or end this much outside of what the voice activity model takes for speech."""
_SHORTEST_SECONDS: Final = 0.02
"""One of Whisper's own time steps, for words it gives no time at all."""


class Placer:
    """Turns what is heard in one chunk after the other into numbered segments whose times only grow."""

    def __init__(self) -> None:
        self._count = 0
        self._end = 0.0

    def place(self, heard: Iterable[SpokenSegment], chunk: Chunk) -> list[Segment]:
        """The segments of a chunk, the chunks being given in order."""
        return [
            self._segment(segment, chunk)
            for segment in heard
            if segment.text.strip()
            and _nearest(_absolute(segment.start, segment.end, chunk), chunk.speech, _HEARD_SECONDS)
        ]

    def _segment(self, segment: SpokenSegment, chunk: Chunk) -> Segment:
        words: list[Word] = []
        for word in segment.words or ():
            when = self._when(word.start, word.end, chunk)
            text = word.word.strip()
            if text:
                words.append(
                    Word(word=text, start=when.start, end=when.end, probability=round(word.probability, 3))
                )
        when = (
            Span(words[0]["start"], words[-1]["end"])
            if words
            else self._when(segment.start, segment.end, chunk)
        )
        self._count += 1
        return Segment(
            id=self._count - 1,
            start=when.start,
            end=when.end,
            text=segment.text.strip(),
            words=words,
            avg_logprob=round(segment.avg_logprob, 4),
            no_speech_prob=round(segment.no_speech_prob, 4),
            compression_ratio=round(segment.compression_ratio, 4),
        )

    def _when(self, start: float, end: float, chunk: Chunk) -> Span:
        """Times in the chunk's sound, on the time line: within speech and chunk, after what came before."""
        when = _absolute(start, end, chunk)
        spoken = _nearest(when, chunk.speech, _ONSET_SECONDS)
        if spoken is not None:
            when = Span(max(when.start, spoken.start), min(when.end, spoken.end))
        begin = max(min(when.start, chunk.stretch.end), self._end)
        finish = max(min(when.end, chunk.stretch.end), begin + _SHORTEST_SECONDS)
        self._end = round(finish, 3)
        return Span(round(begin, 3), self._end)


def _absolute(start: float, end: float, chunk: Chunk) -> Span:
    return Span(chunk.sound_start + start, chunk.sound_start + end)


def _nearest(when: Span, speech: Iterable[Span], margin: float) -> Span | None:
    """The span of speech, widened by the margin, that shares most with this time; `None` if none does."""
    wide = [Span(span.start - margin, span.end + margin) for span in speech]
    best = max(wide, key=lambda span: _common(when, span), default=None)
    return best if best is not None and _common(when, best) > 0 else None


def _common(one: Span, other: Span) -> float:
    return min(one.end, other.end) - max(one.start, other.start)
