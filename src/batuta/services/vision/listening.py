"""A recording made into what every transcriber takes: FLAC, one channel of 16 kHz, at most two minutes.

Browsers record WebM with Opus, Safari MP4 with AAC; neither says how long it is until it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from batuta.errors import MediaError, PayloadTooLarge
from batuta.media.audio import AudioReader, Block
from batuta.services.normalizer.flac import write_flac
from batuta.services.vision.contract import MAX_SECONDS, ListenResult, ListenTask

SAMPLE_RATE: Final = 16_000
QUIETEST: Final = 10 ** (-60 / 20)
"""Of full scale, -60 dB: below it a microphone was off; the noise of a quiet room is louder."""


def listen(task: ListenTask, report: Callable[[float], None]) -> ListenResult:
    """Do the task; raises `UnreadableMedia`, `NoAudio`, `PayloadTooLarge`, `MediaError` for silence."""
    del report
    reader = AudioReader(Path(task["input"]), name=task["name"], sample_rate=SAMPLE_RATE, channels=1)
    sound = _Bounded(reader)
    samples = write_flac(Path(task["output"]), sound, SAMPLE_RATE, 1)
    if sound.peak < QUIETEST:
        raise MediaError(f"{task['name']} is silent: see that the microphone is on, and record it again")
    return ListenResult(duration=round(samples / SAMPLE_RATE, 3))


class _Bounded:
    """The sound, as long as it is not too long, and how loud it ever is."""

    def __init__(self, reader: AudioReader) -> None:
        self.peak = 0.0
        self._reader = reader

    def __iter__(self) -> Iterator[Block]:
        for block in self._reader:
            if self._reader.seconds_read > MAX_SECONDS:
                raise PayloadTooLarge(
                    f"{self._reader.name} is longer than {MAX_SECONDS} s: a sentence or two are enough"
                )
            self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
            yield block
