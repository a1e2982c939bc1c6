"""Hibari: English in a hundredth of the time it lasts, and how English is read. Runs in a worker process.

Its reader of English follows the rules Kokoro was taught with (misaki) and needs no espeak-ng, so it reads
for Kokoro too. Of its voices only the one in the package is used: it would download the others by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, cast

import hibari
import hibari.g2p

from batuta.services.speech.clips import Sound, write_clip
from batuta.services.speech.contract import (
    SAMPLE_RATE,
    PhonemesResult,
    PhonemesTask,
    SayResult,
    SayTask,
)

_SEED: Final = 0
"""Of the noise in its consonants: the same text gives the same sound."""


class _Reader(Protocol):
    def __call__(self, text: str) -> str: ...


class _Voice(Protocol):
    """What is used of hibari, which has no types."""

    def __call__(self, text: str, *, seed: int) -> Sound: ...

    def split_sentences(self, text: str) -> list[str]: ...


def say(task: SayTask, report: Callable[[float], None]) -> SayResult:
    """Do the task."""
    voice = _voice(task["voice"])
    pieces = task["pieces"]

    def spoken() -> Iterator[tuple[Sound, float]]:
        for done, piece in enumerate(pieces, 1):
            yield voice(piece["text"], seed=_SEED), piece["pause"]
            report(100 * done / len(pieces))

    return SayResult(duration=write_clip(Path(task["output"]), spoken(), SAMPLE_RATE))


def phonemes(task: PhonemesTask, report: Callable[[float], None]) -> PhonemesResult:
    """How English texts are read, in Kokoro's alphabet; `voice` is `GB` for British, else it is American."""
    del report
    reader, voice = _reader(british=task["voice"] == "GB"), _voice("heart")
    return PhonemesResult(
        phonemes=[
            " ".join(reader(sentence) for sentence in voice.split_sentences(text)) for text in task["texts"]
        ]
    )


@lru_cache(maxsize=1)
def _voice(name: str) -> _Voice:
    return cast("_Voice", hibari.Hibari(name))  # pyright: ignore[reportUnknownMemberType]  # it has no types


@lru_cache(maxsize=2)
def _reader(*, british: bool) -> _Reader:
    return cast("_Reader", hibari.g2p.G2P(british=british))
