"""Sounds of engines into one clip: the silence around each trimmed, pauses between, nothing too loud."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from batuta.services.normalizer.filters import FilterChain
from batuta.services.normalizer.flac import write_flac
from batuta.services.speech.contract import SAMPLE_RATE

Sound: TypeAlias = npt.NDArray[np.float32]
"""One channel, of shape (samples,); full scale is -1.0 to 1.0."""

SILENCE_SECONDS: Final = 0.2
"""A clip for a text with nothing to say."""
_HEARD: Final = 0.01
"""Of the loudest sample (-40 dB): where a voice begins and ends."""
_FAINTEST: Final = 10 ** (-60 / 20)
"""Of full scale: an engine whose loudest sample is below it said nothing."""
_BEFORE_SECONDS: Final = 0.02
_AFTER_SECONDS: Final = 0.04
"""Kept around what is heard: the soft beginning and end of a consonant."""
_FADE_SECONDS: Final = 0.005
_LOUDEST: Final = 10 ** (-1 / 20)
"""-1 dB of full scale; resampling and encoding afterwards must not clip."""


def write_clip(path: Path, parts: Iterable[tuple[Sound, float]], sample_rate: int) -> float:
    """Write the parts, each with the pause after it in seconds, and return the length in seconds.

    Zero, and no file, when nothing is heard in any of them. The same sounds give the same bytes.
    """
    joined: list[Sound] = []
    pause = 0.0
    for sound, after in parts:
        heard = trimmed(_resampled(sound, sample_rate))
        if heard.size:
            if joined:
                joined.append(_silence(pause))
            joined.append(heard)
            pause = after
    if not joined:
        return 0.0
    clip = np.concatenate(joined)
    clip *= min(1.0, _LOUDEST / float(np.abs(clip).max()))
    return _written(path, clip)


def write_silence(path: Path) -> float:
    """Write the clip of a text with nothing to say, and return its length in seconds."""
    return _written(path, _silence(SILENCE_SECONDS))


def from_pcm(content: bytes) -> Sound:
    """Samples of 16 bits, as older engines give them."""
    return np.frombuffer(content, "<i2").astype(np.float32) * np.float32(1 / 32768)


def trimmed(sound: Sound) -> Sound:
    """What is heard of it, faded in and out so that no edge clicks; empty when nothing is."""
    sound = np.nan_to_num(sound)
    loudness = np.abs(sound)
    loudest = float(loudness.max(initial=0.0))
    if loudest < _FAINTEST:
        return sound[:0]
    heard = np.flatnonzero(loudness >= _HEARD * loudest)
    begin = max(0, int(heard[0]) - _samples(_BEFORE_SECONDS))
    end = min(sound.size, int(heard[-1]) + 1 + _samples(_AFTER_SECONDS))
    kept = sound[begin:end].copy()
    faded = min(_samples(_FADE_SECONDS), kept.size // 2)
    ramp = np.linspace(0, 1, faded, dtype=np.float32)
    kept[:faded] *= ramp
    kept[kept.size - faded :] *= ramp[::-1]
    return kept


def _resampled(sound: Sound, sample_rate: int) -> Sound:
    if sample_rate == SAMPLE_RATE or not sound.size:
        return sound
    blocks = FilterChain(sample_rate, 1, ("aresample", str(SAMPLE_RATE))).run([sound[np.newaxis]])
    return np.concatenate([block[0] for block in blocks])


def _written(path: Path, clip: Sound) -> float:
    return write_flac(path, [clip[np.newaxis]], SAMPLE_RATE, 1) / SAMPLE_RATE


def _silence(seconds: float) -> Sound:
    return np.zeros(_samples(seconds), np.float32)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
