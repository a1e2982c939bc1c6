"""The service over HTTP (contract: shopping, "Services", media), each path with and without `/api/v1`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request

from batuta.access.answers import PROBLEMS
from batuta.access.bodies import streams_body
from batuta.errors import InvalidRequest, UnsupportedMedia
from batuta.services.forms import read_form
from batuta.services.problems import install_problems
from batuta.services.vision.bodies import Bodies
from batuta.services.vision.kinds import UNKNOWN, audio_kind, image_kind
from batuta.services.vision.models import Heard, ImageAttributes, Stored, Wellness
from batuta.services.vision.uploads import Upload
from batuta.services.vision.vision import MAX_BYTES, Vision
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.version import __version__

PREFIX: Final = "/api/v1"


def vision_app(vision: Vision, *, max_upload_bytes: int) -> FastAPI:
    """The ASGI app; whoever opened `vision` closes it."""
    app = FastAPI(title="Batuta media", version=__version__, telemetry=FASTAPI_TELEMETRY, responses=PROBLEMS)
    app.state.vision = vision
    app.state.bodies = Bodies(vision.uploads, min(max_upload_bytes, MAX_BYTES))
    app.include_router(_routes)
    app.include_router(_routes, prefix=PREFIX)
    install_problems(app)
    return app


async def _the_vision(request: Request) -> Vision:
    vision: Vision = request.app.state.vision
    return vision


async def _the_bodies(request: Request) -> Bodies:
    bodies: Bodies = request.app.state.bodies
    return bodies


def _body(field: str | None, *more: str) -> dict[str, Any]:
    """What OpenAPI says of a body that is read here; `field` is its base64 in JSON."""
    text, file = {"type": "string"}, {"type": "string", "format": "binary"}
    said = dict.fromkeys(more, text)
    kinds: dict[str, Any] = {
        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": file, **said}}}
    }
    if field is not None:
        encoded = {"type": "string", "description": "base64, or a data: URL of it"}
        kinds["application/json"] = {
            "schema": {"type": "object", "properties": {field: encoded, "upload_id": text, **said}}
        }
    return {"requestBody": {"required": True, "content": kinds}}


_routes = APIRouter()
_STREAMED: Final = [Depends(streams_body)]
TheVision = Annotated[Vision, Depends(_the_vision)]
TheBodies = Annotated[Bodies, Depends(_the_bodies)]


@_routes.post("/extract-image-attributes", dependencies=_STREAMED, openapi_extra=_body("image"))
async def extract_image_attributes(request: Request, vision: TheVision, bodies: TheBodies) -> ImageAttributes:
    """What a photo shows: things by name, text, colours, each with how sure that is."""
    with bodies.room() as take:
        sent = await bodies.read(request, "image", take)
        return await vision.attributes(sent.content)


@_routes.post("/transcribe", dependencies=_STREAMED, openapi_extra=_body("audio", "language", "filename"))
async def transcribe(request: Request, vision: TheVision, bodies: TheBodies) -> Heard:
    """What a recording of up to two minutes says."""
    with bodies.room() as take:
        sent = await bodies.read(request, "audio", take)
        return await vision.transcribe(sent.content, filename=sent.filename, language=sent.language)


@_routes.post("/uploads", status_code=201, dependencies=_STREAMED, openapi_extra=_body(None))
async def upload(request: Request, vision: TheVision, bodies: TheBodies) -> Stored:
    """Send a file ahead; its id stands for it for an hour."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMedia("send a form (multipart/form-data) with `file`")

    kept: list[Upload] = []

    async def keep(chunks: AsyncGenerator[bytes], _: str) -> None:
        if kept:
            raise InvalidRequest("the form has several files: send one, as `file`")
        kept.append(await vision.uploads.keep(chunks, bodies.max_bytes))

    try:
        await read_form(request, keep)
    except BaseException:
        for each in kept:
            await vision.uploads.forget(each.id)
        raise
    if not kept:
        raise InvalidRequest("the form has no file: send one, as `file`")
    kind = image_kind(kept[0].head) or audio_kind(kept[0].head) or UNKNOWN
    return Stored(upload_id=kept[0].id, media_type=kind, bytes=kept[0].size)


@_routes.get("/health")
async def health(vision: TheVision) -> Wellness:
    """Alive, and what it can do."""
    return Wellness(
        status="healthy",
        service="media",
        version=__version__,
        text=vision.reads_text,
        labels=await vision.names_things(),
    )
