"""Bazarr's door: the very bytes its Whisper provider sends (`whisperai.py`, over `requests`)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from captions_standing import Standing
from doors_calls import DETECT, TRANSCRIBE, TRANSLATE, WITH_NAME, posted
from doors_stage import (
    LIMIT_SECONDS,
    SPOKEN,
    Orders,
    answered,
    sent,
    services_with,
    settings_for,
)
from fastapi import FastAPI

from batuta.captions.app import Captions
from batuta.captions.doors import waiting
from batuta.captions.doors.bazarr import HEARD_SECONDS
from batuta.captions.doors.pcm import BYTES_A_SECOND, WAV_HEADER, as_wav
from batuta.jobs import Terms
from batuta.media import read
from batuta.media.audio import AudioReader
from batuta.server import orchestrator_app
from batuta.storage.artefacts import Artefact
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio
PCM = struct.pack("<16000h", *(1000 * (n % 20 - 10) for n in range(16_000)))
"""A second of a hum."""


class Ear:
    """Stands in for `Captions.detect_language`; remembers what it was given."""

    def __init__(self) -> None:
        self.hears = ("en", 0.98765)
        self.given: list[Artefact] = []

    async def detect_language(self, upload: Artefact, terms: Terms) -> tuple[str, float]:
        self.given.append(upload)
        return self.hears


@pytest.fixture
def ear() -> Ear:
    """Whoever tells the language."""
    return Ear()


@pytest.fixture(scope="module")
async def doors(all_orders: Orders, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Standing]:
    """Captions with its doors; a transcriber that does as it is told."""
    async with serving(services_with(all_orders)) as services:
        app = orchestrator_app("captions", settings_for(tmp_path_factory.mktemp("doors"), services))
        async with serving(app) as url:
            yield Standing(app, url)


@pytest.fixture
async def app(doors: Standing, orders: Orders, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The running server, as new, with that ear."""
    del orders
    await doors.forget()
    monkeypatch.setattr(Captions, "detect_language", ear.detect_language)
    return doors.app


@pytest.fixture
def server(doors: Standing, app: FastAPI) -> str:
    """Its base URL."""
    del app
    return doors.url


async def stored(app: FastAPI, upload: Artefact) -> bytes:
    """The bytes that were kept."""
    return b"".join([chunk async for chunk in app.state.captions.artefacts.read(upload)])


@pytest.mark.parametrize("target", [TRANSCRIBE, WITH_NAME])
async def test_bazarr_s_asr_call_gets_subtitles(server: str, orders: Orders, target: str) -> None:
    """Raw sound in, an SRT file as the body out, in the language Bazarr says."""
    answer = await answered(server, posted(target, PCM))
    assert answer.status == 200
    subtitles = read(answer.body.decode(), "srt")
    assert " ".join(cue.plain for cue in subtitles.cues) == SPOKEN["full_text"]
    assert answer.headers["asr-engine"] == "faster_whisper"
    assert answer.headers["content-disposition"] == 'attachment; filename="audio_file.srt"'
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert b'name="language_in"\r\n\r\nen' in orders.bodies[0]
    assert b'name="language_out"' not in orders.bodies[0]


async def test_bazarr_s_translation_asks_for_english(server: str, orders: Orders) -> None:
    """The language in the query is the one spoken."""
    assert (await answered(server, posted(TRANSLATE, PCM))).status == 200
    assert b'name="language_in"\r\n\r\nde' in orders.bodies[0]
    assert b'name="language_out"\r\n\r\nen' in orders.bodies[0]


async def test_bazarr_s_language_call_is_answered_in_its_words(
    server: str, app: FastAPI, ear: Ear, tmp_path: Path
) -> None:
    """A code and Whisper's name for it in lower case; the sound is kept as a file that can be heard."""
    answer = await answered(server, posted(DETECT, PCM))
    assert answer.status == 200
    assert answer.body == b'{"detected_language":"english","language_code":"en","confidence":0.9877}'
    sound = await stored(app, ear.given[0])
    assert sound == WAV_HEADER + PCM
    (tmp_path / "heard.wav").write_bytes(sound)
    reader = AudioReader(tmp_path / "heard.wav")
    assert sum(block.shape[1] for block in reader) == 16_000
    assert reader.sample_rate == 16_000


async def test_silence_has_no_language(server: str, ear: Ear) -> None:
    """Bazarr reads `und` as: nothing found."""
    ear.hears = ("und", 0.0)
    answer = await answered(server, posted(DETECT, PCM))
    assert answer.body == b'{"detected_language":"unknown","language_code":"und","confidence":0.0}'


async def test_only_the_beginning_of_a_film_is_kept_to_tell_its_language(server: str, ear: Ear) -> None:
    """Bazarr sends all of its sound; the rest is read and let go."""
    seconds = int(HEARD_SECONDS) + 7
    answer = await answered(server, posted(DETECT, PCM * seconds))
    assert answer.status == 200
    assert ear.given[0].size == len(WAV_HEADER) + int(HEARD_SECONDS) * BYTES_A_SECOND


async def test_a_media_file_is_kept_as_it_is(server: str, app: FastAPI, ear: Ear) -> None:
    """`encode=true`, whisper-asr-webservice's default: whatever the file is, the readers will see."""
    await answered(server, posted("/detect-language", b"any media"))
    assert await stored(app, ear.given[0]) == b"any media"


async def test_wav_sent_as_raw_gets_no_second_header(server: str, app: FastAPI, ear: Ear) -> None:
    """Some clients say `encode=false` and mean that it is WAV already."""
    await answered(server, posted(DETECT, WAV_HEADER + PCM))
    assert await stored(app, ear.given[0]) == WAV_HEADER + PCM


async def test_every_output_of_whisper_asr_webservice_is_given(server: str) -> None:
    """Always as the body, with a name to save it under; text where nothing is said."""
    for output, beginning in {
        "txt": b"Hello there.",
        "vtt": b"WEBVTT",
        "srt": b"1\n00:00:00,",
        "tsv": b"start\tend\ttext",
        "json": b"{",
    }.items():
        answer = await answered(server, posted(f"/asr?output={output}", PCM))
        assert answer.body.startswith(beginning)
        assert answer.headers["content-disposition"] == f'attachment; filename="audio_file.{output}"'
    assert (await answered(server, posted("/asr", PCM))).body.startswith(b"Hello there.")


async def test_words_are_in_the_json_when_asked_for(server: str) -> None:
    """`word_timestamps` changes nothing else."""
    plain = await answered(server, posted("/asr?output=json&initial_prompt=Hi&vad_filter=true", PCM))
    words = await answered(server, posted("/asr?output=json&word_timestamps=true", PCM))
    assert b'"words"' not in plain.body
    assert b'"Kenobi!"' in words.body
    assert plain.headers["x-request-id"] == words.headers["x-request-id"], "two formats of one job"


async def test_what_cannot_be_used_is_refused_with_a_reason(server: str, orders: Orders) -> None:
    """As a problem, which no client takes for subtitles; no work is done."""
    for target, sound, says in [
        ("/asr?output=docx", PCM, b"output"),
        ("/asr?task=sing", PCM, b"task"),
        ("/asr?language=an-extremely-long-language", PCM, b"language"),
        (TRANSCRIBE, b"", b"empty"),
        (DETECT, b"", b"empty"),
        ("/asr", b"", b"empty"),
    ]:
        answer = await answered(server, posted(target, sound))
        assert answer.status == 422, target
        assert answer.headers["content-type"] == "application/problem+json"
        assert says in answer.body
    assert not orders.bodies


async def test_bazarr_s_timeout_does_not_lose_the_work(
    server: str, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It drops the connection, asks for the same again later, and finds it done: one piece of work."""
    monkeypatch.setattr(waiting, "HEARTBEAT_SECONDS", 0.02)
    orders.released.clear()
    async with asyncio.timeout(LIMIT_SECONDS), sent(server, posted(TRANSCRIBE, PCM)):
        await orders.arrived.wait()
    orders.released.set()
    answer = await answered(server, posted(WITH_NAME, PCM))
    assert answer.status == 200
    assert len(orders.bodies) == 1


@pytest.mark.parametrize("size", [1, 3, 32_000])
async def test_raw_sound_streams_through_in_any_pieces(size: int) -> None:
    """The header comes once, before everything, and a cut falls on a whole sample."""

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(PCM), size):
            yield PCM[start : start + size]

    assert b"".join([chunk async for chunk in as_wav(pieces())]) == WAV_HEADER + PCM
    cut = b"".join([chunk async for chunk in as_wav(pieces(), 0.50001)])
    assert cut == WAV_HEADER + PCM[:16_000]
