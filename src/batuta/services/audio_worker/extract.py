"""extract: any video in; its sound as recognisers of speech want it out, and where to cut it.

FLAC of 16 kHz and one channel on the time line of the video, at least as long as it. The cuts are made by the
transcriber's own rules, on the very samples that it will hear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from batuta.media.audio import AudioReader, Block
from batuta.media.video import look
from batuta.services.audio_worker.contract import (
    ENGINE_VERSION,
    AudioFacts,
    ExtractResult,
    ExtractTask,
    VideoFacts,
)
from batuta.services.audio_worker.files import half_written
from batuta.services.normalizer.flac import write_flac
from batuta.services.normalizer.passes import Progress
from batuta.services.transcriber.chunks import Chunk, cut
from batuta.services.transcriber.vad import SAMPLE_RATE

_SILENCE_SECONDS: Final = 1.0


def extract(task: ExtractTask, progress: Progress) -> ExtractResult:
    """Do the task.

    Raises `InvalidRequest` when there is no video, `NoAudio`, `UnreadableMedia`, `PayloadTooLarge`.
    """
    path, output = Path(task["video"]), Path(task["output"])
    seen = look(path, task["name"])
    reader = AudioReader(path, name=task["name"], sample_rate=SAMPLE_RATE, channels=1)
    with half_written(output) as part:
        blocks = _at_least(progress.over(reader, until=50), round(seen.duration * SAMPLE_RATE))
        write_flac(part, blocks, SAMPLE_RATE, 1)
        chunks = list(_without_sound(cut(block[0] for block in progress.over(_speech(part), until=100))))
    speech = sum(span.end - span.start for chunk in chunks for span in chunk.speech)
    warnings = [*reader.warnings]
    if not seen.is_whole:
        warnings.append(f"The video ends after {seen.duration:.1f} s, before the file's header says it does.")
    return ExtractResult(
        output=str(output),
        duration=seen.duration,
        warnings=warnings,
        engine=ENGINE_VERSION,
        chunks=[(chunk.stretch.start, chunk.stretch.end) for chunk in chunks] if speech else [],
        speech_seconds=round(speech, 3),
        video=VideoFacts(
            codec=seen.codec,
            width=seen.width,
            height=seen.height,
            fps=seen.fps,
            frame_seconds=seen.frame_seconds,
        ),
        audio=AudioFacts(
            codec=reader.info.audio_codec or "unknown",
            channels=reader.info.channels or 0,
            sample_rate=reader.info.sample_rate or 0,
        ),
    )


def _speech(path: Path) -> AudioReader:
    return AudioReader(path, name="the speech")


def _without_sound(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The chunks, without the half minute of sound that each one holds."""
    for chunk in chunks:
        yield Chunk(chunk.stretch, chunk.speech, chunk.sound_start, np.zeros(0, np.float32))


def _at_least(blocks: Iterable[Block], samples: int) -> Iterator[Block]:
    """The blocks, and silence until there are so many samples."""
    given = 0
    for block in blocks:
        given += block.shape[1]
        yield block
    while given < samples:
        silence = np.zeros((1, min(samples - given, int(_SILENCE_SECONDS * SAMPLE_RATE))), np.float32)
        given += silence.shape[1]
        yield silence
