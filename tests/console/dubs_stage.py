"""A dubbing studio: made-up ears, tongues and voices on loopback, and the server before them."""

from __future__ import annotations

import asyncio
import io
import json
import math
import struct
import sys
import wave
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batuta.dubbing.app import Dubbing
from batuta.dubbing.models import DubRequest, Segment, stages_of
from batuta.dubbing.offers import Offers
from batuta.dubbing.store import DubRun
from batuta.ids import new_job_id
from batuta.jobs import Event, JobRecord, JobStatus, StageRecord
from batuta.server import batuta_app, orchestrator_app
from batuta.services.gateway.desk import Desk
from batuta.services.gateway.models import Job
from batuta.services.speech.voices import NANOTTS_VOICES, OTHER_KOKORO
from batuta.services.speech.voices import Offer as Voices
from batuta.services.translator.pairs import Offer as Pairs
from batuta.services.translator.ways import Pair
from batuta.settings import Settings
from batuta.testing.servers import serving

sys.path.append(str(Path(__file__).parents[1] / "services" / "audio_worker"))  # its films are for everybody
from filmset import film, voice

HEARD = ("Good morning, everybody.", "We begin with the strings.", "Then the brass.")
SECONDS = 9.0
OFFERS = Offers(
    lambda: Pairs(frozenset({Pair("en", "es"), Pair("es", "en"), Pair("en", "fr"), Pair("en", "ja")})),
    Voices((*OTHER_KOKORO, *NANOTTS_VOICES)),
)
"""Spanish, French, and English out of Spanish; Japanese is spoken by nobody."""


def spanish(text: str) -> str:
    """What the translator makes of a line."""
    return f"¡{text}!"


@dataclass
class Cast:
    """Hears `HEARD` in whatever it is given, shouts for a translation, hums for a voice."""

    said: Counter[str] = field(default_factory=Counter[str])
    held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """Lines that are spoken once their event is set."""
    mute: set[str] = field(default_factory=set[str])
    """Lines that nobody can speak."""

    def service(self) -> Starlette:
        """All three services."""

        async def transcribe(request: Request) -> Response:
            await request.body()
            each = SECONDS / len(HEARD)
            segments = [
                {"start": at * each + 0.1, "end": at * each + 1.7, "text": text}
                for at, text in enumerate(HEARD)
            ]
            return JSONResponse({"segments": segments, "language": "en"})

        async def translate(request: Request) -> Response:
            items = (await request.json())["items"]
            lines = [{"id": each["id"], "translated_text": spanish(each["text"])} for each in items]
            return JSONResponse({"translations": lines})

        async def synthesize(request: Request) -> Response:
            text = (await request.json())["text"]
            self.said[text] += 1
            if text in self.held:
                await self.held[text].wait()
            if text in self.mute:
                return JSONResponse({"detail": "no voice can say that"}, 422)
            who = {"engine": "kokoro", "voice": "kokoro:ef_dora"}
            return JSONResponse({"audio_url": "/audio/hum.wav", "duration": 1.2, **who})

        async def audio(_: Request) -> Response:
            return Response(_hum(1.2), media_type="audio/wav")

        async def health(_: Request) -> Response:
            return JSONResponse({"status": "ok"})

        return Starlette(
            routes=[
                Route("/transcribe", transcribe, methods=["POST"]),
                Route("/translate/batch", translate, methods=["POST"]),
                Route("/synthesize", synthesize, methods=["POST"]),
                Route("/audio/{name}", audio),
                Route("/health", health),
            ]
        )


@dataclass(frozen=True)
class Studio:
    """A running server, and who plays the services."""

    url: str
    prefix: str
    cast: Cast
    app: FastAPI
    dubbing: Dubbing
    desk: Desk

    async def taken(self, name: str, language: str = "es", owner: str = "", **options: object) -> Job:
        """A job of the gateway that nobody works at."""
        key = await self.desk.jobs.reserve(name)
        job = await self.desk.jobs.create(
            key, owner=owner, target_language=language, options_json=json.dumps(options)
        )
        await self.desk.jobs.announced(job.id)
        return job

    async def made_up(
        self, name: str, segments: Sequence[Segment] = (), *events: Event, language: str = "es"
    ) -> int:
        """The number of a dub that says it is under way, with these lines; then these events happen."""
        job = await self.taken(name, language)
        request = DubRequest(dub_id=job.id, source_key=job.source_object_key, target_language=language)
        record = JobRecord(
            job_id=new_job_id(),
            pipeline="dubbing",
            request=request.model_dump(mode="json"),
            status=JobStatus.RUNNING,
            stages={stage: StageRecord(weight=weight) for stage, weight in stages_of(request).items()},
            created_at=job.created_at,
            updated_at=job.created_at,
        )
        store = self.dubbing._jobs.store
        await store.add(record)
        await self.dubbing._runs.put(DubRun(job.id, record.job_id))
        await self.dubbing._rows.put(record.job_id, segments)
        await store.apply(record.job_id, *events)
        return job.id

    async def happens(self, number: int, *events: Event) -> None:
        """These events, to a made-up dub."""
        record = await self.dubbing.record(number)
        await self.dubbing._jobs.store.apply(record.job_id, *events)

    async def are(self, number: int, *segments: Segment) -> None:
        """The lines of a made-up dub, as they are now."""
        await self.dubbing._rows.put((await self.dubbing.record(number)).job_id, segments)

    async def dubbed(self, path: Path, **options: object) -> int:
        """The number of a finished dub of this film into Spanish."""
        async with httpx2.AsyncClient(base_url=f"{self.url}{self.prefix}", timeout=60) as api:
            wanted = json.dumps({"keep_background": False, **options})
            answer = await api.post(
                "/api/v1/upload",
                files={"file": (path.name, path.read_bytes(), "video/mp4")},
                data={"targetLang": "es", "options": wanted},
            )
            assert answer.status_code == 201, answer.text
            number = answer.json()["jobId"]
        record = await self.dubbing.wait(await self.dubbing.record(number), 60)
        assert record.status is JobStatus.COMPLETED, record.error
        return number


@asynccontextmanager
async def studio(
    folder: Path, *, only: str | None = "dubbing", bound_to: str | None = None, **settings: object
) -> AsyncGenerator[Studio]:
    """A server of dubbing alone, or of another app, or of all; its services are made up."""
    cast = Cast()
    async with serving(cast.service()) as near:
        wanted = Settings(
            batuta_data=folder,
            asr_url=near,
            translate_url=near,
            tts_url=near,
            rate_limit_per_minute=0,
            rate_limit_submits_per_minute=0,
            **settings,
        )
        app = (
            batuta_app(wanted, bound_to=bound_to)
            if only is None
            else orchestrator_app(only, wanted, bound_to=bound_to)
        )
        async with serving(app) as url:
            dubbing: Dubbing = app.state.dubbing
            dubbing.offers = OFFERS
            try:
                yield Studio(url, "" if only else "/dubbing", cast, app, dubbing, app.state.gateway)
            finally:
                for event in cast.held.values():
                    event.set()


def small_film(path: Path) -> Path:
    """Nine seconds of moving pictures, with somebody's syllables."""
    return film(path, voice(SECONDS), seconds=SECONDS, fps=10)


def _hum(seconds: float, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        samples = [round(6000 * math.sin(at / 12)) for at in range(int(rate * seconds))]
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()
