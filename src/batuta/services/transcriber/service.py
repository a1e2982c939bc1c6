"""The transcriber: audio in, words with their times out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import AliasChoices, Field

from batuta.errors import InvalidRequest, NotReady, from_dict
from batuta.jobs.orders import OnProgress, Order
from batuta.services.app import read_document, submit, the_jobs
from batuta.services.engines.pool import EnginePool
from batuta.services.registry import ServiceJobs
from batuta.services.transcriber.contract import (
    ENGINE,
    ENGINE_VERSION,
    TranscribeResult,
    TranscribeTask,
)
from batuta.services.transcriber.languages import LANGUAGES, spoken
from batuta.services.transcriber.orders import Transcribe
from batuta.services.work import Made
from batuta.weights import CATALOG, Weights

CONCURRENCY: Final = 1
"""One file at a time: a file already uses every core, two chunks at once."""
PREFIX: Final = "whisper-"
ENGLISH_ONLY: Final = ".en"
_FILENAME: Final = "transcription.json"
ANSWER_SECONDS: Final = 600.0
"""How long `POST /transcribe` keeps its caller waiting; six hours of speech at 40 times real time."""


class _Asked(Transcribe):
    """The order as it arrives: callers of the seed's `POST /transcribe` say `language`."""

    language_in: str = Field(
        default="auto", max_length=16, validation_alias=AliasChoices("language_in", "language")
    )


class Transcriber:
    """Recognises speech with Whisper in a process of its own that keeps the model loaded."""

    name = "audio-transcriber"
    order: type[Order[Any]] = _Asked
    concurrency = CONCURRENCY

    def __init__(self, weights: Weights, default_model: str) -> None:
        """`default_model` does the orders that name none."""
        self._weights = weights
        self._default_model = default_model
        self._engines: EnginePool[TranscribeTask, TranscribeResult] = EnginePool(ENGINE, size=CONCURRENCY)

    @property
    def version(self) -> str:
        """The engine and the model that orders without one get."""
        return f"{ENGINE_VERSION}:{self._default_model}"

    async def perform(
        self, order: Transcribe, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Load the weights if need be, and write the transcription document."""
        model = order.model or self._default_model
        output = workspace / _FILENAME
        task: TranscribeTask = {
            "input": str(files["file"]),
            "output": str(output),
            "model_folder": str(await self._weights.ensure(_weight_set(model))),
            "model_name": model,
            "language_in": order.language_in,
            "language_out": order.language_out,
            "threads": len(os.sched_getaffinity(0)),
            "only_language": order.only_language,
        }
        details = await self._engines.run(task, on_progress)
        return Made(output, "application/json", _FILENAME, details)

    async def aclose(self) -> None:
        """Stop the engine."""
        await self._engines.aclose()


def check_transcription(model: str | None, language_in: str, language_out: str | None) -> None:
    """Raise `InvalidRequest` for an order no transcriber of ours could do."""
    if model is not None:
        _weight_set(model)
    language = spoken(language_in)
    if model is not None and model.endswith(ENGLISH_ONLY) and language not in {None, "en"}:
        raise InvalidRequest(f"the model {model} knows English only: choose another, for example base")
    if language_out is not None and spoken(language_out) != "en":
        raise InvalidRequest(f"captions can be translated into English (en) only, not {language_out!r}")


def _weight_set(model: str) -> str:
    name = PREFIX + model
    if name not in CATALOG:
        known = ", ".join(known.removeprefix(PREFIX) for known in CATALOG if known.startswith(PREFIX))
        raise InvalidRequest(f"unknown model {model!r}; known models: {known}")
    return name


routes = APIRouter()
Jobs = Annotated[ServiceJobs, Depends(the_jobs)]
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "language": {"type": "string", "maxLength": 16},
                    },
                }
            }
        },
    }
}


@routes.post("/transcribe", openapi_extra=_FORM)
async def transcribe(request: Request, jobs: Jobs) -> dict[str, Any]:
    """What is said in the file of a form, once it is known: an order as of `POST /jobs`, waited for.

    The same file again is a lookup. `language` is null when nobody speaks; times are seconds.
    """
    job = await jobs.wait((await submit(request, jobs))["id"], ANSWER_SECONDS)
    if job.error is not None:
        raise from_dict(job.error)
    if not job.status.final:
        raise NotReady(f"job {job.id} is {job.status}: ask GET /jobs/{job.id}?wait=30, or the same again")
    document = await read_document(jobs, job.id)
    segments = [{name: each[name] for name in ("start", "end", "text")} for each in document["segments"]]
    return {"segments": segments, "language": document["language_detected"]}


@routes.get("/jobs/{job_id}/text")
async def text(job_id: str, jobs: Jobs) -> dict[str, str]:
    """Only what was said."""
    return {"text": (await read_document(jobs, job_id))["full_text"]}


@routes.get("/jobs/{job_id}/transcription")
async def transcription(job_id: str, jobs: Jobs) -> dict[str, Any]:
    """What was said, with segments and words."""
    return await read_document(jobs, job_id)


@routes.get("/languages")
async def languages() -> dict[str, Any]:
    """Every language the recogniser knows, by code."""
    return {"languages": LANGUAGES, "default": "auto"}
