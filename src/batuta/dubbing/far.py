"""The seed's three services on other machines, each asked and answering in one request.

`POST /transcribe`, `POST /translate/batch` (or `/translate`, line by line, where there is no batch) and
`POST /synthesize` (contract: dubbing, "Services"). Whoever speaks our job protocol is asked by that instead.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, Field, ValidationError

from batuta.clients import ServiceClient
from batuta.errors import ServiceError, ServiceRefused
from batuta.jobs import OnProgress, Order
from batuta.services.problems import invalid
from batuta.services.remote import PING_SECONDS, StoredFile
from batuta.services.speech.orders import Clip, Synthesize
from batuta.services.transcriber.orders import Speech, Transcribe
from batuta.services.translator.orders import Translate, Translated
from batuta.storage.artefacts import Artefact, ArtefactStore, once

_JSON: Final = "application/json"
_CLIP_BYTES: Final = 64 * 1024 * 1024
M = TypeVar("M", bound=BaseModel)


class _Asked(Protocol):
    """One request, and what came of it."""

    async def __call__(self, order: Any, key: str) -> BaseModel:  # noqa: ANN401  # the service's order
        ...


class FarService:
    """Does the orders of one service by one request each; equal ones carry one idempotency key."""

    is_near = False

    def __init__(self, client: ServiceClient, asked: _Asked) -> None:
        self._client = client
        self._asked = asked

    async def identity(self) -> str:
        """Its address: it does not say which version it is."""
        return self._client.base_url

    async def ping(self) -> None:
        """Return when the service answers; raises when it does not."""
        await self._client.request("GET", "/health", timeout=PING_SECONDS)

    async def submit(self, order: Order[Any], key: str) -> str:
        """Nothing to hand in before the result is asked for."""
        del order
        return key

    async def result(self, order: Order[Any], remote_id: str, on_progress: OnProgress) -> BaseModel:
        """Ask, and wait for the answer."""
        del on_progress
        return await self._asked(order, remote_id)

    async def cancel(self, remote_id: str) -> None:
        """Nothing to stop: the request ended with whoever waited for it."""


class _HeardSegment(BaseModel):
    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)
    text: str = ""


class _Heard(BaseModel):
    segments: list[_HeardSegment]
    language: str | None = None


class _Line(BaseModel):
    id: int
    translated_text: str


class _Lines(BaseModel):
    translations: list[_Line]


class _OneLine(BaseModel):
    translated_text: str


class _Voice(BaseModel):
    audio_url: str | None = None
    audio_path: str | None = None
    duration: float = Field(ge=0, allow_inf_nan=False)
    engine: str = "far"
    voice: str = "default"
    warnings: tuple[str, ...] = ()


def far_transcriber(client: ServiceClient, artefacts: ArtefactStore) -> FarService:
    """A transcriber at `ASR_URL`."""

    async def ask(order: Transcribe, key: str) -> Speech:
        fields = {} if order.language_in == "auto" else {"language": order.language_in}
        answer = await client.request(
            "POST",
            "/transcribe",
            data=fields,
            files={"file": StoredFile(order.file, artefacts, "speech.flac")},
            idempotency_key=key,
        )
        heard = _read(_Heard, answer.content, client)
        document = {"language": heard.language, "segments": [each.model_dump() for each in heard.segments]}
        body = json.dumps(document, ensure_ascii=False).encode()
        file = await artefacts.put(once(body), _JSON)
        return Speech(file=file, language_detected=heard.language)

    return FarService(client, ask)


def far_translator(client: ServiceClient, artefacts: ArtefactStore) -> FarService:
    """A translator at `TRANSLATE_URL`."""

    async def ask(order: Translate, key: str) -> Translated:
        lines = order.lines or ()
        languages = {"source_lang": order.language_in, "target_lang": order.language_out}
        try:
            translated = await batch(lines, languages, key)
        except ServiceRefused:
            translated = [await one(line, languages, f"{key}:{number}") for number, line in enumerate(lines)]
        body = json.dumps(translated, ensure_ascii=False).encode()
        return Translated(file=await artefacts.put(once(body), _JSON), lines=tuple(translated))

    async def batch(lines: Sequence[str], languages: dict[str, str], key: str) -> list[str]:
        items = [{"id": number, "text": line} for number, line in enumerate(lines)]
        answer = await client.request(
            "POST", "/translate/batch", json={"items": items, **languages}, idempotency_key=key
        )
        found = {line.id: line.translated_text for line in _read(_Lines, answer.content, client).translations}
        if missing := [str(number) for number in range(len(lines)) if number not in found]:
            raise ServiceError(f"{client.name} left out the lines {', '.join(missing[:20])}")
        return [found[number] for number in range(len(lines))]

    async def one(line: str, languages: dict[str, str], key: str) -> str:
        answer = await client.request(
            "POST", "/translate", json={"text": line, **languages}, idempotency_key=key
        )
        return _read(_OneLine, answer.content, client).translated_text

    return FarService(client, ask)


def far_speech(client: ServiceClient, artefacts: ArtefactStore) -> FarService:
    """Voices at `TTS_URL`."""

    async def ask(order: Synthesize, key: str) -> Clip:
        voice = {} if order.voice is None else {"voice": order.voice}
        body = {"text": order.text, "lang": order.language, **voice}
        answer = await client.request("POST", "/synthesize", json=body, idempotency_key=key)
        said = _read(_Voice, answer.content, client)
        return Clip(
            file=await fetched(said),
            duration=said.duration,
            engine=said.engine,
            voice=order.voice or said.voice,
            warnings=said.warnings,
        )

    async def fetched(said: _Voice) -> Artefact:
        """The clip; only ever from the service itself, whatever address it names."""
        try:
            address = urlsplit(said.audio_url or "")
        except ValueError as error:
            raise ServiceError(f"{client.name}: audio_url is no address: {error}") from error
        path = f"/{address.path.lstrip('/')}" if address.path else ""
        if not path:
            path = f"/audio/{PurePosixPath(said.audio_path or 'missing').name}"
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        async with client.stream("GET", path, params=query) as response:
            kind = response.headers.get("content-type", "audio/wav")
            return await artefacts.put(response.aiter_bytes(), kind, max_bytes=_CLIP_BYTES)

    return FarService(client, ask)


def _read(model: type[M], body: bytes, client: ServiceClient) -> M:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise ServiceError(f"{client.name} answered what is none of its answers: {invalid(error)}") from error
