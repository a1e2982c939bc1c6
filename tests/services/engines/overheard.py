"""What Whisper might have heard, made up for the tests of the guards."""

from __future__ import annotations

from collections.abc import Sequence

from batuta.services.transcriber.heard import Heard, HeardWord


def paced(text: str, seconds: float, start: float = 0.0) -> list[HeardWord]:
    """The words of a text, each of this length."""
    return [
        HeardWord(f" {word}", start + index * seconds, start + (index + 1) * seconds, 0.9)
        for index, word in enumerate(text.split())
    ]


def segment(
    text: str,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    avg_logprob: float = -0.2,
    no_speech_prob: float = 0.1,
    compression_ratio: float = 1.2,
) -> Heard:
    """A segment that says the text, its words evenly over its seconds (a third of one each)."""
    count = len(text.split())
    length = seconds if seconds is not None else count / 3
    words = tuple(paced(text, length / count, start))
    return Heard(start, start + length, text, words, avg_logprob, no_speech_prob, compression_ratio)


def fast(text: str) -> Heard:
    """A segment whose words have no length, as where Whisper makes them up."""
    return segment(text, seconds=2.0).with_words(
        [HeardWord(f" {word}", 1.0, 1.0, 0.9) for word in text.split()]
    )


def texts(segments: Sequence[Heard]) -> list[str]:
    """What each segment says, by its words."""
    return ["".join(word.word for word in part.words).strip() for part in segments]
