"""One suite over every engine, each with its real model in its real process."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import psutil
import pytest
from talking import PORTUGUESE, heard, silence_around

from batuta.services.speech.backends import Backend, installed
from batuta.services.speech.espeak_home import find_espeak
from batuta.services.speech.voices import Offer
from batuta.services.transcriber.contract import TranscribeTask
from batuta.services.transcriber.engine import transcribe
from batuta.settings import Settings
from batuta.weights import Weights
from offspring import children

pytestmark = pytest.mark.weights

LINES = {
    "kokoro": [("pt", PORTUGUESE), ("en", "Sit down, please.")],
    "hibari": [("en", "The old man, who was tired, sat down. He said nothing.")],
    "nanotts": [("de", "Guten Morgen, Herr Müller."), ("es", "¿Qué tal, señor?"), ("en-GB", "Good morning.")],
    "espeak": [("ru", "Доброе утро, друзья."), ("zh", "你好\uff0c世界。"), ("pt-BR", "Bom dia.")],
}
"""What each engine says; the last line is said twice."""


@pytest.fixture(scope="module")
def backends(weights: Callable[[str], Path]) -> Callable[[], dict[str, Backend]]:
    """Every engine, new: their processes belong to one event loop."""
    for name in ("kokoro-82m", "kokoro-voices"):
        weights(name)
    found = find_espeak()
    assert found is not None, "the extra gpl is not installed"
    return lambda: installed(Weights.from_settings(Settings()), found, 1)


@dataclass(frozen=True)
class Spoken:
    """What an engine said: clips and the lengths it told; the last line again."""

    clips: list[Path]
    seconds: list[float]
    again: Path


@pytest.fixture(scope="module")
def speak(
    backends: Callable[[], dict[str, Backend]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Spoken]:
    """All lines of an engine, said once for all tests."""
    said: dict[str, Spoken] = {}

    async def spoken(engine: str) -> Spoken:
        everybody = backends()
        backend = everybody[engine]
        folder = tmp_path_factory.mktemp(engine)
        offer = Offer(backend.voices)
        seconds = []
        for number, (language, text) in enumerate([*LINES[engine], LINES[engine][-1]]):
            voice = offer.default(language)
            seconds.append(await backend.say(text, voice, folder / f"{number}.flac", [].append))
        for each in everybody.values():
            await each.aclose()
        *clips, again = (folder / f"{number}.flac" for number in range(len(seconds)))
        return Spoken(clips, seconds[:-1], again)

    def once(engine: str) -> Spoken:
        if engine not in said:
            said[engine] = asyncio.run(spoken(engine))
        return said[engine]

    return once


@pytest.mark.parametrize("engine", LINES)
def test_every_line_is_a_clip_that_is_speech_and_nothing_else(
    speak: Callable[[str], Spoken], engine: str
) -> None:
    """Mono FLAC of 24 kHz, as long as was told, trimmed, loud enough and not too loud."""
    found = speak(engine)
    for (_, text), path, seconds in zip(LINES[engine], found.clips, found.seconds, strict=True):
        sound = heard(path)
        assert sound.size / 24_000 == pytest.approx(seconds, abs=0.001)
        assert 0.02 * len(text) < seconds < 0.4 * len(text)
        assert max(silence_around(sound)) <= 0.05
        assert 0.1 < np.abs(sound).max() <= 0.9


@pytest.mark.parametrize("engine", LINES)
def test_the_same_words_are_the_same_bytes(speak: Callable[[str], Spoken], engine: str) -> None:
    """Whatever was said before: results are kept under what was asked for."""
    found = speak(engine)
    assert found.clips[-1].read_bytes() == found.again.read_bytes()


def has_its_model(process: psutil.Process) -> bool:
    """Kokoro would need long for its first piece; with its model in memory it is at work."""
    return process.memory_info().rss > 500_000_000


@pytest.mark.anyio
@pytest.mark.parametrize("engine", LINES)
async def test_cancel_kills_the_engine_in_the_middle_of_its_work(
    backends: Callable[[], dict[str, Backend]], tmp_path: Path, engine: str
) -> None:
    """Within two seconds nothing of it is left, and no clip is written."""
    everybody = backends()
    backend = everybody[engine]
    voice = Offer(backend.voices).default("en")
    started = asyncio.Event()
    text = "She sat by the window. " * (100 if engine == "kokoro" else 9_000)
    work = asyncio.create_task(backend.say(text, voice, tmp_path / "a.flac", lambda _: started.set()))
    async with asyncio.timeout(60):
        # Another process sets no event of ours.
        while not started.is_set() and not any(map(has_its_model, children())):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    engines = children()
    work.cancel()
    await asyncio.wait({work}, timeout=2)
    assert work.cancelled()
    for each in everybody.values():
        await each.aclose()
    _, alive = await asyncio.to_thread(psutil.wait_procs, engines, timeout=2)
    assert not alive
    assert not (tmp_path / "a.flac").exists()


def test_whisper_hears_what_kokoro_said(
    speak: Callable[[str], Spoken], weights: Callable[[str], Path], tmp_path: Path
) -> None:
    """Portuguese, word for word: at most 15 % of the words are another."""
    task = TranscribeTask(
        input=str(speak("kokoro").clips[0]),
        output=str(tmp_path / "heard.json"),
        model_folder=str(weights("whisper-base")),
        model_name="base",
        language_in="pt",
        language_out=None,
        threads=len(os.sched_getaffinity(0)),
        only_language=False,
    )
    transcribe(task, [].append)
    found = json.loads((tmp_path / "heard.json").read_text())["full_text"]
    said, understood = (re.sub(r"[^\w\s]", "", text).lower().strip() for text in (PORTUGUESE, found))
    assert jiwer.wer(said, understood) <= 0.15
