"""Sound into a FLAC file of 16 bits: the same sound gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer

from batuta.media.audio import LAYOUTS, Block

_FULL_SCALE: Final = 32767


def write_flac(path: Path, blocks: Iterable[Block], sample_rate: int, channels: int) -> int:
    """Write the blocks and return the number of samples; no dates, no tags, no version of the encoder."""
    written = 0
    with av.open(path, "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=sample_rate)  # pyright: ignore[reportUnknownMemberType]  # **kwargs
        stream.layout = LAYOUTS[channels]
        stream.format = "s16"
        stream.codec_context.flags |= Flags.bitexact
        for block in blocks:
            frame = _frame(block, sample_rate)
            frame.pts = written
            written += block.shape[1]
            _encode(container, stream, frame)
        _encode(container, stream, None)
    return written


def _encode(container: OutputContainer, stream: AudioStream, frame: AudioFrame | None) -> None:
    container.mux(stream.encode(frame))  # pyright: ignore[reportUnknownMemberType]  # PyAV leaves Packet[…] open


def _frame(block: Block, sample_rate: int) -> AudioFrame:
    samples = np.rint(np.clip(block, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)
    frame = AudioFrame.from_ndarray(samples.T.reshape(1, -1), "s16", LAYOUTS[block.shape[0]])
    frame.sample_rate = sample_rate
    return frame
