"""A server of dubbing whose sound work is made up, beside the seed's services: a dub costs next to nothing.

Every file says what it was made of, so that a test sees by the bytes which round a result is of.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dub_server import WAIT_SECONDS, DubServer, dub_server
from seed_services import CLIP_SECONDS, SeedServices
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batuta import house
from batuta.dubbing import steps, telling
from batuta.dubbing.app import Dubbing
from batuta.errors import BatutaError
from batuta.jobs import JobRecord, LocalWorker, OnProgress
from batuta.services.audio_worker.orders import AudioResult, AudioTask
from batuta.services.gateway.desk import Desk
from batuta.services.gateway.models import Options
from batuta.services.kinds import Staff
from batuta.services.normalizer.flac import write_flac
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact, ArtefactStore, once
from batuta.storage.database import Database
from batuta.testing.servers import serving

SECONDS = 9.0
RATE = 16_000
TELL_SECONDS = 0.02
PAUSE_SECONDS = 0.02
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
_numbers = count()


@dataclass
class Cast(SeedServices):
    """The seed's services; each clip is made of its text."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """How long a text takes to say, where it is not `CLIP_SECONDS`."""
    away: int = 0
    """So many times more the translator answers 503."""
    languages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """From which into which was translated."""
    spoken: dict[str, str] = field(default_factory=dict[str, str])
    """In which language each text was to be spoken."""

    async def translate_batch(self, request: Request) -> Response:
        if self.away:
            self.away -= 1
            self.asked["away"] += 1
            return JSONResponse({"detail": "the model is being loaded"}, 503)
        body = await request.json()
        self.languages.append((body["source_lang"], body["target_lang"]))
        return await super().translate_batch(request)

    async def synthesize(self, request: Request) -> Response:
        body = await request.json()
        text = body["text"]
        self.asked[f"say {text}"] += 1
        self.spoken[text] = body["lang"]
        self.reached.setdefault(text, asyncio.Event()).set()
        if text in self.held:
            await self.held[text].wait()
        if text in self.mute:
            return JSONResponse({"detail": "this cannot be said"}, 422)  # of others the breaker would open
        duration = self.seconds.get(text, CLIP_SECONDS)
        return JSONResponse({"audio_url": f"/audio/{text.encode().hex()}", "duration": duration})

    async def audio(self, request: Request) -> Response:
        return Response(bytes.fromhex(request.path_params["name"]), media_type="audio/wav")


@dataclass
class Sound:
    """The audio worker: no sound is touched, the results say what they are made of."""

    artefacts: ArtefactStore
    folder: Path
    asked: Counter[str] = field(default_factory=Counter[str])
    failures: dict[str, BatutaError] = field(default_factory=dict[str, BatutaError])
    """What happens to whoever asks for this task."""
    speech: bool = True
    """Whether anybody speaks in what is extracted."""

    async def do(self, order: AudioTask, on_progress: OnProgress) -> AudioResult:
        del on_progress
        self.asked[order.task] += 1
        if (failure := self.failures.get(order.task)) is not None:
            raise failure
        if order.task == "extract":
            return await self._extracted(order)
        made_of = {name: file.sha256 for name, file in order.files.items()}
        placed = [each.model_dump() for each in order.placements]
        body = json.dumps({"task": order.task, **made_of, "placements": placed}, sort_keys=True).encode()
        file = await self.artefacts.put(once(body), "video/mp4" if order.task == "merge" else "audio/flac")
        return AudioResult(file=file, actual_starts=tuple(each.start for each in order.placements))

    async def _extracted(self, order: AudioTask) -> AudioResult:
        """Noise that is this video's alone."""
        assert order.video is not None
        random = np.random.default_rng(int(order.video.sha256[:12], 16))
        noise = random.normal(0, 0.05, (1, round(SECONDS * RATE))).astype(np.float32)
        path = self.folder / f"{order.video.sha256}.flac"
        await asyncio.to_thread(write_flac, path, [noise], RATE, 1)
        file = await self.artefacts.put_file(path, "audio/flac")
        chunks = ((0.0, SECONDS),) if self.speech else ()
        return AudioResult(file=file, duration=SECONDS, chunks=chunks)


@dataclass(frozen=True)
class Rounds:
    """The server, and who plays the services."""

    server: DubServer
    cast: Cast
    sound: Sound

    @property
    def dubbing(self) -> Dubbing:
        return self.server.dubbing

    @property
    def desk(self) -> Desk:
        desk: Desk = self.server.app.state.gateway
        return desk

    def well(self) -> None:
        """The services do what they should, but for what a test says; nothing was asked yet."""
        self.cast.release()
        for player, fresh in ((self.cast, Cast()), (self.sound, Sound(self.sound.artefacts, Path()))):
            for name, value in vars(fresh).items():
                if name not in {"artefacts", "folder"}:
                    setattr(player, name, value)

    def video(self, *texts: str) -> bytes:
        """A video like no other, in which these will be heard."""
        self.cast.lines = [(0.2 + 3 * at, 2.8 + 3 * at, text) for at, text in enumerate(texts)]
        return MP4 + b"%d" % next(_numbers)

    async def taken_in(self, folder: Path, *texts: str, target: str = "pt", **options: Any) -> int:
        """The number of the gateway's job; nobody was told of it."""
        path = folder / "talk.mp4"
        path.write_bytes(self.video(*texts))
        wishes = Options.model_validate({"source_language": "en", "keep_background": False, **options})
        return (await self.desk.uploads.take_file(path, target, wishes)).id

    async def dubbed(self, folder: Path, *texts: str, target: str = "pt", **options: Any) -> int:
        """The number of a dub that is finished."""
        number = await self.taken_in(folder, *texts, target=target, **options)
        await self.dubbing.end_of(await self.dubbing.orchestrate(number))
        await self.server.ended(number)  # for the gateway, too
        return number

    async def edited(self, number: int, line: int, text: str) -> dict[str, Any]:
        """The dub at its end after one line was changed."""
        path = f"/jobs/{number}/segments/{line}"
        answer = await self.server.api.patch(path, json={"text": text})
        assert answer.status_code == 202, answer.text
        return await self.over(number)

    async def retried(self, number: int, stage: str | None = None) -> dict[str, Any]:
        """The dub at its end after it was done again."""
        answer = await self.server.api.post(f"/jobs/{number}/retry", json={"from": stage})
        assert answer.status_code == 202, answer.text
        return await self.over(number)

    async def over(self, number: int) -> dict[str, Any]:
        """The dub once it is over, with its report."""
        await self.server.api.get(f"/jobs/{number}/wait", params={"timeout": WAIT_SECONDS})
        return await self.server.shown(number)

    async def stored(self, number: int) -> bytes:
        """What lies in the object store for the job."""
        key = (await self.desk.gateway.job(number)).output_object_key
        assert key is not None
        return b"".join([chunk async for chunk in self.desk.objects.read(key)])

    async def merged(self, number: int) -> bytes:
        """What the newest round of the dub has put together."""
        file: Artefact = self.dubbing.video(await self.dubbing.record(number))
        return b"".join([chunk async for chunk in self.dubbing.artefacts.read(file)])

    async def record(self, number: int) -> JobRecord:
        return await self.dubbing.record(number)


@asynccontextmanager
async def rounds(folder: Path) -> AsyncGenerator[Rounds]:
    """The stage; services that are away are soon asked again, the gateway is soon told."""
    cast, sounds = Cast(), list[Sound]()
    (folder / "sound").mkdir()
    real = house.staff

    def staff(
        settings: Settings, database: Database, artefacts: ArtefactStore, stack: AsyncExitStack, instance: str
    ) -> Staff:
        team = real(settings, database, artefacts, stack, instance)
        sounds.append(Sound(artefacts, folder / "sound"))
        workers: Mapping[str, Any] = {**team.workers, AudioTask.work: LocalWorker(sounds[0].do, "made up")}
        return replace(team, workers=workers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "staff", staff)
        patch.setattr(telling, "TELL_SECONDS", TELL_SECONDS)
        patch.setattr(steps, "PAUSE_SECONDS", PAUSE_SECONDS)
        async with serving(cast.app()) as url:
            services = {"asr_url": url, "translate_url": url, "tts_url": url}
            async with dub_server(folder / "data", **services) as server:
                yield Rounds(server, cast, sounds[0])
                cast.release()
