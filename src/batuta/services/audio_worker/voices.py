"""The clips of a dub: read when their time comes, as fast as planned, all equally loud.

Engines differ in how loud they speak; a fallback in the middle of a dub must not be heard as a jump. `atempo`
changes the tempo and keeps the pitch (facts: media engines, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from batuta.errors import InvalidRequest, MediaError
from batuta.media.audio import AudioReader, Block
from batuta.services.audio_worker.loudness import loudness_of
from batuta.services.audio_worker.orders import LONGEST_CLIP_SECONDS
from batuta.services.normalizer.filters import Filter, FilterChain

SAMPLE_RATE: Final = 48_000
MAX_LEVELLING_DB: Final = 24.0
"""More would be noise made loud."""
FADE_SECONDS: Final = 0.03
"""Where the medium ends before the clip does."""

_SAME_TEMPO: Final = 0.001
"""Nearer to 1 nobody hears it."""
_EDGE_SECONDS: Final = 0.005
"""Where the stretched sound is a little longer than it should be."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is yet to be read: it begins at the sample `start`."""

    number: int
    reader: AudioReader
    start: int
    tempo: float

    @property
    def planned_seconds(self) -> float:
        """How long it will be, by what its file says."""
        return (self.reader.info.duration or 0.0) / self.tempo


@dataclass(frozen=True, slots=True)
class Voice:
    """A clip's sound, one channel of 48 kHz, from the sample `start` on."""

    number: int
    start: int
    sound: Block

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + self.sound.shape[1]


def clip_at(number: int, path: Path, start: float, tempo: float) -> Clip:
    """The clip, opened to see that it is one; raises `MediaError` or `InvalidRequest`, with its number."""
    name = f"clip_{number}"
    reader = AudioReader(path, name=name, channels=1)
    reader.sample_rate = min(reader.sample_rate, SAMPLE_RATE)
    duration = reader.info.duration
    if duration is None or duration > LONGEST_CLIP_SECONDS:
        length = "of unknown length" if duration is None else f"{duration:.0f} s long"
        raise InvalidRequest(f"{name} is {length}; a clip may last {LONGEST_CLIP_SECONDS:.0f} s: split it.")
    return Clip(number, reader, round(start * SAMPLE_RATE), tempo)


def spoken(clip: Clip, loudness: float, end: int) -> Voice:
    """The clip's sound at this loudness (LUFS), not beyond the sample `end`."""
    sound, rate = _whole(clip), clip.reader.sample_rate
    sound = at_tempo(sound * _levelling(sound, rate, loudness), rate, clip.tempo)
    if clip.start + sound.shape[1] > end:
        sound = sound[:, : end - clip.start]
        _fade_out(sound, FADE_SECONDS)
    return Voice(clip.number, clip.start, sound)


def at_tempo(sound: Block, sample_rate: int, tempo: float) -> Block:
    """The sound at 48 kHz, `tempo` times as fast at the same pitch, exactly as long as that makes it."""
    filters: list[Filter] = []
    if abs(tempo - 1) >= _SAME_TEMPO:
        filters.append(("atempo", f"{tempo:.6f}"))
    if sample_rate != SAMPLE_RATE:
        filters.append(("aresample", str(SAMPLE_RATE)))
    if not filters:
        return sound
    expected = round(sound.shape[1] * SAMPLE_RATE / sample_rate / tempo)
    chain = FilterChain(sample_rate, sound.shape[0], *filters)
    found = np.concatenate([np.zeros((sound.shape[0], 0), np.float32), *chain.run([sound])], axis=1)
    if found.shape[1] > expected:
        found = found[:, :expected]
        _fade_out(found, _EDGE_SECONDS)
    return np.pad(found, ((0, 0), (0, expected - found.shape[1])))


def _whole(clip: Clip) -> Block:
    blocks: list[Block] = []
    for block in clip.reader:
        blocks.append(block)
        if clip.reader.seconds_read > LONGEST_CLIP_SECONDS + 1:
            raise MediaError(
                f"{clip.reader.name} claims {clip.reader.info.duration:.0f} s and goes on after"
                f" {LONGEST_CLIP_SECONDS:.0f} s: have it made again."
            )
    return np.concatenate(blocks, axis=1)


def _levelling(sound: Block, sample_rate: int, loudness: float) -> np.float32:
    """The factor that brings the sound to this loudness."""
    found = loudness_of(sound, sample_rate)
    gain = 0.0 if found is None else min(max(loudness - found, -MAX_LEVELLING_DB), MAX_LEVELLING_DB)
    return np.float32(10 ** (gain / 20))


def _fade_out(sound: Block, seconds: float) -> None:
    """Let the end of the sound go to nothing, in place."""
    samples = min(round(seconds * SAMPLE_RATE), sound.shape[1])
    sound[:, sound.shape[1] - samples :] *= np.linspace(1, 0, samples, dtype=np.float32)
