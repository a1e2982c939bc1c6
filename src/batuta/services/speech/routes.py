"""The seed's own calls: `POST /synthesize` waits for the clip, `GET /audio/{name}` gives it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from batuta.errors import NotFound, NotReady, from_dict
from batuta.services.app import finished, the_jobs
from batuta.services.files import file_response
from batuta.services.records import ServiceJob
from batuta.services.registry import ID_LENGTH, ServiceJobs
from batuta.services.speech.orders import MAX_CHARACTERS, MAX_LANGUAGE, MAX_VOICE, Synthesize
from batuta.services.speech.service import Speech
from batuta.services.speech.voices import GET_ESPEAK, check_speech, shown

_NAME: Final = re.compile(rf"([0-9a-f]{{{ID_LENGTH}}})\.flac")
_WAIT_SECONDS: Final = 30.0
_WAITS: Final = 20
"""Ten minutes, after which the caller is told to come again; the work goes on."""

routes = APIRouter()
Jobs = Annotated[ServiceJobs, Depends(the_jobs)]


class Wanted(BaseModel):
    """What to say."""

    text: str = Field(max_length=MAX_CHARACTERS)
    lang: str = Field(max_length=MAX_LANGUAGE)
    voice: str | None = Field(default=None, max_length=MAX_VOICE)


class Said(BaseModel):
    """Where the clip is, and how it came about."""

    audio_url: str
    """On this server."""
    duration: float
    """Seconds."""
    engine: str
    voice: str
    warnings: list[str]


@routes.post("/synthesize")
async def synthesize(wanted: Wanted, request: Request, jobs: Jobs) -> Said:
    """Say it and wait for the clip; what was said before is a lookup."""
    check_speech(wanted.lang, wanted.voice, _speech(jobs).offer)
    order = Synthesize(text=wanted.text, language=wanted.lang, voice=wanted.voice)
    job = await _over(jobs, await jobs.accept(order))
    if job.error is not None:
        raise from_dict(job.error)
    root: str = request.scope.get("root_path", "")
    return Said(audio_url=f"{root}/audio/{job.id}.flac", **job.details)


@routes.get("/audio/{name}")
async def audio(name: str, request: Request, jobs: Jobs) -> Response:
    """The clip `<job id>.flac`, or the part of it that is asked for."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NotFound(f"no clip is called {name[:64]!r}: a name is a job's id and .flac")
    _, artefact = await finished(jobs, found[1])
    return await file_response(request, jobs.artefacts, artefact, name, inline=True)


@routes.get("/voices")
async def voices(jobs: Jobs) -> dict[str, Any]:
    """Every voice, and for each language the one that speaks when none is asked for."""
    offer = _speech(jobs).offer
    return {
        "voices": [shown(voice) for voice in offer.voices],
        "defaults": {code: str(voice) for code, voice in offer.languages.items()},
        "for_more": None if offer.reads_everything else f"install {GET_ESPEAK}",
    }


async def _over(jobs: ServiceJobs, job: ServiceJob) -> ServiceJob:
    for _ in range(_WAITS):
        if job.status.final:
            return job
        job = await jobs.wait(job.id, _WAIT_SECONDS)
    if not job.status.final:
        raise NotReady(f"the clip is not finished yet: ask again, or for /jobs/{job.id}")
    return job


def _speech(jobs: ServiceJobs) -> Speech:
    return cast("Speech", jobs.service)
