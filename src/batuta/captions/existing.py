"""Captions that exist already where the video is; then nothing is downloaded, and nothing recognised."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from batuta.captions.document import Shape
from batuta.captions.models import CaptionRequest, CaptionResult
from batuta.jobs import Order, Run
from batuta.storage.artefacts import Artefact


class Existing(BaseModel):
    """What was found: a transcription document, or nothing."""

    model_config = ConfigDict(frozen=True)

    file: Artefact | None = None
    note: str | None = None
    """Where it comes from, for whoever reads the captions."""


class FindExisting(Order[Existing]):
    """Look for captions of the video in the language; None is any, its own first."""

    work: ClassVar[str] = "existing"
    Result: ClassVar[type[BaseModel]] = Existing
    url: str
    language: str | None


async def existing(run: Run, request: CaptionRequest) -> CaptionResult | None:
    """The captions there are, shaped as ours are; None where there are none, or nobody asked for them."""
    if not request.prefer_existing or request.youtube_url is None:
        return None
    language = request.language_out or (None if request.language == "auto" else request.language)
    order = FindExisting(url=request.youtube_url, language=language, again=run.job_id)
    found = await run.stage("existing", order)
    if found.file is None:
        return None
    captions = await run.stage("subtitles", Shape(file=found.file, profile=request.subtitle_profile))
    return CaptionResult(
        captions=captions.file,
        language=captions.language,
        duration=captions.duration,
        hard_violations=captions.hard_violations,
        warnings=() if found.note is None else (found.note,),
    )
