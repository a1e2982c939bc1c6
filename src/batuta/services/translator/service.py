"""The translator: a transcription in, the same speech in another language out, at the same times.

Or lines in, and as many lines out, each in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from batuta.errors import InvalidRequest
from batuta.jobs.orders import OnProgress, Order
from batuta.media.words import Transcription
from batuta.services.transcriber.languages import AUTO
from batuta.services.translator.apertium import Apertium
from batuta.services.translator.bergamot import Bergamot
from batuta.services.translator.carrying import has_words
from batuta.services.translator.chat import Chat
from batuta.services.translator.contract import ENGINE_VERSION, TranslatedLines
from batuta.services.translator.dialogue import put_together, unchanged_lines, utterances_of
from batuta.services.translator.documents import MAX_BYTES, transcription_in, translated, written
from batuta.services.translator.lines import Backend, Line, translate_lines
from batuta.services.translator.models import Models
from batuta.services.translator.orders import Translate
from batuta.services.translator.pairs import Offer, code_of, target_of
from batuta.services.translator.relay import Relay
from batuta.services.translator.routes import routes
from batuta.services.translator.sentences import sentences_of
from batuta.services.translator.ways import Route
from batuta.services.work import Made
from batuta.storage.artefacts import Artefact
from batuta.weights import Weights

CONCURRENCY: Final = 2
"""The one engine is kept busy while another order's document is read and written."""
_FILENAME: Final = "translation.json"
_JSON: Final = "application/json"


class Translator:
    """Translates sentences with Firefox models, and with Apertium's rules for pairs that have none.

    With a language model where the operator names one.
    """

    name = "translator"
    order: type[Order[Any]] = Translate
    concurrency = CONCURRENCY

    def __init__(
        self, weights: Weights, models: Path, chat: Chat | None = None, rules: Apertium | None = None
    ) -> None:
        """`models` is BATUTA_MODELS; with `chat` every pair is translated by it, and nothing else is used.

        `rules` are those of the Apertium on PATH, if there is one, unless others are given.
        """
        self._models = Models(weights, models)
        self._rules = rules or Apertium()
        self._chat = chat
        self._backend: Backend = chat if chat is not None else Relay(Bergamot(self._models), self._rules)

    @property
    def version(self) -> str:
        """The engine, and the models or the endpoint that would be used."""
        return f"{ENGINE_VERSION}:{self._backend.identity}"

    def pairs(self) -> Offer:
        """What can be translated into what."""
        if self._chat is not None:
            return Offer(self._models.pairs(), anything=True)
        return Offer(self._models.pairs(), self._rules.pairs())

    async def perform(
        self, order: Translate, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Write the document in the other language; what is in it already, or silent, is given back."""
        if order.file is None:
            return await self._perform_lines(order, workspace, on_progress)
        transcription = await asyncio.to_thread(_read, files["file"])
        target = target_of(order.language_out)
        source = _source(order.language_in, transcription)
        if source is None or source == target:
            return _unchanged(order.file, transcription, source)
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

    async def _perform_lines(self, order: Translate, workspace: Path, on_progress: OnProgress) -> Made:
        """Write the lines in the other language."""
        document = await self._lines(order, on_progress)
        output = workspace / _FILENAME
        await asyncio.to_thread(output.write_bytes, await asyncio.to_thread(written, document))
        return Made(
            output, _JSON, _FILENAME, {name: value for name, value in document.items() if name != "full_text"}
        )

    async def _lines(self, order: Translate, on_progress: OnProgress) -> TranslatedLines:
        lines, target = order.lines or (), target_of(order.language_out)
        source = code_of(order.language_in) or target
        if source == target or not any(map(has_words, lines)):
            return unchanged_lines(lines, target)
        route = (await asyncio.to_thread(self.pairs)).route(source, target)
        utterances = await asyncio.to_thread(utterances_of, lines, source, whole=self._chat is not None)
        asked = [part for utterance in utterances for part in utterance.asked]
        backend = self._backend
        if self._chat is not None and order.max_characters is not None:
            backend = self._chat.within(order.max_characters)
        outcome = await translate_lines(asked, backend, route, on_progress)
        return put_together(utterances, outcome, route, self._engine(route))

    def _engine(self, route: Route) -> str:
        return f"{ENGINE_VERSION}:{self._backend.identity if self._chat else route.done_by}"


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


def _unchanged(file: Artefact, transcription: Transcription, source: str | None) -> Made:
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
    return Made(file, _JSON, _FILENAME, details)


__all__ = ["CONCURRENCY", "Translator", "routes"]
