"""OpenAI's routes: a file in, its text out, held open until the job is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from typing_extensions import TypedDict

from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.captions.app import Captions
from batuta.captions.doors.forms import read_door_form
from batuta.captions.doors.openai.answers import error_event, stream_of, written
from batuta.captions.doors.openai.errors import OPENAI_ERRORS, OpenAIRoute, error_body
from batuta.captions.doors.openai.models import ModelDict, all_models, model_named, our_model
from batuta.captions.doors.openai.request import (
    AudioRequest,
    ResponseFormat,
    Task,
    audio_request,
    body_schema,
)
from batuta.captions.doors.waiting import document_for, until_over
from batuta.captions.models import SubmissionFields
from batuta.captions.routes import App, Submitter, terms_of
from batuta.errors import BatutaError

_MEDIA_TYPES: Final[dict[ResponseFormat, str]] = {
    "json": "application/json",
    "verbose_json": "application/json",
    "text": "text/plain",
    "srt": "text/plain",
    "vtt": "text/plain",
}
"""OpenAI sends subtitles as plain text, too."""
_STREAM_HEADERS: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""No proxy may hold back events (nginx: `X-Accel-Buffering`)."""

STREAMED: Final = [Depends(streams_body)]

openai_router = APIRouter(
    prefix="/v1", tags=["OpenAI audio"], route_class=OpenAIRoute, responses=OPENAI_ERRORS
)


class ModelList(TypedDict):
    """The answer to `GET /v1/models`."""

    object: Literal["list"]
    data: list[ModelDict]


@openai_router.post(
    "/audio/transcriptions",
    response_class=Response,
    openapi_extra=body_schema("transcribe"),
    dependencies=STREAMED,
)
async def transcriptions(request: Request, captions: App, caller: Submitter) -> Response:
    """Write down what is said; the same request again finds its job. `x-request-id` is the job's id."""
    return await _answer(request, captions, caller, "transcribe")


@openai_router.post(
    "/audio/translations",
    response_class=Response,
    openapi_extra=body_schema("translate"),
    dependencies=STREAMED,
)
async def translations(request: Request, captions: App, caller: Submitter) -> Response:
    """Write down in English what is said in any language."""
    return await _answer(request, captions, caller, "translate")


@openai_router.get("/models")
async def models(request: Request) -> ModelList:
    """Every model that may be asked for."""
    return {"object": "list", "data": all_models(_default_model(request))}


@openai_router.get("/models/{name:path}")
async def model(name: str, request: Request) -> ModelDict:
    """One model, by any name it may be asked for."""
    our_model(name, _default_model(request))
    return model_named(name)


async def _answer(request: Request, captions: Captions, caller: Caller, task: Task) -> Response:
    form = await read_door_form(request, captions.artefacts)
    asked = audio_request(form, task, _default_model(request))
    terms = terms_of(SubmissionFields(), caller)
    record = await captions.start(asked.options, upload=asked.upload, terms=terms)
    headers = {"x-request-id": record.job_id}
    if asked.stream:
        events = _events(captions, record.job_id, asked)
        return StreamingResponse(
            events, media_type="text/event-stream", headers={**headers, **_STREAM_HEADERS}
        )
    document = await document_for(request, captions, record.job_id)
    body = await asyncio.to_thread(written, document, asked)
    return Response(body, media_type=_MEDIA_TYPES[asked.response_format], headers=headers)


async def _events(captions: Captions, job_id: str, asked: AudioRequest) -> AsyncGenerator[str]:
    """Comments while the job is under way, so that no proxy takes the line for dead; then the text."""
    yield f": job {job_id}\n\n"
    try:
        async with aclosing(until_over(captions, job_id)) as signs:
            async for over in signs:
                if over is None:
                    yield ": under way\n\n"
                    continue
                transcription = (await captions.document(over)).transcription
                for event in stream_of(transcription, asked.task):
                    yield event
    except BatutaError as error:
        yield error_event(error_body(error))


def _default_model(request: Request) -> str:
    default: str = request.app.state.settings.whisper_model
    return default
