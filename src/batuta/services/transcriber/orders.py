"""What the transcriber is asked for and what it gives."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from batuta.jobs.orders import Order
from batuta.storage.artefacts import Artefact


class Speech(BaseModel):
    """A transcription; `file` holds the document `GET /jobs/{id}/transcription` answers, as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    language_detected: str | None = None
    """A code of Whisper's; None when nobody speaks."""
    language_probability: float | None = None
    """0 to 1; None when the language was given, or the model knows but one."""
    duration: float | None = None
    """Seconds."""


class Transcribe(Order[Speech]):
    """Write down what is said in an audio file, each word with its time."""

    work: ClassVar[str] = "audio-transcriber"
    Result: ClassVar[type[BaseModel]] = Speech
    download: ClassVar[str] = "transcription"

    file: Artefact
    language_in: str = Field(default="auto", max_length=16)
    language_out: str | None = Field(default=None, max_length=16)
    """None: as spoken. `en`: translated by the recogniser itself."""
    model: str | None = Field(default=None, max_length=64)
    """A name of `batuta models list` without `whisper-`; None: the service's own default."""
    only_language: bool = False
    """Find out the language from the first 90 s and write nothing down; `language_in` has no say then."""
