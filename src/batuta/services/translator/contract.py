"""What the translator's engine is asked, and the document it all comes to; light to import."""

from __future__ import annotations

from typing import Final, TypedDict

ENGINE: Final = "batuta.services.translator.engine:translate"
"""Where a pool of worker processes finds the engine."""

ENGINE_VERSION: Final = "translator-1"
"""Changes whenever the same document and models would give another translation."""


class Model(TypedDict):
    """The files of one Firefox model (paths), and the languages it goes from and to.

    `source_vocabulary` and `target_vocabulary` are one file for most pairs; without a `shortlist` of likely
    words the engine is a fifth slower.
    """

    source: str
    target: str
    model: str
    source_vocabulary: str
    target_vocabulary: str
    shortlist: str | None


class TranslateTask(TypedDict):
    """Lines to translate: `input` and `output` are JSON files of `[[id, text], …]`.

    `models` is one, or two when the way leads through a third language.
    """

    input: str
    output: str
    models: list[Model]


class TranslateResult(TypedDict):
    """How many lines were answered; one that broke the engine is left out."""

    answered: int


class TranslatedWord(TypedDict):
    """A word of the translation, without spaces; seconds, in time that was spoken in."""

    word: str
    start: float
    end: float


class TranslatedSegment(TypedDict):
    """One sentence: its translation, the time of what was said, and what that was."""

    id: int
    start: float
    end: float
    text: str
    words: list[TranslatedWord]
    source: str


class TranslatedDocument(TypedDict):
    """The whole document: the transcriber's, in another language.

    `language_probability` is how sure the recogniser was of `translated_from`. The recogniser's own measures
    of each segment and word are left out: they are not about these words.
    """

    full_text: str
    language_detected: str
    language_probability: float
    duration: float
    segments: list[TranslatedSegment]
    engine: str
    translated_from: str
    pivot: str | None
    warnings: list[str]


class TranslatedLines(TypedDict):
    """The document of an order of lines: `lines` as many as were asked, in their order."""

    full_text: str
    lines: list[str]
    language_detected: str
    translated_from: str | None
    pivot: str | None
    kept: int
    warnings: list[str]
    engine: str | None
