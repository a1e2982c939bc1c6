"""Noise removal with RNNoise, made gentle enough for a recogniser to gain from it.

RNNoise at full strength takes consonants away with the noise. On 31 noisy versions of two recordings (white
noise, a pub, applause; 8, 5 and 0 dB) Whisper base makes 23.8 % errors without it, 22.1 % when half of the
original stays in the mix, which still lowers the noise by 6 dB, and 23.2 % when 40 % stay. At full strength
the errors triple: with the three noises at 5 dB, 6, 7 and 10 % became 18, 29 and 30 %.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, Self, cast

import numpy as np
from pyrnnoise import rnnoise

from batuta.media.audio import Block

SAMPLE_RATE: Final = 48_000
"""The only rate RNNoise knows."""
STRENGTH: Final = 0.5
"""Share of the cleaned sound in the mix."""

_FRAME: Final = 480
_DELAY: Final = 960
"""Samples by which RNNoise is late, found by cross-correlation: the time line must not move."""
_FULL_SCALE: Final = 32768.0
"""RNNoise takes floats in the range of 16-bit samples."""
_Floats: Final = ctypes.POINTER(ctypes.c_float)


class _Library(Protocol):
    """What is used of librnnoise; pyrnnoise's own wrapper rounds to 16 bits that wrap around on clipping."""

    def rnnoise_create(self, model: None) -> int: ...
    def rnnoise_destroy(self, state: int) -> None: ...
    def rnnoise_process_frame(self, state: int, cleaned: object, sound: object) -> float: ...


_library: Final = cast("_Library", rnnoise.lib)


def denoised(blocks: Iterable[Block], channels: int) -> Iterator[Block]:
    """Blocks at 48 kHz with less noise in them, at the same times and of the same length in all."""
    with _Cleaner(channels) as cleaner:
        original = np.zeros((channels, 0), np.float32)
        for block in blocks:
            original = np.concatenate([original, block], axis=1)
            cleaned = cleaner.feed(block)
            answered = cleaned.shape[1]
            yield _mixed(original[:, :answered], cleaned)
            original = original[:, answered:]
        cleaned = cleaner.feed(np.zeros((channels, _DELAY + _FRAME), np.float32))
        yield _mixed(original, cleaned[:, : original.shape[1]])


def _mixed(original: Block, cleaned: Block) -> Block:
    return np.asarray(original + STRENGTH * (cleaned - original), np.float32)


class _Cleaner:
    """RNNoise for each channel, its delay taken off; what it gives is up to three frames behind."""

    def __init__(self, channels: int) -> None:
        self._states = [_library.rnnoise_create(None) for _ in range(channels)]
        self._rest = np.zeros((channels, 0), np.float32)
        self._late = _DELAY

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for state in self._states:
            _library.rnnoise_destroy(state)

    def feed(self, block: Block) -> Block:
        """As much as is ready; whole frames go in, the rest waits."""
        sound = np.concatenate([self._rest, block], axis=1)
        whole = sound.shape[1] // _FRAME * _FRAME
        self._rest = sound[:, whole:]
        cleaned = np.ascontiguousarray(sound[:, :whole]) * np.float32(_FULL_SCALE)
        for state, channel in zip(self._states, cleaned, strict=True):
            for start in range(0, whole, _FRAME):
                frame = channel[start : start + _FRAME].ctypes.data_as(_Floats)
                _library.rnnoise_process_frame(state, frame, frame)
        skipped = min(self._late, whole)
        self._late -= skipped
        return np.asarray(cleaned[:, skipped:] / _FULL_SCALE, np.float32)
