"""What the translator is asked for and what it gives."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from batuta.jobs.orders import Order
from batuta.storage.artefacts import Artefact


class Translated(BaseModel):
    """A transcription in another language; `file` is a document of the shape the transcriber writes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    language_detected: str | None = None
    """The language of the document, as asked for."""
    translated_from: str | None = None
    """The language it had; None when there was nothing to translate."""
    pivot: str | None = None
    """The language in between, where no model translates directly."""
    duration: float | None = None
    """Seconds."""
    kept: int = 0
    """How many sentences are as they were, because nobody could translate them."""
    warnings: tuple[str, ...] = ()


class Translate(Order[Translated]):
    """Say a transcription in another language, at the same times."""

    work: ClassVar[str] = "translator"
    Result: ClassVar[type[BaseModel]] = Translated

    file: Artefact
    language_in: str = Field(default="auto", max_length=16)
    """`auto`: the language the document says."""
    language_out: str = Field(max_length=16)
