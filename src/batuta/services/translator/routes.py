"""The translator's own routes: what can be translated, and short texts translated while the caller waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from batuta.access.bodies import BodyLimit
from batuta.errors import InvalidRequest, NotReady, from_dict
from batuta.services.app import MAX_JSON_BYTES, read_document, the_jobs
from batuta.services.registry import ServiceJobs
from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.translator.orders import MAX_LINE_CHARACTERS, MAX_LINES, LineText, Translate
from batuta.services.translator.pairs import code_of, target_of

if TYPE_CHECKING:
    from batuta.services.translator.service import Translator

ANSWER_SECONDS: Final = 600.0
"""How long a caller is kept waiting; the work goes on, and asking the same again finds it."""
_LANGUAGE: Final = Field(min_length=1, max_length=40)


class _BoundedRoute(APIRoute):
    """A route whose body, which FastAPI reads whole, has a limit here: alone, a service limits its own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await BodyLimit(super().handle, MAX_JSON_BYTES)(scope, receive, send)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source_lang: Annotated[str, _LANGUAGE]
    target_lang: Annotated[str, _LANGUAGE]


class TranslateBody(_Body):
    """One text; languages by code or English name."""

    text: LineText
    max_chars: int | None = Field(default=None, ge=1, le=MAX_LINE_CHARACTERS)
    """How long it may become; only a configured language model keeps to it, as well as it can."""


class Item(BaseModel):
    """A text under the caller's own id."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[str, Field(max_length=200)]
    text: LineText


class BatchBody(_Body):
    """Many texts at once."""

    items: Annotated[list[Item], Field(min_length=1, max_length=MAX_LINES)]


class TranslatedText(BaseModel):
    """The text in the other language."""

    translated_text: str


class TranslatedItem(BaseModel):
    """A translation under the id of its text."""

    id: int | str
    translated_text: str


class TranslatedBatch(BaseModel):
    """The translations in the order of the items; `pivot` is the language in between, if there is one."""

    translations: list[TranslatedItem]
    pivot: str | None
    warnings: list[str]


routes = APIRouter(route_class=_BoundedRoute)
Jobs = Annotated[ServiceJobs, Depends(the_jobs)]


@routes.get("/jobs/{job_id}/text")
async def text(job_id: str, jobs: Jobs) -> dict[str, str]:
    """Only the text."""
    return {"text": (await read_document(jobs, job_id))["full_text"]}


@routes.get("/languages")
async def languages(jobs: Jobs) -> dict[str, Any]:
    """Every pair that can be translated; `any_pair` says that every language can be, into every other."""
    offer = await asyncio.to_thread(cast("Translator", jobs.service).pairs)
    return {
        "languages": LANGUAGES,
        "any_pair": offer.anything,
        "pairs": [
            {"from": route.source, "to": route.target, "pivot": route.pivot}
            for route in offer.routes.values()
        ],
    }


@routes.post("/translate")
async def translate(body: TranslateBody, jobs: Jobs) -> TranslatedText:
    """The text in the other language; the same again is looked up."""
    details = await _translated(body, (body.text,), jobs, body.max_chars)
    return TranslatedText(translated_text=details["lines"][0])


@routes.post("/translate/batch")
async def translate_batch(body: BatchBody, jobs: Jobs) -> TranslatedBatch:
    """Each text in the other language under its id; warnings count the items from 0."""
    details = await _translated(body, tuple(item.text for item in body.items), jobs)
    translations = [
        TranslatedItem(id=item.id, translated_text=line)
        for item, line in zip(body.items, details["lines"], strict=True)
    ]
    return TranslatedBatch(translations=translations, pivot=details["pivot"], warnings=details["warnings"])


async def _translated(
    body: _Body, lines: tuple[str, ...], jobs: ServiceJobs, max_characters: int | None = None
) -> dict[str, Any]:
    """The details of the finished order; raises `InvalidRequest` before any work, or why it failed."""
    source, target = code_of(body.source_lang), target_of(body.target_lang)
    if source is None:
        raise InvalidRequest(f"source_lang is {body.source_lang!r}: a text does not say its language")
    if source != target:
        (await asyncio.to_thread(cast("Translator", jobs.service).pairs)).route(source, target)
    job = await jobs.accept(
        Translate(lines=lines, language_in=source, language_out=target, max_characters=max_characters)
    )
    job = await jobs.wait(job.id, ANSWER_SECONDS)
    if job.error is not None:
        raise from_dict(job.error)
    if not job.status.final:
        raise NotReady(f"job {job.id} is {job.status}: ask the same again")
    return job.details
