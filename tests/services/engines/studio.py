"""Sounds and media files made for the tests, and a second opinion (PyAV alone) on what comes out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]
"""Shape (channels, samples)."""

LAYOUTS = {1: "mono", 2: "stereo"}
FRAME = 1024


def tone(
    seconds: float, rate: int = 48_000, *, hertz: float = 440, db: float = -12, channels: int = 1
) -> Sound:
    """A sine of this level (peak, in dB of full scale)."""
    time = np.arange(round(seconds * rate)) / rate
    return np.tile((10 ** (db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32), (channels, 1))


def silence(seconds: float, rate: int = 48_000) -> Sound:
    return np.zeros((1, round(seconds * rate)), np.float32)


def hiss(seconds: float, rate: int = 48_000, *, db: float = -30) -> Sound:
    """White noise of this RMS level, the same each time."""
    noise = np.random.default_rng(1).standard_normal((1, round(seconds * rate)))
    return np.asarray(noise * 10 ** (db / 20), np.float32)


def talk(seconds: float, rate: int = 48_000, *, db: float = -20) -> Sound:
    """What speech looks like to a level meter: syllables of coloured noise, four a second, and pauses."""
    time = np.arange(round(seconds * rate)) / rate
    syllables = np.sin(2 * np.pi * 4 * time).clip(0) ** 2 * (np.sin(2 * np.pi * 0.4 * time) > -0.3)
    voice = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    return np.asarray(10 ** (db / 20) * syllables * voice, np.float32)[None]


def write(
    path: Path,
    sound: Sound,
    rate: int = 48_000,
    *,
    codec: str = "aac",
    start: float = 0.0,
    gap: tuple[float, float] | None = None,
    picture: bool = False,
    container: str | None = None,
) -> Path:
    """A media file whose sound starts at `start` and, at `gap[0]`, pauses its clock for `gap[1]` seconds."""
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = LAYOUTS[sound.shape[0]]
        if picture:
            _paint(file, start + sound.shape[1] / rate)
        size = stream.codec_context.frame_size or FRAME
        for first in range(0, sound.shape[1], size):
            late = gap is not None and first >= gap[0] * rate
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[:, first : first + size]), "fltp", LAYOUTS[sound.shape[0]]
            )
            frame.sample_rate = rate
            frame.time_base = Fraction(1, rate)
            frame.pts = first + round((start + (gap[1] if gap and late else 0)) * rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_picture_only(path: Path, seconds: float = 1.0) -> Path:
    with av.open(str(path), "w") as file:
        _paint(file, seconds)
    return path


def _paint(file: av.container.OutputContainer, seconds: float) -> None:
    stream = file.add_stream("flv" if file.format.name == "flv" else "mpeg4", rate=10)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    for number in range(math.ceil(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
        frame.pts = number
        frame.time_base = Fraction(1, 10)
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def read(path: Path) -> tuple[Sound, int]:
    """All of a file's first audio stream, as it is stored."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        layout = av.AudioResampler("fltp", stream.layout.name, stream.rate)
        parts = [out.to_ndarray() for frame in file.decode(stream) for out in layout.resample(frame)]
        return np.concatenate(parts, axis=1), stream.rate


def blocks(sound: Sound, size: int) -> Iterator[Sound]:
    for first in range(0, sound.shape[1], size):
        yield sound[:, first : first + size]


def onset(sound: Sound, rate: int, level: float = 0.02) -> float:
    """When the sound first reaches this level, in seconds."""
    return int(np.flatnonzero(np.abs(sound[0]) > level)[0]) / rate


def rms_db(sound: Sound) -> float:
    return 10 * math.log10(float(np.square(sound).mean()) + 1e-12)
