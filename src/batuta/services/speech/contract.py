"""What the engines of speech are asked, as JSON; light to import."""

from __future__ import annotations

from typing import Final, TypedDict

ENGINE_VERSION: Final = "speech-1"
"""Changes whenever the same text, voice and engine would give another clip."""

SAMPLE_RATE: Final = 24_000
"""Hertz, of every clip: Kokoro's and hibari's own; others are resampled."""

KOKORO: Final = "batuta.services.speech.kokoro:say"
HIBARI: Final = "batuta.services.speech.hibari_engine:say"
HIBARI_PHONEMES: Final = "batuta.services.speech.hibari_engine:phonemes"
NANOTTS: Final = "batuta.services.speech.nanotts:say"
ESPEAK: Final = "batuta.services.speech.espeak:say"
ESPEAK_PHONEMES: Final = "batuta.services.speech.espeak:phonemes"
"""Where a pool of worker processes finds each engine."""

KOKORO_MODEL: Final = "kokoro-82m"
KOKORO_VOICES: Final = "kokoro-voices"
"""The sets of weights that Kokoro needs."""


class Piece(TypedDict):
    """What an engine says in one breath, and the silence after it, in seconds, when more follows."""

    text: str
    pause: float


class EspeakHome(TypedDict):
    """Where espeak-ng is: its shared library, by path or by the name the system finds it under.

    `data` is the folder that holds `espeak-ng-data`; None where the library knows.
    """

    library: str
    data: str | None


class SayTask(TypedDict):
    """Pieces to say with a voice of the engine's into `output`, a FLAC file."""

    pieces: list[Piece]
    voice: str
    output: str


class EspeakTask(SayTask):
    """The same for espeak-ng."""

    home: EspeakHome


class KokoroTask(TypedDict):
    """Pieces in Kokoro's own alphabet; `model` and `style` are files of the weights."""

    pieces: list[Piece]
    model: str
    style: str
    output: str


class SayResult(TypedDict):
    """The length of what was said, in seconds; zero, and no file, when nothing could be pronounced."""

    duration: float


class PhonemesTask(TypedDict):
    """Texts to transcribe as `voice` (a language or an accent) reads them."""

    texts: list[str]
    voice: str


class EspeakPhonemesTask(PhonemesTask):
    """The same for espeak-ng."""

    home: EspeakHome


class PhonemesResult(TypedDict):
    """One transcription for each text."""

    phonemes: list[str]
