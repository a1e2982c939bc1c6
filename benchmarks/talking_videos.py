"""Videos of the demo recording with music under it, and long ones in which next to nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from batuta.media.audio import AudioReader

RATE = 48_000
BLOCK = 1024
CHORD = (220.0, 277.2, 329.6, 440.0)
Sound = npt.NDArray[np.float32]


def spoken(recording: Path, seconds: float) -> Sound:
    """The beginning of the recording, one channel of 48 kHz."""
    blocks = list(AudioReader(recording, sample_rate=RATE, channels=1))
    return np.concatenate(blocks, axis=1)[:, : round(seconds * RATE)]


def music(seconds: float) -> Sound:
    """A chord that swells and fades."""
    time = np.arange(round(seconds * RATE)) / RATE
    swell = 0.6 + 0.4 * np.sin(np.pi * time)
    return np.asarray(sum(0.02 * np.sin(2 * np.pi * hertz * time) for hertz in CHORD) * swell, np.float32)[
        None
    ]


def film(path: Path, sound: Sound, seconds: float, fps: int = 25) -> Path:
    """A video of so many seconds; after the sound there is silence."""
    with av.open(str(path), "w") as file:
        picture = file.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 160, 90, "yuv420p"
        track = file.add_stream("aac", rate=RATE, layout="mono")
        shown = 0
        for number, block in enumerate(_blocks(sound, round(seconds * RATE))):
            while shown * RATE < number * BLOCK * fps:
                for packet in picture.encode(_picture(shown, fps)):
                    file.mux(packet)
                shown += 1
            frame = av.AudioFrame.from_ndarray(block, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, number * BLOCK, Fraction(1, RATE)
            for packet in track.encode(frame):
                file.mux(packet)
        for packet in (*picture.encode(None), *track.encode(None)):
            file.mux(packet)
    return path


def _blocks(sound: Sound, samples: int) -> Iterator[Sound]:
    for first in range(0, samples, BLOCK):
        block = np.zeros((1, min(BLOCK, samples - first)), np.float32)
        there = sound[:, first : first + block.shape[1]]
        block[:, : there.shape[1]] = there
        yield block


def _picture(number: int, fps: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), number % 256, np.uint8), "rgb24")
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame
