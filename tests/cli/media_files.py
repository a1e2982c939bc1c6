"""Media files made for the tests, with PyAV."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 16_000
FRAMES_PER_SECOND = 10


def silent_audio(path: Path, seconds: float) -> None:
    """Digital silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        samples = np.zeros((1, int(RATE * seconds)), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def beginning(path: Path, whole: Path, seconds: float) -> None:
    """The first seconds of a WAV file."""
    with wave.open(str(whole)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(int(source.getframerate() * seconds)))


def video_without_audio(path: Path, seconds: float = 2.0) -> None:
    """Grey pictures and no sound."""
    with av.open(str(path), "w", format="mp4") as container:
        video = _video_stream(container)
        _pictures(container, video, seconds)


def speech_video(path: Path, speech: Path, *, index_in_front: bool = False) -> None:
    """Grey pictures with the speech of another file, as AAC."""
    options = {"movflags": "faststart"} if index_in_front else {}
    with av.open(str(speech)) as source, av.open(str(path), "w", format="mp4", options=options) as container:
        video = _video_stream(container)
        rate = source.streams.audio[0].rate
        audio = container.add_stream("aac", rate=rate, layout="mono")
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        duration = float(source.streams.audio[0].duration * source.streams.audio[0].time_base)
        _pictures(container, video, duration)
        for frame in source.decode(audio=0):
            for converted in resampler.resample(frame):
                container.mux(audio.encode(converted))
        for converted in resampler.resample(None):
            container.mux(audio.encode(converted))
        container.mux(audio.encode(None))


def truncated(whole: Path, path: Path, share: float = 0.6) -> None:
    """The first part of the file's bytes."""
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def _video_stream(container: av.container.OutputContainer) -> av.VideoStream:
    video = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
    video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
    return video


def _pictures(container: av.container.OutputContainer, video: av.VideoStream, seconds: float) -> None:
    for number in range(int(seconds * FRAMES_PER_SECOND)):
        pixels = np.full((90, 160, 3), number % 256, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        container.mux(video.encode(frame))
    container.mux(video.encode(None))
