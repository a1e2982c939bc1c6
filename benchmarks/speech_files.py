"""Real speech as long as it is wanted: the demo recording over and over."""

from __future__ import annotations

import wave
from pathlib import Path

from batuta.settings import Settings
from batuta.weights import Weights

RECORDING = "speech-two-cities"


async def speech(path: Path, seconds: float, offset: float = 0.0) -> Path:
    """Write so many seconds of speech, from the offset on; what it takes is pulled if it is not there."""
    weights = Weights.from_settings(Settings())
    await weights.ensure("whisper-base")
    recording = await weights.ensure(RECORDING) / "two_cities.wav"
    with wave.open(str(recording)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        source.setpos(int(offset * source.getframerate()))
        left = int(seconds * source.getframerate())
        while left > 0:
            frames = source.readframes(min(left, source.getframerate()))
            if not frames:
                source.rewind()
                continue
            target.writeframes(frames)
            left -= len(frames) // (source.getsampwidth() * source.getnchannels())
    return path
