"""Sound to spectra and back, block by block: what went in comes out, at the same place, to the sample.

Frames of 4096 samples under a Hann window, 1024 apart, as Spleeter learned them. Every sample lies in four
frames, also the first and the last ones, so the squares of the windows add up to the same everywhere and no
border needs special care. Only what lies below 11 kHz (1024 bins) is kept: Spleeter knows nothing above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from batuta.media.audio import Block

Spectrum: TypeAlias = npt.NDArray[np.complex64]
"""Shape (channels, frames, `BINS`)."""

FRAME: Final = 4096
HOP: Final = 1024
BINS: Final = 1024

_LEAD: Final = FRAME - HOP
"""Silence before the first sample, so that it too lies in four frames."""
_FRAMES_AT_ONCE: Final = 64
_WINDOW: Final = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_WINDOW_BACK: Final = (_WINDOW / 1.5).astype(np.float32)
"""Four squares of a Hann window, a quarter of its length apart, add up to 1.5."""


class Analysis:
    """Takes sound of any block size and gives the spectra of the frames that are complete."""

    def __init__(self, channels: int) -> None:
        self.samples = 0
        """Samples taken so far."""
        self._held = np.zeros((channels, _LEAD), np.float32)

    def run(self, blocks: Iterable[Block]) -> Iterator[Spectrum]:
        """The spectra that each block completes, maybe none; the last frames are filled up with silence."""
        for block in blocks:
            self.samples += block.shape[1]
            yield self._spectra(block)
        frames = -(-(_LEAD + self.samples) // HOP)  # as many as begin before the end
        given = (_LEAD + self.samples - self._held.shape[1]) // HOP
        missing = (frames - given - 1) * HOP + FRAME - self._held.shape[1]
        yield self._spectra(np.zeros((self._held.shape[0], missing), np.float32))

    def _spectra(self, block: Block) -> Spectrum:
        sound = np.concatenate([self._held, block], axis=1)
        frames = max((sound.shape[1] - FRAME) // HOP + 1, 0)
        self._held = sound[:, frames * HOP :]
        if not frames:
            return np.zeros((sound.shape[0], 0, BINS), np.complex64)
        views = np.lib.stride_tricks.sliding_window_view(sound, FRAME, axis=1)[:, : frames * HOP : HOP]
        return np.asarray(np.fft.rfft(views * _WINDOW)[..., :BINS], np.complex64)


class Synthesis:
    """Takes the spectra of frames in their order and gives back the sound they are complete for."""

    def __init__(self, channels: int) -> None:
        self._tail = np.zeros((channels, _LEAD), np.float32)
        self._lead = _LEAD

    def feed(self, spectra: Spectrum) -> list[Block]:
        """The sound of these frames, but for what the next ones add to."""
        starts = range(0, spectra.shape[1], _FRAMES_AT_ONCE)
        return [self._sound(spectra[:, start : start + _FRAMES_AT_ONCE]) for start in starts]

    def _sound(self, spectra: Spectrum) -> Block:
        channels, frames, _ = spectra.shape
        pieces = np.asarray(np.fft.irfft(spectra, FRAME), np.float32) * _WINDOW_BACK
        pieces = pieces.reshape(channels, frames, FRAME // HOP, HOP)
        sound = np.zeros((channels, frames + FRAME // HOP - 1, HOP), np.float32)
        sound[:, : FRAME // HOP - 1] = self._tail.reshape(channels, -1, HOP)
        for part in range(FRAME // HOP):
            sound[:, part : part + frames] += pieces[:, :, part]
        whole = sound.reshape(channels, -1)
        self._tail = whole[:, frames * HOP :].copy()
        skipped = min(self._lead, frames * HOP)
        self._lead -= skipped
        return whole[:, skipped : frames * HOP]
