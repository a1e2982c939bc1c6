"""The speech service: a text in, the same text spoken out, by the best voice there is or by the next."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from batuta.errors import BatutaError, EngineCrashed, ServiceError, WeightsError
from batuta.jobs.orders import OnProgress, Order
from batuta.services.speech.backends import Backend, installed
from batuta.services.speech.clips import write_silence
from batuta.services.speech.contract import ENGINE_VERSION
from batuta.services.speech.espeak_home import find_espeak
from batuta.services.speech.orders import Synthesize
from batuta.services.speech.texts import has_something, speakable
from batuta.services.speech.voices import Offer, Voice
from batuta.services.work import Made
from batuta.weights import Weights

LEAST_AT_ONCE: Final = 2
MOST_AT_ONCE: Final = 4
"""Orders; Kokoro keeps 600 MB for each."""
_FILENAME: Final = "speech.flac"
_FLAC: Final = "audio/flac"
_SILENCE: Final = "silence"
_SHOWN: Final = 200
"""Characters of an engine's complaint that a warning repeats."""


class Speech:
    """Speaks with Kokoro, hibari, SVOX Pico and espeak-ng, as far as they are installed."""

    name = "speech"
    order: type[Order[Any]] = Synthesize

    def __init__(self, weights: Weights, backends: Mapping[str, Backend] | None = None) -> None:
        """`backends` are the engines by name; without them, those that are installed here."""
        self.concurrency = max(LEAST_AT_ONCE, min(MOST_AT_ONCE, len(os.sched_getaffinity(0))))
        if backends is None:
            backends = installed(weights, find_espeak(), self.concurrency)
        self._backends = backends
        self.offer = Offer(tuple(voice for backend in backends.values() for voice in backend.voices))
        self.version = ":".join([ENGINE_VERSION, *(backend.identity for backend in backends.values())])

    async def perform(
        self, order: Synthesize, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Write the clip; one without a word is silence, and whoever fails has the next engine speak for it.

        Raises `InvalidRequest` for what nobody here speaks, `WeightsError` when the chosen voice cannot be
        had (another voice would then be chance, and be kept), `ServiceError` when every engine failed.
        """
        del files
        plan = self.offer.plan(order.language, order.voice)
        text = speakable(order.text)
        output = workspace / _FILENAME
        if not has_something(text):
            return await _silent(output, ["there is nothing to say in this text: silence"])
        failures: list[str] = []
        broken = False
        for voice in plan:
            try:
                seconds = await self._said(text, voice, output, on_progress)
            except WeightsError:
                if voice is plan[0]:
                    raise
                failures.append(f"{voice.engine} has no weights here")
                continue
            except BatutaError as error:
                failures.append(f"{voice.engine} failed: {str(error)[:_SHOWN]}")
                broken = True
                continue
            if seconds:
                return _made(output, seconds, voice, _warnings(voice, failures))
            failures.append(f"{voice.engine} cannot pronounce it")
        if broken:
            raise ServiceError(f"no engine could say the text: {'; '.join(failures)}")
        return await _silent(output, [f"silence, for {'; '.join(failures)}"])

    async def aclose(self) -> None:
        """Stop every engine."""
        await asyncio.gather(*(backend.aclose() for backend in self._backends.values()))

    async def _said(self, text: str, voice: Voice, output: Path, on_progress: OnProgress) -> float:
        """The length in seconds; an engine that died is asked once more: it may not have been its fault."""
        backend = self._backends[voice.engine]
        try:
            return await backend.say(text, voice, output, on_progress)
        except EngineCrashed:
            return await backend.say(text, voice, output, on_progress)


def _warnings(voice: Voice, failures: Sequence[str]) -> list[str]:
    return [f"{voice} spoke instead, since {'; '.join(failures)}"] if failures else []


def _made(output: Path, seconds: float, voice: Voice, warnings: list[str]) -> Made:
    details = {"duration": seconds, "engine": voice.engine, "voice": str(voice), "warnings": warnings}
    return Made(output, _FLAC, _FILENAME, details)


async def _silent(output: Path, warnings: list[str]) -> Made:
    seconds = await asyncio.to_thread(write_silence, output)
    details = {"duration": seconds, "engine": _SILENCE, "voice": "", "warnings": warnings}
    return Made(output, _FLAC, _FILENAME, details)
