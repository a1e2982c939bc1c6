"""A stretch of the sound of a dub as a file of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from batuta.media.audio import Block
from batuta.services.normalizer.flac import write_flac

RATE: Final = 16_000
"""Of the sound that is extracted for recognition."""
_EARLY: Final = 1.0
"""Seconds before the cut at which reading begins: seeking lands on a frame's start, not on a sample."""


def cut(sound: Path, start: float, end: float, folder: Path) -> Path:
    """Mono FLAC at 16 kHz of what is heard from `start` to `end` (seconds), in a new file in `folder`.

    Seeks, so that a cut costs the same wherever it is. What is past the end of the sound is silence.
    """
    wanted = max(round((end - start) * RATE), 1)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".flac", delete=False) as file:
        output = Path(file.name)
    write_flac(output, _exactly(_from(sound, start), wanted), RATE, 1)
    return output


def _from(sound: Path, start: float) -> Iterator[Block]:
    """What is heard from `start` on."""
    resampler = AudioResampler(format="fltp", layout="mono", rate=RATE)
    with av.open(sound) as container:
        stream = container.streams.audio[0]
        container.seek(int(max(start - _EARLY, 0.0) * av.time_base))
        position = -1.0
        for frame in container.decode(stream):
            if position < 0:
                position = frame.time or 0.0
            for part in resampler.resample(frame):
                block = part.to_ndarray().astype(np.float32, copy=False)
                early = round((start - position) * RATE)
                position += block.shape[1] / RATE
                if early < block.shape[1]:
                    yield block[:, max(early, 0) :]


def _exactly(blocks: Iterator[Block], wanted: int) -> Iterator[Block]:
    for block in blocks:
        yield block[:, :wanted]
        wanted -= block.shape[1]
        if wanted <= 0:
            return
    yield np.zeros((1, wanted), np.float32)
