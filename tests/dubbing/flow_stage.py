"""The flow of a dub with made-up services: what each is asked is counted, when it answers is decided."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from batuta.dubbing.flow import Flow
from batuta.dubbing.models import Script, Segment
from batuta.dubbing.orders import Speak
from batuta.dubbing.progress import Progress
from batuta.dubbing.scripts import Scripts
from batuta.dubbing.steps import Steps
from batuta.dubbing.store import SegmentRows
from batuta.errors import BatutaError
from batuta.jobs import LocalWorker, OnProgress
from batuta.jobs.inner_stages import InnerStages
from batuta.jobs.journal import Journal
from batuta.jobs.pieces import Pieces
from batuta.services.audio_worker.orders import AudioTask
from batuta.services.normalizer.flac import write_flac
from batuta.services.speech.orders import Clip, Synthesize
from batuta.services.transcriber.orders import Speech, Transcribe
from batuta.services.translator.orders import Translate, Translated
from batuta.storage.artefacts import Artefact, ObjectArtefacts, once
from batuta.storage.database import Database

RATE = 16_000


@dataclass
class Services:
    """Whoever hears, translates and speaks: a word a second is heard, and said in capitals."""

    artefacts: ObjectArtefacts
    asked: Counter[str] = field(default_factory=Counter[str])
    at_once: Counter[str] = field(default_factory=Counter[str])
    most: Counter[str] = field(default_factory=Counter[str])
    silent: frozenset[int] = frozenset()
    """Chunks, by their number, in which nobody speaks."""
    failures: dict[str, BatutaError] = field(default_factory=dict[str, BatutaError])
    """What happens to whoever asks for this text."""
    reached: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """Set once this text is being spoken."""
    pauses: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """What is waited for before this text is answered."""
    clip_seconds: Callable[[str], float] = lambda text: 0.3 * len(text.split())
    shorter: bool = False

    def workers(self) -> dict[str, LocalWorker]:
        return {
            Transcribe.work: LocalWorker(self.hear, "1"),
            Translate.work: LocalWorker(self.translate, "1"),
            Synthesize.work: LocalWorker(self.say, "1"),
            AudioTask.work: LocalWorker(self.say, "1"),  # only its version is asked for
        }

    async def hear(self, order: Transcribe, on_progress: OnProgress) -> Speech:
        del on_progress
        number = self.asked["hear"]
        self.asked["language" if order.only_language else "hear"] += 1
        words = [] if number in self.silent else [f"word{number}a", f"word{number}b."]
        segments = [
            {
                "start": 0.5,
                "end": 3.5,
                "text": " ".join(words),
                "words": [
                    {"word": word, "start": 0.5 + 1.5 * place, "end": 1.9 + 1.5 * place}
                    for place, word in enumerate(words)
                ],
            }
        ]
        document = {"language_detected": "en", "duration": 4.0, "segments": segments if words else []}
        return Speech(file=await self._kept(document), language_detected="en")

    async def translate(self, order: Translate, on_progress: OnProgress) -> Translated:
        del on_progress
        self.asked["translate"] += 1
        lines = tuple(line.upper() for line in order.lines or ())
        if self.shorter and order.max_characters is not None:
            lines = tuple(line[: order.max_characters] for line in lines)
        for line in lines:
            await self._answer(line)
        return Translated(file=await self._kept(list(lines)), lines=lines, engine="capitals")

    async def say(self, order: Synthesize, on_progress: OnProgress) -> Clip:
        del on_progress
        self.asked[f"say {order.text}"] += 1
        self.reached.setdefault(order.text, asyncio.Event()).set()
        self.at_once["say"] += 1
        self.most["say"] = max(self.most["say"], self.at_once["say"])
        try:
            await self._answer(f"say {order.text}")
        finally:
            self.at_once["say"] -= 1
        file = await self.artefacts.put(once(order.text.encode()), "audio/flac")
        return Clip(file=file, duration=self.clip_seconds(order.text), engine="fake", voice="fake:one")

    async def _answer(self, text: str) -> None:
        if (pause := self.pauses.get(text)) is not None:
            await pause.wait()
        if (failure := self.failures.get(text)) is not None:
            raise failure

    async def _kept(self, document: Any) -> Artefact:
        return await self.artefacts.put(once(json.dumps(document).encode()), "application/json")


class WatchedRows(SegmentRows):
    """Rows that can be waited for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._spoken: set[int] = set()
        self._changed = asyncio.Condition()

    async def put(self, job_id: str, segments: Iterable[Segment]) -> None:
        await super().put(job_id, found := list(segments))
        async with self._changed:
            self._spoken |= {segment.index for segment in found if segment.state == "spoken"}
            self._changed.notify_all()

    async def some_spoken(self, number: int) -> None:
        """Wait until so many lines are."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self._spoken) >= number)


class _NoBars:
    """Progress that nobody watches."""

    def __init__(self, rows: SegmentRows) -> None:
        self.rows = rows
        self.percents: list[float] = []

    @asynccontextmanager
    async def __call__(self, order: Speak, on_progress: OnProgress) -> AsyncGenerator[Progress]:
        def tell(percent: float) -> None:
            self.percents.append(percent)
            on_progress(percent)

        yield Progress(self.rows, order, InnerStages(("transcription", "translation")), tell)


@dataclass
class Stage:
    """A flow on a fresh database and store."""

    flow: Flow
    services: Services
    scripts: Scripts
    rows: WatchedRows
    bars: _NoBars
    audio: Artefact

    def order(self, chunks: int = 3, **changes: Any) -> Speak:
        values: dict[str, Any] = {
            "job": "job1",
            "audio": self.audio,
            "chunks": [(4.0 * number, 4.0 * number + 4) for number in range(chunks)],
            "duration": 4.0 * chunks,
            "source_language": "en",
            "target_language": "pt",
            "spoken_as": "pt",
            "round": 1,
            "voice": None,
            "script": None,
        }
        return Speak.model_validate({**values, **changes})

    async def spoken(self, order: Speak) -> Script:
        result: BaseModel = await self.flow.speak(order, lambda _: None)
        return await self.scripts.read(result.script)  # type: ignore[attr-defined]


@asynccontextmanager
async def flow_stage(folder: Path, *, voices: int = 4) -> AsyncGenerator[Stage]:
    database = Database.in_folder(folder)
    await database.create_tables()
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    sound = folder / "sound.flac"
    await asyncio.to_thread(
        write_flac, sound, [np.full((1, 4 * RATE), 0.1 * number, np.float32) for number in range(3)], RATE, 1
    )
    audio = await artefacts.put_file(sound, "audio/flac")
    services, rows = Services(artefacts), WatchedRows(database)
    bars = _NoBars(rows)
    pieces = Pieces(Journal(database, "here"), artefacts, services.workers())

    def check(spoken: str, wanted: str, voice: str | None) -> None:
        del spoken, wanted, voice

    steps, scripts = Steps(pieces, artefacts, folder, check, patience=0), Scripts(artefacts)
    try:
        yield Stage(Flow(steps, scripts, bars, voices), services, scripts, rows, bars, audio)
    finally:
        await database.aclose()
