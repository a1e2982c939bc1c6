"""Clips onto a time line: one pass over it, each clip read when its time comes and dropped when it is over.

The cost grows with the length of the medium plus that of the clips, never with their product.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from batuta.media.audio import Block
from batuta.services.audio_worker.ducking import Ducking
from batuta.services.audio_worker.voices import SAMPLE_RATE, Clip, Voice


class Placing:
    """Lays voices over a background; afterwards it knows where they are."""

    def __init__(self, clips: Sequence[Clip], load: Callable[[Clip], Voice], samples: int) -> None:
        """`samples` is how long the time line is; clips that begin later are never loaded."""
        self.actual_starts: list[float | None] = [None] * len(clips)
        """By clip, in the order given: when its first sample was put, in seconds."""
        self.clip_seconds = [0.0] * len(clips)
        self._load = load
        self._waiting = deque(sorted((clip for clip in clips if clip.start < samples), key=_start))
        self._sounding: list[Voice] = []

    def over(self, background: Iterable[Block], ducking: Ducking | None) -> Iterator[Block]:
        """The background, turned down, with the voices on it; changes its blocks."""
        position = 0
        for block in background:
            if ducking is not None:
                ducking.apply(block, position)
            self._add(block, position)
            position += block.shape[1]
            yield block

    def _add(self, block: Block, position: int) -> None:
        end = position + block.shape[1]
        while self._waiting and self._waiting[0].start < end:
            self._sounding.append(self._load(self._waiting.popleft()))
        for voice in self._sounding:
            first, last = max(voice.start, position), min(voice.end, end)
            if first >= last:
                continue
            block[:, first - position : last - position] += voice.sound[
                :, first - voice.start : last - voice.start
            ]
            if self.actual_starts[voice.number] is None:
                self.actual_starts[voice.number] = first / SAMPLE_RATE
            self.clip_seconds[voice.number] += (last - first) / SAMPLE_RATE
        self._sounding = [voice for voice in self._sounding if voice.end > end]


def exactly(blocks: Iterable[Block], samples: int, channels: int) -> Iterator[Block]:
    """The sound, cut or filled up with silence to be so long."""
    given = 0
    for block in blocks:
        part = block[:, : samples - given]
        given += part.shape[1]
        if part.shape[1]:
            yield part
        if given == samples:
            return
    while given < samples:
        silence = np.zeros((channels, min(SAMPLE_RATE // 2, samples - given)), np.float32)
        given += silence.shape[1]
        yield silence


def _start(clip: Clip) -> int:
    return clip.start
