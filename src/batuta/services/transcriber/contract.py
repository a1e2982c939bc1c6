"""What the transcriber's engine is asked and what it answers; light to import, so that the parent may."""

from __future__ import annotations

from typing import Final, TypedDict

ENGINE: Final = "batuta.services.transcriber.engine:transcribe"
"""Where a pool of worker processes finds the engine."""

ENGINE_VERSION: Final = "transcriber-2"
"""Changes whenever the same sound and model would give another transcription."""


class TranscribeTask(TypedDict):
    """One file to write down. `output` gets a `Transcription` in JSON.

    `language_in` is a code or `auto`; `language_out` is `None` (as spoken) or `en` (translated by Whisper).
    `threads` is how many chunks are recognised at once, each on one core. `only_language` finds out the
    language and no more, from the first 90 s, whatever `language_in` says; there is none when nobody speaks.
    """

    input: str
    output: str
    model_folder: str
    model_name: str
    language_in: str
    language_out: str | None
    threads: int
    only_language: bool


class TranscribeResult(TypedDict):
    """Facts about the transcription; the probability is `None` when the language was given, not detected.

    `stretches_heard_again` counts the stretches of speech that got no text at first and were heard alone.
    """

    language_detected: str | None
    language_probability: float | None
    duration: float
    segments: int
    words: int
    stretches_heard_again: int
    warnings: list[str]
    engine: str


class Word(TypedDict):
    """A word, with its punctuation and without spaces; seconds on the time line of the file."""

    word: str
    start: float
    end: float
    probability: float


class Segment(TypedDict):
    """What Whisper says in one breath, with its own measures of how sure it is."""

    id: int
    start: float
    end: float
    text: str
    words: list[Word]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


class Transcription(TypedDict):
    """The whole document; empty text and no language when nobody speaks."""

    full_text: str
    language_detected: str | None
    language_probability: float | None
    duration: float
    segments: list[Segment]
    stretches_heard_again: int
    engine: str
