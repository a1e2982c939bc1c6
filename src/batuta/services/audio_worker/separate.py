"""separate: a bed to speak over: the sound minus the voices in it, on the same samples.

What is taken away is what Spleeter hears as voice; highs and ambience stay (facts: media engines, section 5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from batuta.media.audio import AudioReader, Block
from batuta.services.audio_worker.contract import ENGINE_VERSION, SeparateResult, SeparateTask
from batuta.services.audio_worker.files import half_written
from batuta.services.audio_worker.loudness import LoudnessMeter
from batuta.services.normalizer import vocals
from batuta.services.normalizer.flac import write_flac
from batuta.services.normalizer.passes import Progress
from batuta.services.normalizer.spleeter.separation import CHANNELS, SAMPLE_RATE, Model, separate


def separate_bed(task: SeparateTask, progress: Progress) -> SeparateResult:
    """Do the task; raises `NoAudio`, `UnreadableMedia`, `PayloadTooLarge`."""
    model = vocals.load_model(Path(task["weights"]), task["threads"])
    reader = AudioReader(Path(task["source"]), name=task["name"], sample_rate=SAMPLE_RATE, channels=CHANNELS)
    voices = LoudnessMeter(SAMPLE_RATE, CHANNELS)
    output = Path(task["output"])
    with half_written(output) as part:
        bed = without_voices(progress.over(reader, until=100), model, voices)
        samples = write_flac(part, bed, SAMPLE_RATE, CHANNELS)
    return SeparateResult(
        output=str(output),
        duration=samples / SAMPLE_RATE,
        warnings=reader.warnings,
        engine=ENGINE_VERSION,
        sample_rate=SAMPLE_RATE,
        voice_loudness=voices.finish(),
    )


def without_voices(sound: Iterable[Block], model: Model, voices: LoudnessMeter) -> Iterator[Block]:
    """The sound (stereo, 44.1 kHz) minus its voices, as long as it was; the meter hears the voices."""
    held = _Held()
    for block in separate(held.over(sound), model):
        if block.shape[1]:
            voices.hear(block)
            yield held.take(block.shape[1]) - block


class _Held:
    """Sound that has passed and is still needed: the voices in it are known half a minute later."""

    def __init__(self) -> None:
        self._blocks: deque[Block] = deque()

    def over(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self._blocks.append(block)
            yield block

    def take(self, samples: int) -> Block:
        """The next so many samples."""
        found: list[Block] = []
        while samples:
            block = self._blocks.popleft()
            if block.shape[1] > samples:
                self._blocks.appendleft(block[:, samples:])
                block = block[:, :samples]
            found.append(block)
            samples -= block.shape[1]
        return np.concatenate(found, axis=1)
