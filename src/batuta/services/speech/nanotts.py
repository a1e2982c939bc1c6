"""SVOX Pico (py-nanotts): six voices of 2009 in five languages, small and quick. Runs in a worker process.

The noise it rounds with goes on from text to text, so one process says one text (`backends.py`): then the
same text gives the same sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import py_nanotts

from batuta.services.speech.clips import Sound, from_pcm, write_clip
from batuta.services.speech.contract import SayResult, SayTask

_SAMPLE_RATE: Final = 16_000


def say(task: SayTask, report: Callable[[float], None]) -> SayResult:
    """Do the task; `voice` is one of its own, for example `es-ES`."""
    engine = py_nanotts.NanoTTS()
    pieces = task["pieces"]

    def spoken() -> Iterator[tuple[Sound, float]]:
        for done, piece in enumerate(pieces, 1):
            yield from_pcm(engine.speak(piece["text"], voice=task["voice"])), piece["pause"]
            report(100 * done / len(pieces))

    return SayResult(duration=write_clip(Path(task["output"]), spoken(), _SAMPLE_RATE))
