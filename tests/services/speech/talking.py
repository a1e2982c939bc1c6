"""What the tests of speech have in common: texts, engines that answer as told, and ears."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from batuta.jobs.orders import OnProgress
from batuta.media.audio import AudioReader
from batuta.services.speech.clips import Sound, write_clip
from batuta.services.speech.contract import SAMPLE_RATE
from batuta.services.speech.voices import Voice

PORTUGUESE = "O menino comprou três maçãs no mercado ontem de manhã."


def heard(path: Path) -> Sound:
    """The samples of a clip; it is mono and of 24 kHz, or this fails."""
    reader = AudioReader(path)
    assert (reader.info.audio_codec, reader.sample_rate, reader.channels) == ("flac", SAMPLE_RATE, 1)
    return np.concatenate([block[0] for block in reader])


def silence_around(sound: Sound) -> tuple[float, float]:
    """Seconds before and after what is louder than a hundredth of the loudest sample."""
    loud = np.flatnonzero(np.abs(sound) >= 0.01 * np.abs(sound).max())
    return loud[0] / SAMPLE_RATE, (sound.size - 1 - loud[-1]) / SAMPLE_RATE


def tone(seconds: float = 0.5, level: float = 0.5, rate: int = SAMPLE_RATE) -> Sound:
    times = np.arange(round(seconds * rate), dtype=np.float32) / rate
    return (level * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


class Parrot:
    """A backend that whistles, unless the test has it do something else."""

    def __init__(self, *voices: Voice, does: Callable[[str], float | None] | None = None) -> None:
        self.identity = f"parrot-{voices[0].engine}"
        self.voices = voices
        self.asked: list[tuple[str, str]] = []
        self._does = does

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        self.asked.append((voice.name, text))
        seconds = self._does(text) if self._does is not None else None
        on_progress(100.0)
        return write_clip(output, [(tone(), 0.0)], SAMPLE_RATE) if seconds is None else seconds

    async def aclose(self) -> None:
        pass
