"""The translator: a transcription in, the same speech in another language out, at the same times."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends

from batuta.errors import InvalidRequest
from batuta.jobs.orders import OnProgress, Order
from batuta.media.words import Transcription
from batuta.services.app import read_document, the_jobs
from batuta.services.registry import ServiceJobs
from batuta.services.transcriber.languages import AUTO, LANGUAGES
from batuta.services.translator.bergamot import Bergamot
from batuta.services.translator.carrying import has_words
from batuta.services.translator.chat import Chat
from batuta.services.translator.contract import ENGINE_VERSION
from batuta.services.translator.documents import MAX_BYTES, transcription_in, translated, written
from batuta.services.translator.lines import Backend, Line, translate_lines
from batuta.services.translator.models import Models
from batuta.services.translator.orders import Translate
from batuta.services.translator.pairs import Offer, Route, code_of, target_of
from batuta.services.translator.sentences import sentences_of
from batuta.services.work import Made
from batuta.weights import Weights

CONCURRENCY: Final = 2
"""The one engine is kept busy while another order's document is read and written."""
_FILENAME: Final = "translation.json"
_JSON: Final = "application/json"


class Translator:
    """Translates sentences with Firefox models, or with a language model where the operator names one."""

    name = "translator"
    order: type[Order[Any]] = Translate
    concurrency = CONCURRENCY

    def __init__(self, weights: Weights, models: Path, chat: Chat | None = None) -> None:
        """`models` is BATUTA_MODELS; with `chat` every pair is translated by it, and no model is used."""
        self._models = Models(weights, models)
        self._chat = chat
        self._backend: Backend = chat if chat is not None else Bergamot(self._models)

    @property
    def version(self) -> str:
        """The engine, and the models or the endpoint that would be used."""
        return f"{ENGINE_VERSION}:{self._backend.identity}"

    def pairs(self) -> Offer:
        """What can be translated into what."""
        return Offer(self._models.pairs(), anything=self._chat is not None)

    async def perform(
        self, order: Translate, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Write the document in the other language; one that is in it already, or silent, is given back."""
        transcription = await asyncio.to_thread(_read, files["file"])
        target = target_of(order.language_out)
        source = _source(order.language_in, transcription)
        if source is None or source == target:
            return _unchanged(order, transcription, source)
        transcription = replace(transcription, language=source)
        route = (await asyncio.to_thread(self.pairs)).route(source, target)
        sentences = await asyncio.to_thread(sentences_of, transcription)
        lines = [Line(each.id, each.text) for each in sentences if has_words(each.text)]
        outcome = await translate_lines(lines, self._backend, route, on_progress)
        document = await asyncio.to_thread(
            translated, transcription, sentences, outcome, route, self._engine(route)
        )
        output = workspace / _FILENAME
        await asyncio.to_thread(output.write_bytes, await asyncio.to_thread(written, document))
        details = {
            "language_detected": document["language_detected"],
            "translated_from": document["translated_from"],
            "pivot": document["pivot"],
            "duration": document["duration"],
            "sentences": len(sentences),
            "kept": len(outcome.kept),
            "warnings": document["warnings"],
            "engine": document["engine"],
        }
        return Made(output, _JSON, _FILENAME, details)

    async def aclose(self) -> None:
        """Stop the engine, or close the connections."""
        await self._backend.aclose()

    def _engine(self, route: Route) -> str:
        who = self._backend.identity if self._chat else "bergamot:" + "+".join(map(str, route.legs))
        return f"{ENGINE_VERSION}:{who}"


def _read(path: Path) -> Transcription:
    """The transcription in its language by code; raises `InvalidRequest` for what is none."""
    with path.open("rb") as file:
        return transcription_in(file.read(MAX_BYTES + 1))


def _source(language_in: str, transcription: Transcription) -> str | None:
    """The language to translate from; None where nothing was said."""
    if not any(segment.text or segment.words for segment in transcription.segments):
        return None
    asked = code_of(language_in)
    if asked is not None:
        return asked
    try:
        found = code_of(transcription.language or AUTO)
    except InvalidRequest:
        found = None
    if found is None:
        raise InvalidRequest(
            f"the transcription does not say its language ({transcription.language or 'none'!r}): "
            "give it in language_in"
        )
    return found


def _unchanged(order: Translate, transcription: Transcription, source: str | None) -> Made:
    details: dict[str, Any] = {
        "language_detected": source,
        "translated_from": None,
        "pivot": None,
        "duration": transcription.duration,
        "sentences": 0,
        "kept": 0,
        "warnings": [],
        "engine": transcription.engine,
    }
    return Made(order.file, _JSON, _FILENAME, details)


routes = APIRouter()
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
