"""Voices out of a mix of any length, in constant memory: one chunk's answer is faded into the next one's.

The model sees 512 frames (12 s) at a time, as it did when it learned. Neighbouring chunks have 43 frames
(1 s) in common, in which its answer for the one is faded into that for the other. Fading shares instead of
sounds keeps one spectrum for the whole file: between two chunks there is no seam that could be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from batuta.media.audio import Block
from batuta.services.normalizer.spleeter.spectrum import BINS, Analysis, Spectrum, Synthesis

SAMPLE_RATE: Final = 44_100
CHANNELS: Final = 2
CHUNK_FRAMES: Final = 512
FADE_FRAMES: Final = 43

_FADE: Final = (np.arange(1, FADE_FRAMES + 1, dtype=np.float32) / (FADE_FRAMES + 1))[:, None]

Magnitudes: TypeAlias = npt.NDArray[np.float32]
"""Shape (`CHANNELS`, `CHUNK_FRAMES`, `BINS`), never negative."""


class Model(Protocol):
    """Whoever knows how much of a mix is voice."""

    def share(self, magnitudes: Magnitudes) -> Magnitudes:
        """The share of the voice in each magnitude, 0 to 1, in the same shape."""
        ...


def separate(blocks: Iterable[Block], model: Model) -> Iterator[Block]:
    """The voices in these blocks of stereo at 44.1 kHz, without what is above 11 kHz.

    The blocks have other borders than those that went in, but the same samples at the same places in all: mix
    minus voices is everything else. They are up to a chunk late.
    """
    analysis, synthesis = Analysis(CHANNELS), Synthesis(CHANNELS)
    given = 0
    for voices in _Chunks(model).run(analysis.run(blocks)):
        for block in synthesis.feed(voices):
            # The silence that filled up the last frame is no part of the sound.
            sound = block[:, : analysis.samples - given]
            given += sound.shape[1]
            yield sound


class _Chunks:
    """Takes spectra of the mix and gives those of the voices in it."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._mix = np.zeros((CHANNELS, 0, BINS), np.complex64)
        self._before = np.zeros((CHANNELS, 0, BINS), np.float32)
        """What the chunk before says about the first frames of `_mix`: none of them, or `FADE_FRAMES`."""

    def run(self, spectra: Iterable[Spectrum]) -> Iterator[Spectrum]:
        """The voices of each chunk once it is complete, but for the frames it shares with the next."""
        ready = CHUNK_FRAMES - FADE_FRAMES
        for mix in spectra:
            self._mix = np.concatenate([self._mix, mix], axis=1)
            while self._mix.shape[1] >= CHUNK_FRAMES:
                share = self._share(self._mix[:, :CHUNK_FRAMES])
                yield self._mix[:, :ready] * share[:, :ready]
                self._mix, self._before = self._mix[:, ready:].copy(), share[:, ready:].copy()
        yield self._rest()

    def _rest(self) -> Spectrum:
        """The voices of what is left."""
        frames = self._mix.shape[1]
        if frames <= self._before.shape[1]:  # nothing in it that the chunk before has not answered
            return self._mix * self._before[:, :frames]
        rest = np.zeros((CHANNELS, CHUNK_FRAMES, BINS), np.complex64)
        rest[:, :frames] = self._mix
        return self._mix * self._share(rest)[:, :frames]

    def _share(self, chunk: Spectrum) -> Magnitudes:
        """The model's answer for this chunk, out of the answer for the one before."""
        share = self._model.share(np.abs(chunk))
        fading = self._before.shape[1]
        share[:, :fading] = (1 - _FADE[:fading]) * self._before + _FADE[:fading] * share[:, :fading]
        return share
