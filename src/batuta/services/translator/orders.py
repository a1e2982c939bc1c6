"""What the translator is asked for and what it gives."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from batuta.jobs.orders import Order
from batuta.services.transcriber.languages import AUTO
from batuta.storage.artefacts import Artefact

MAX_LINES: Final = 2_000
MAX_LINE_CHARACTERS: Final = 5_000

LineText = Annotated[str, Field(max_length=MAX_LINE_CHARACTERS)]


def _is_none(value: object) -> bool:
    return value is None


class Translated(BaseModel):
    """A text in another language.

    `file` is a document of the shape the transcriber writes, or, of an order of lines, `TranslatedLines`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Artefact
    lines: tuple[str, ...] = ()
    """The lines of the order in the other language, as many and in the same order; none of a file's order."""
    language_detected: str | None = None
    """The language of the document, as asked for."""
    translated_from: str | None = None
    """The language it had; None when there was nothing to translate."""
    pivot: str | None = None
    """The language in between, where nobody translates directly; of two, `en, pt`."""
    duration: float | None = None
    """Seconds; None of lines, which have no times."""
    kept: int = 0
    """How many sentences, or lines, are as they were, because nobody could translate them."""
    warnings: tuple[str, ...] = ()
    engine: str | None = None
    """Who translated, by legs (`translator-1:bergamot:en-pt+apertium:pt-es`), after who transcribed."""


class Translate(Order[Translated]):
    """Say a transcription in another language, at the same times; or lines without times.

    Exactly one of `file` and `lines` is given. What is not given is not in the order's JSON either, so that
    orders of files have the keys they had before there were lines.
    """

    work: ClassVar[str] = "translator"
    Result: ClassVar[type[BaseModel]] = Translated

    file: Artefact | None = Field(default=None, exclude_if=_is_none)
    lines: Annotated[tuple[LineText, ...], Field(min_length=1, max_length=MAX_LINES)] | None = Field(
        default=None, exclude_if=_is_none
    )
    max_characters: int | None = Field(default=None, ge=1, le=MAX_LINE_CHARACTERS, exclude_if=_is_none)
    """How long each line may become, for a language model to keep to as well as it can; others do not."""
    language_in: str = Field(default=AUTO, max_length=16)
    """`auto`: the language the document says; lines say none."""
    language_out: str = Field(max_length=16)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.file is None) == (self.lines is None):
            raise ValueError("give either file or lines")
        if self.lines is not None and self.language_in.strip().lower() == AUTO:
            raise ValueError("lines do not say their language: give language_in")
        if self.lines is None and self.max_characters is not None:
            raise ValueError("max_characters is for lines")
        return self
