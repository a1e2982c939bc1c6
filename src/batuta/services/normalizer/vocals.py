"""Only the voices of a sound of any rate, on the same samples: there to what Spleeter works on, and back.

The model is in memory while it works and no longer: an engine that has nothing to isolate never loads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from batuta.media.audio import Block
from batuta.services.normalizer.filters import Filter, FilterChain
from batuta.services.normalizer.spleeter.separation import CHANNELS, SAMPLE_RATE, Model, separate


def load_model(folder: Path, threads: int) -> Model:
    """Spleeter with the weights in `folder`, on so many cores."""
    # Imported here, because only who wants voices shall pay for onnxruntime in memory and time.
    from batuta.services.normalizer.spleeter.model import load  # noqa: PLC0415

    return load(folder, threads)


def isolated(blocks: Iterable[Block], sample_rate: int, channels: int, model: Model) -> Iterator[Block]:
    """The voices in these stereo blocks, mixed to `channels` (1 or 2), of exactly the same length in all.

    Nothing above 11 kHz is left, nor above half of `sample_rate`.
    """
    there = FilterChain(sample_rate, CHANNELS, *_resample(sample_rate, SAMPLE_RATE))
    mono: tuple[Filter, ...] = (("aformat", "channel_layouts=mono"),) if channels == 1 else ()
    back = FilterChain(SAMPLE_RATE, CHANNELS, *mono, *_resample(SAMPLE_RATE, sample_rate))
    counter = _Counter()
    voices = back.run(separate(there.run(counter.over(blocks)), model))
    # A change of rate and back may gain or lose a sample at the end.
    given = 0
    for block in voices:
        voice = block[:, : counter.samples - given]
        given += voice.shape[1]
        yield voice
    if given < counter.samples:
        yield np.zeros((channels, counter.samples - given), np.float32)


def _resample(before: int, after: int) -> tuple[Filter, ...]:
    return () if before == after else (("aresample", str(after)),)


class _Counter:
    """Knows how many samples have passed."""

    def __init__(self) -> None:
        self.samples = 0

    def over(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self.samples += block.shape[1]
            yield block
