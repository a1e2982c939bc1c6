"""Transcription documents: the transcriber's read, the translated one made. Times are seconds in both."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import AliasChoices, BaseModel, Field, ValidationError

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.media.scripts import join
from batuta.media.units import pieces_of
from batuta.media.words import Segment, Transcription, Word
from batuta.services.problems import invalid
from batuta.services.translator.contract import (
    TranslatedDocument,
    TranslatedLines,
    TranslatedSegment,
    TranslatedWord,
)
from batuta.services.translator.lines import Outcome
from batuta.services.translator.sentences import LONGEST_COLUMNS, Sentence
from batuta.services.translator.spreading import spread
from batuta.services.translator.ways import Route

MAX_BYTES: Final = 32 * 1024 * 1024
"""About 20 hours of speech."""
_NAMED: Final = 20
"""Sentences or lines that warnings name, each in a line; the rest are counted."""


class _Word(BaseModel):
    text: str = Field(default="", validation_alias=AliasChoices("word", "text"))
    start: float
    end: float


class _Segment(BaseModel):
    start: float
    end: float
    text: str = ""
    words: list[_Word] | None = None


class _Document(BaseModel):
    language: str | None = Field(default=None, validation_alias=AliasChoices("language_detected", "language"))
    language_probability: float | None = None
    duration: float | None = None
    engine: str | None = None
    segments: list[_Segment] | None = None


def transcription_in(document: bytes) -> Transcription:
    """The transcription in a service's document; `language` is as the document says it, or empty.

    Raises `InvalidRequest` for what is none, `PayloadTooLarge` for more than `MAX_BYTES`.
    """
    if len(document) > MAX_BYTES:
        raise PayloadTooLarge(f"the transcription has {len(document)} bytes, {MAX_BYTES} are allowed")
    try:
        found = _Document.model_validate_json(document)
    except ValidationError as error:
        raise InvalidRequest(f"the file is no transcription: {invalid(error)}") from error
    return Transcription(
        language=found.language or "",
        language_probability=_finite(found.language_probability),
        duration=_finite(found.duration),
        segments=tuple(_segment(segment) for segment in found.segments or ()),
        engine=found.engine or "",
    )


def translated(
    transcription: Transcription,
    sentences: Sequence[Sentence],
    outcome: Outcome,
    route: Route,
    engine: str,
) -> TranslatedDocument:
    """The document in the other language: each sentence a segment, at the time it was spoken.

    A sentence that `outcome` has no text for stays as it is; the warnings name it.
    """
    segments = [_translated(sentence, outcome, route.target) for sentence in sentences]
    return TranslatedDocument(
        full_text=join((segment["text"] for segment in segments), route.target),
        language_detected=route.target,
        language_probability=transcription.language_probability,
        duration=transcription.duration,
        segments=segments,
        engine=" + ".join(filter(None, (transcription.engine, engine))),
        translated_from=route.source,
        pivot=route.pivot,
        warnings=[*remarks(route), *warnings_of(sentences, outcome)],
    )


def written(document: TranslatedDocument | TranslatedLines) -> bytes:
    """The document as JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def remarks(route: Route) -> list[str]:
    """What whoever reads the translation should know of the way it went."""
    return [f"{route}: by rules, word for word in places"] if route.has_rules else []


def warnings_of(sentences: Sequence[Sentence], outcome: Outcome) -> list[str]:
    """Which sentences stay as they are and why; no more lines than somebody reads."""
    kept = [sentence for sentence in sentences if sentence.id in outcome.kept]
    return few(
        f"sentence {sentence.id} at {sentence.start / 1000:.1f} s is not translated: "
        f"{outcome.kept[sentence.id]}"
        for sentence in kept
    )


def few(warnings: Iterable[str]) -> list[str]:
    """The first of them, and how many more there are."""
    found = list(warnings)
    more = [f"{len(found) - _NAMED} more are not translated"] if len(found) > _NAMED else []
    return found[:_NAMED] + more


def _translated(sentence: Sentence, outcome: Outcome, language: str) -> TranslatedSegment:
    pieces = pieces_of(outcome.texts.get(sentence.id, sentence.text), language, LONGEST_COLUMNS)
    times = spread([text for _, text in pieces], sentence)
    return TranslatedSegment(
        id=sentence.id,
        start=sentence.start / 1000,
        end=sentence.end / 1000,
        text="".join(joiner * (index > 0) + text for index, (joiner, text) in enumerate(pieces)),
        words=[
            TranslatedWord(word=text, start=start / 1000, end=end / 1000)
            for (_, text), (start, end) in zip(pieces, times, strict=True)
        ],
        source=sentence.text,
    )


def _segment(found: _Segment) -> Segment:
    words = tuple(Word(word.text.strip(), word.start, word.end) for word in found.words or ())
    return Segment(found.start, found.end, found.text.strip(), words)


def _finite(number: float | None) -> float:
    return number if number is not None and math.isfinite(number) else 0.0
