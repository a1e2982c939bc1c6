"""Which language is spoken: from the first chunks with speech, once for a whole file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from batuta.services.transcriber.chunks import Chunk
from batuta.services.transcriber.vad import SAMPLE_RATE, Samples

SURE: Final = 0.5
"""A language this probable is believed."""
MOST_LISTENING: Final = 3
"""Chunks with speech that are heard before the most probable language is taken all the same."""
MOST_SECONDS: Final = 90.0
"""How much of a file is read when only its language is asked for."""


class Linguist(Protocol):
    """What is asked of a recogniser."""

    @property
    def english_only(self) -> bool:
        """Whether it knows no other language."""
        ...

    def language_probabilities(self, sound: Samples) -> dict[str, float]:
        """How probable each language is in up to 30 s of speech."""
        ...


@dataclass(frozen=True, slots=True)
class Detected:
    """The language, how sure that is (`None` where nobody had to find out), and the chunks it took."""

    language: str | None
    probability: float | None
    chunks: tuple[Chunk, ...]


def detect(chunks: Iterator[Chunk], linguist: Linguist) -> Detected:
    """Listen until the language is sure, or three chunks with speech are heard; no language in silence."""
    held: list[Chunk] = []
    votes: Counter[str] = Counter()
    listened = 0
    for chunk in chunks:
        held.append(chunk)
        if not chunk.speech:
            continue
        if linguist.english_only:
            return Detected("en", None, tuple(held))
        votes.update(linguist.language_probabilities(chunk.sound))
        listened += 1
        if max(votes.values()) / listened >= SURE or listened == MOST_LISTENING:
            break
    if not listened:
        return Detected(None, None, tuple(held))
    (language, vote), *_ = votes.most_common(1)
    return Detected(language, round(vote / listened, 4), tuple(held))


def beginning(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The first 90 s of a sound; what comes later is not even read."""
    seconds = 0.0
    for block in blocks:
        yield block
        seconds += len(block) / SAMPLE_RATE
        if seconds >= MOST_SECONDS:
            return
