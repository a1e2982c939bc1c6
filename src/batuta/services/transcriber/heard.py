"""What Whisper heard, as frozen values: times are seconds into the sound it was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol


class SpokenWord(Protocol):
    """A word with its seconds in the sound it was heard in."""

    @property
    def word(self) -> str:
        """With the blank before it, where its language has one."""
        ...

    @property
    def start(self) -> float: ...  # noqa: D102  # seconds
    @property
    def end(self) -> float: ...  # noqa: D102  # seconds
    @property
    def probability(self) -> float: ...  # noqa: D102  # 0 to 1


class SpokenSegment(Protocol):
    """What Whisper heard in one breath, in faster-whisper's own shape."""

    @property
    def start(self) -> float: ...  # noqa: D102  # seconds
    @property
    def end(self) -> float: ...  # noqa: D102  # seconds
    @property
    def text(self) -> str: ...  # noqa: D102  # what the words say together
    @property
    def words(self) -> Sequence[SpokenWord] | None: ...  # noqa: D102  # none where aligning failed
    @property
    def avg_logprob(self) -> float: ...  # noqa: D102  # mean log probability of the tokens of its window
    @property
    def no_speech_prob(self) -> float: ...  # noqa: D102  # that nobody speaks in its window
    @property
    def compression_ratio(self) -> float: ...  # noqa: D102  # of the text of its window


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A `SpokenWord`, in plain floats."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A `SpokenSegment`, in plain floats."""

    start: float
    end: float
    text: str
    words: tuple[HeardWord, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float

    def with_words(self, words: Sequence[HeardWord]) -> Heard:
        """The same segment saying only these of its words; itself when they are all of them."""
        kept = tuple(words)
        if kept == self.words:
            return self
        return replace(
            self,
            start=kept[0].start,
            end=kept[-1].end,
            text="".join(word.word for word in kept),
            words=kept,
        )

    def later(self, seconds: float) -> Heard:
        """The same segment, heard this much later."""
        words = (replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=tuple(words))


def heard(segments: Iterable[SpokenSegment]) -> list[Heard]:
    """The segments as values; Whisper's numbers are numpy's."""
    return [
        Heard(
            start=float(segment.start),
            end=float(segment.end),
            text=segment.text,
            words=tuple(
                HeardWord(word.word, float(word.start), float(word.end), float(word.probability))
                for word in segment.words or ()
            ),
            avg_logprob=float(segment.avg_logprob),
            no_speech_prob=float(segment.no_speech_prob),
            compression_ratio=float(segment.compression_ratio),
        )
        for segment in segments
    ]


def bare(word: str) -> str:
    """The word's letters and digits in small, for comparing; empty for punctuation alone."""
    return "".join(character for character in word.casefold() if character.isalnum())
