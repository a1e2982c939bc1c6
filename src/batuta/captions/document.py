"""The captions document: what was heard, the cues shaped from it, and how well they keep the rules.

One JSON artefact a job. Every subtitle format is written from it on request, so nothing can disagree.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict

from batuta.jobs import Order
from batuta.media import (
    Conformity,
    Cue,
    Segment,
    Subtitles,
    Transcription,
    Word,
    check,
    cues_from_words,
    profile_named,
    write,
)
from batuta.storage.artefacts import Artefact, ArtefactStore, once

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
"""A language tag (RFC 5646, section 2.1)."""
VERSION: Final = "cues-1"
"""Changes whenever the same transcription would be shaped otherwise."""


class Shaped(BaseModel):
    """The stored document, and the facts a job shows without reading it."""

    model_config = ConfigDict(frozen=True)

    file: Artefact
    language: str
    duration: float
    hard_violations: int


class Shape(Order[Shaped]):
    """Make readable cues of a transcription document."""

    work: ClassVar[str] = "subtitles"
    Result: ClassVar[type[BaseModel]] = Shaped

    file: Artefact
    profile: str = "default"


@dataclass(frozen=True)
class CaptionsDocument:
    """A transcription, its cues, and their conformity to a profile."""

    transcription: Transcription
    subtitles: Subtitles
    conformity: Conformity
    profile: str

    def write(self, form: str) -> str:
        """The captions in one of `batuta.media.FORMATS`."""
        return write(self.subtitles, form, self.transcription)


class Shaper:
    """Does `Shape` orders and reads the documents back."""

    def __init__(self, artefacts: ArtefactStore) -> None:
        self._artefacts = artefacts

    async def shape(self, order: Shape) -> Shaped:
        """Read the transcription, shape and check its cues, store the document."""
        text = await self._text(order.file)
        document, body = await asyncio.to_thread(_shaped, text, order.profile)
        stored = await self._artefacts.put(once(body), "application/json")
        return Shaped(
            file=stored,
            language=document.transcription.language,
            duration=document.transcription.duration,
            hard_violations=document.conformity.hard_violations,
        )

    async def read(self, file: Artefact) -> CaptionsDocument:
        """The document of a finished job; raises `NotFound` when it was cleaned away."""
        return await asyncio.to_thread(_document, await self._text(file))

    async def _text(self, file: Artefact) -> bytes:
        return b"".join([chunk async for chunk in self._artefacts.read(file)])


def transcription_of(document: dict[str, Any]) -> Transcription:
    """The transcription out of a service's document (contract: `GET /jobs/{id}/transcription`)."""
    return Transcription(
        language=_language(document.get("language_detected") or document.get("language")),
        language_probability=float(document.get("language_probability") or 0.0),
        duration=float(document.get("duration") or 0.0),
        segments=tuple(_segment(segment) for segment in document.get("segments") or ()),
        engine=str(document.get("engine") or ""),
    )


def _language(found: object) -> str:
    """The code, or `und` where a service says what is none: it becomes part of file names."""
    return found if isinstance(found, str) and _LANGUAGE.fullmatch(found) else "und"


def _segment(found: dict[str, Any]) -> Segment:
    words = tuple(
        Word(
            text=str(word.get("word") or word.get("text") or "").strip(),
            start=float(word["start"]),
            end=float(word["end"]),
            probability=float(word.get("probability", 1.0)),
        )
        for word in found.get("words") or ()
    )
    return Segment(
        float(found["start"]),
        float(found["end"]),
        str(found.get("text", "")).strip(),
        words,
        avg_logprob=_measure(found, "avg_logprob"),
        no_speech_prob=_measure(found, "no_speech_prob"),
        compression_ratio=_measure(found, "compression_ratio"),
    )


def _measure(found: dict[str, Any], name: str) -> float | None:
    """One of the recogniser's own measures, where the service tells it."""
    value = found.get(name)
    return float(value) if isinstance(value, int | float) else None


def _shaped(text: bytes, profile_name: str) -> tuple[CaptionsDocument, bytes]:
    transcription = transcription_of(json.loads(text))
    profile = profile_named(profile_name).for_language(transcription.language)
    subtitles = cues_from_words(transcription, profile)
    document = CaptionsDocument(transcription, subtitles, check(subtitles, profile), profile_name)
    body = {
        "profile": profile_name,
        "transcription": transcription.to_dict(),
        "cues": [{"start": cue.start, "end": cue.end, "lines": list(cue.lines)} for cue in subtitles.cues],
    }
    return document, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _document(text: bytes) -> CaptionsDocument:
    body = json.loads(text)
    transcription = Transcription.from_dict(body["transcription"])
    cues = tuple(Cue(cue["start"], cue["end"], tuple(cue["lines"])) for cue in body["cues"])
    subtitles = Subtitles(transcription.language, cues)
    profile = profile_named(body["profile"]).for_language(transcription.language)
    return CaptionsDocument(transcription, subtitles, check(subtitles, profile), body["profile"])
