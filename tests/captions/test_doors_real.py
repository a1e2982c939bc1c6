"""Both doors with the real engines, on real speech."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import av
import jiwer
import pytest
from doors_calls import DETECT, TRANSCRIBE, posted
from doors_stage import answered, openai_client
from whisper_normalizer.english import EnglishTextNormalizer

from batuta.media import read
from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving
from book import TWO_CITIES

pytestmark = [pytest.mark.anyio, pytest.mark.weights]


@pytest.fixture(scope="module")
async def server(two_cities: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """Captions with everything embedded and the small model; the models stay warm."""
    del two_cities  # pulled before the event loop runs
    settings = Settings(batuta_data=tmp_path_factory.mktemp("real"), whisper_model="tiny.en")
    async with serving(orchestrator_app("captions", settings)) as url:
        yield url


def errors(text: str) -> float:
    """The share of words that are wrong."""
    clean = EnglishTextNormalizer()
    return jiwer.wer(clean(TWO_CITIES), clean(text))


def raw_sound(path: Path) -> bytes:
    """What Bazarr's ffmpeg makes of the file: `-f s16le -ac 1 -ar 16000`."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(path)) as container:
        frames = [found for frame in container.decode(audio=0) for found in resampler.resample(frame)]
    return b"".join(frame.to_ndarray().tobytes() for frame in [*frames, *resampler.resample(None)])


async def test_the_official_client_gets_every_format_out_of_one_piece_of_work(
    server: str, two_cities: Path
) -> None:
    """Words in order within the recording, segments that hold them, subtitles that read; one job."""
    async with openai_client(server, timeout=100) as client:
        create = client.audio.transcriptions.with_raw_response.create
        raw = await create(
            file=two_cities,
            model="whisper-tiny.en",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        verbose = raw.parse()
        assert errors(verbose.text) < 0.1
        assert verbose.language == "english"
        assert verbose.duration == pytest.approx(44.4, abs=0.5)
        starts = [word.start for word in verbose.words or ()]
        assert starts == sorted(starts)
        assert len(starts) > 100
        assert starts[-1] < verbose.duration
        assert all(-1 < segment.avg_logprob < 0 for segment in verbose.segments or ())
        srt = await create(file=two_cities, model="whisper-1", response_format="srt")
        assert srt.headers["x-request-id"] == raw.headers["x-request-id"]
        shown = read(str(srt.parse()), "srt")
        assert errors(" ".join(cue.plain for cue in shown.cues)) < 0.1
        assert max(len(line) for cue in shown.cues for line in cue.lines) <= 42
        stream = await client.audio.transcriptions.create(file=two_cities, model="tiny.en", stream=True)
        pieces = [event.delta async for event in stream if event.type == "transcript.text.delta"]
        assert "".join(pieces) == verbose.text


async def test_bazarr_s_raw_sound_becomes_subtitles(server: str, two_cities: Path) -> None:
    """The provider's own call: PCM in, SRT out, in time with the speech."""
    sound = await asyncio.to_thread(raw_sound, two_cities)
    answer = await answered(server, posted(TRANSCRIBE, sound), seconds=100)
    assert answer.status == 200, answer.body
    shown = read(answer.body.decode(), "srt")
    assert errors(" ".join(cue.plain for cue in shown.cues)) < 0.1
    assert shown.cues[-1].end < len(sound) / 32_000 + 0.6


async def test_the_language_of_raw_sound_is_told(server: str, two_cities: Path) -> None:
    """The provider's other call, answered by the recogniser."""
    sound = await asyncio.to_thread(raw_sound, two_cities)
    found = json.loads((await answered(server, posted(DETECT, sound), seconds=100)).body)
    assert found["language_code"] == "en"
    assert found["detected_language"] == "english"
    assert 0.5 < found["confidence"] <= 1
