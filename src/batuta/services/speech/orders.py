"""What the speech service is asked for and what it gives."""

from __future__ import annotations

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from batuta.jobs.orders import Order
from batuta.storage.artefacts import Artefact

MAX_CHARACTERS: Final = 5_000
"""Of one text: five minutes of speech, and far more than any line of a dub."""
MAX_LANGUAGE: Final = 16
MAX_VOICE: Final = 64


class Clip(BaseModel):
    """Speech; `file` is mono FLAC of 24 kHz that begins and ends with the voice."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    duration: float
    """Seconds."""
    engine: str
    """Who spoke; `silence` when there was nothing to say."""
    voice: str
    """As it may be asked for again, for example `kokoro:pf_dora`; empty for silence."""
    warnings: tuple[str, ...] = ()
    """For example that another engine had to speak, and why."""


class Synthesize(Order[Clip]):
    """Say a text aloud."""

    work: ClassVar[str] = "speech"
    Result: ClassVar[type[BaseModel]] = Clip

    text: str = Field(max_length=MAX_CHARACTERS)
    language: str = Field(max_length=MAX_LANGUAGE)
    """A code, with a region where it matters (`pt`, `en-GB`), or an English name."""
    voice: str | None = Field(default=None, max_length=MAX_VOICE)
    """An engine (`hibari`), or one of its voices (`kokoro:pf_dora`); None for the best there is."""
