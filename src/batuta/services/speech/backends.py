"""The engines behind one port: a text in, a clip out. Each works in processes that cancelling kills."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

from batuta.errors import DeadlineExceeded
from batuta.jobs.orders import OnProgress
from batuta.services.engines.pool import EnginePool
from batuta.services.speech import alphabet, contract, voices
from batuta.services.speech.contract import (
    EspeakPhonemesTask,
    EspeakTask,
    KokoroTask,
    PhonemesResult,
    PhonemesTask,
    Piece,
    SayResult,
    SayTask,
)
from batuta.services.speech.espeak_home import Found
from batuta.services.speech.texts import pieces
from batuta.services.speech.voices import Voice
from batuta.weights import CATALOG, Weights

_LEAST_SECONDS: Final = 60.0
_SECONDS_A_CHARACTER: Final = 0.2
"""A character lasts 0.07 s; even a slow and busy machine speaks no slower than three times that."""
_READING_SECONDS: Final = 20.0
"""Milliseconds is what it takes; most of the limit is for a process that starts on a busy machine."""


class Backend(Protocol):
    """An engine that speaks."""

    @property
    def identity(self) -> str:
        """Which engine, and what decides its sound besides text and voice."""
        ...

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Its voices, the best of each language first."""
        ...

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """Write the text, said by this voice of its own, to `output`; the length in seconds.

        Zero, and no file, when there is nothing in it that the engine can pronounce. Raises `BatutaError`.
        """
        ...

    async def aclose(self) -> None:
        """Stop what it started."""
        ...


class Hibari:
    """English at once; also the reader of English for Kokoro."""

    _MOST: Final = 300

    def __init__(self) -> None:
        self._engines: EnginePool[SayTask, SayResult] = EnginePool(contract.HIBARI)
        self._readers: EnginePool[PhonemesTask, PhonemesResult] = EnginePool(contract.HIBARI_PHONEMES)

    @property
    def identity(self) -> str:
        """The package, which holds the model."""
        return f"hibari-{version('hibari-tts')}"

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The one in the package."""
        return voices.HIBARI_VOICES

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """As `Backend.say`."""
        task = SayTask(pieces=pieces(text, self._MOST), voice=voice.name, output=str(output))
        async with _limited("hibari", text):
            return (await self._engines.run(task, on_progress))["duration"]

    async def read(self, texts: list[str], region: str | None) -> list[str]:
        """How English is pronounced there, in Kokoro's alphabet."""
        async with _limited("hibari's reader", " ".join(texts), _READING_SECONDS):
            found = await self._readers.run(PhonemesTask(texts=texts, voice=region or "US"))
        return [alphabet.known(each) for each in found["phonemes"]]

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()
        await self._readers.aclose()


class NanoTts:
    """SVOX Pico: one process for each text (why: `nanotts.py`)."""

    _MOST: Final = 300

    @property
    def identity(self) -> str:
        """The package, which holds the voices."""
        return f"nanotts-{version('py-nanotts')}"

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The six in the package."""
        return voices.NANOTTS_VOICES

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """As `Backend.say`."""
        task = SayTask(pieces=pieces(text, self._MOST), voice=voice.name, output=str(output))
        engine: EnginePool[SayTask, SayResult] = EnginePool(contract.NANOTTS)
        async with engine, _limited("nanotts", text):
            return (await engine.run(task, on_progress))["duration"]

    async def aclose(self) -> None:
        """Nothing is left running between texts."""


class Espeak:
    """espeak-ng, where it is installed; also the reader of other languages for Kokoro."""

    _MOST: Final = 500

    def __init__(self, found: Found) -> None:
        self._found = found
        self._readers: EnginePool[EspeakPhonemesTask, PhonemesResult] = EnginePool(contract.ESPEAK_PHONEMES)

    @property
    def identity(self) -> str:
        """Where it comes from, and which version."""
        return f"espeak-{self._found.identity}"

    @property
    def voices(self) -> tuple[Voice, ...]:
        """A hundred languages."""
        return voices.ESPEAK_VOICES

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """As `Backend.say`; one process for each text (why: `espeak.py`)."""
        task = EspeakTask(
            pieces=pieces(text, self._MOST), voice=voice.name, output=str(output), home=self._found.home
        )
        engine: EnginePool[EspeakTask, SayResult] = EnginePool(contract.ESPEAK)
        async with engine, _limited("espeak", text):
            return (await engine.run(task, on_progress))["duration"]

    async def read(self, texts: list[str], voice: str) -> list[str]:
        """How the texts are pronounced, in Kokoro's alphabet, with their marks."""
        split = [alphabet.runs(text) for text in texts]
        task = EspeakPhonemesTask(
            texts=[words for runs in split for words, _ in runs], voice=voice, home=self._found.home
        )
        async with _limited("espeak's reader", " ".join(texts), _READING_SECONDS):
            found = iter((await self._readers.run(task))["phonemes"])
        return [alphabet.joined([(next(found), marks) for _, marks in runs]) for runs in split]

    async def aclose(self) -> None:
        """Stop the reader."""
        await self._readers.aclose()


class Kokoro:
    """Kokoro-82M: hibari reads it English, espeak-ng, where it is installed, the other languages."""

    _MOST: Final = 220
    """Characters, which are about as many symbols."""

    def __init__(self, weights: Weights, hibari: Hibari | None, espeak: Espeak | None, size: int) -> None:
        """`size` processes may have the model loaded, 600 MB each; the readers stay the caller's."""
        self._weights = weights
        self._hibari = hibari
        self._espeak = espeak
        self._engines: EnginePool[KokoroTask, SayResult] = EnginePool(contract.KOKORO, size=size)

    @property
    def identity(self) -> str:
        """The model, and who reads for it."""
        model = CATALOG[contract.KOKORO_MODEL].files[0].sha256[:12]
        readers = [each.identity for each in (self._hibari, self._espeak) if each is not None]
        return "+".join([f"kokoro-{model}", *readers])

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Those whose language somebody reads."""
        english = voices.ENGLISH_KOKORO if self._hibari is not None else ()
        others = voices.OTHER_KOKORO if self._espeak is not None else ()
        return english + others

    async def say(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """As `Backend.say`; pulls the weights when they are not here."""
        model = await self._weights.ensure(contract.KOKORO_MODEL)
        styles = await self._weights.ensure(contract.KOKORO_VOICES)
        parts = pieces(text, self._MOST)
        read = await self._read([part["text"] for part in parts], voice)
        task = KokoroTask(
            pieces=[
                Piece(text=symbols, pause=part["pause"])
                for symbols, part in zip(read, parts, strict=True)
                if symbols
            ],
            model=str(model / CATALOG[contract.KOKORO_MODEL].files[0].path),
            style=str(styles / f"{voice.name}.bin"),
            output=str(output),
        )
        async with _limited("kokoro", text):
            return (await self._engines.run(task, on_progress))["duration"]

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()

    async def _read(self, texts: list[str], voice: Voice) -> list[str]:
        if voice.tongue.code == "en" and self._hibari is not None:
            return await self._hibari.read(texts, voice.tongue.region)
        if self._espeak is not None and voice.tongue.code in voices.READS:
            return await self._espeak.read(texts, voices.READS[voice.tongue.code])
        raise ValueError(f"{voice} was never offered")


def installed(weights: Weights, espeak: Found | None, size: int) -> dict[str, Backend]:
    """Every engine that can work here, by name; `size` is how many texts Kokoro says at a time."""
    english = Hibari() if _has("hibari") else None
    everything = Espeak(espeak) if espeak is not None else None
    found: dict[str, Backend | None] = {
        voices.KOKORO: Kokoro(weights, english, everything, size) if english or everything else None,
        voices.HIBARI: english,
        voices.NANOTTS: NanoTts() if _has("py_nanotts") else None,
        voices.ESPEAK: everything,
    }
    return {name: backend for name, backend in found.items() if backend is not None}


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@asynccontextmanager
async def _limited(engine: str, text: str, least: float = _LEAST_SECONDS) -> AsyncGenerator[None]:
    """The time an engine may take for a text; raises `DeadlineExceeded`, the engine's process killed."""
    seconds = least + _SECONDS_A_CHARACTER * len(text)
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineExceeded(
            f"{engine} did not finish {len(text)} characters within {seconds:.0f} s"
        ) from None
