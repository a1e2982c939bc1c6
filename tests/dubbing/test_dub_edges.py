"""Videos at the edges of what can be dubbed: the right result, or one clear error; real services."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import av
import pytest
from dub_records import DubRecords
from dub_server import DubServer, dub_server
from dub_videos import RATE, film, found_at, music, read, silence, speech_in, talk

from batuta.media.packets import video_trail
from batuta.media.video import look

pytestmark = [pytest.mark.anyio, pytest.mark.weights, pytest.mark.slow]

VOICE = {"voice": "espeak:pt-br", "keep_background": False}
SPOKEN = {"source_language": "en", **VOICE}
PAUSE_SECONDS = 180.0


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the server and all that ask it."""
    return "asyncio"


@pytest.fixture(scope="module")
def small_models(weights: Callable[[str], Path]) -> list[Path]:
    """What hears and translates here."""
    return [weights(name) for name in ("whisper-tiny.en", "bergamot-en-pt")]


@pytest.fixture(scope="module")
async def server(
    anyio_backend: str, small_models: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[DubServer]:
    """Dubbing with its own services, the quickest of them."""
    del anyio_backend, small_models
    async with dub_server(tmp_path_factory.mktemp("edges") / "data") as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "auto"])
async def test_a_video_in_which_nobody_speaks_is_one_clear_error(
    server: DubServer, tmp_path: Path, language: str
) -> None:
    """Music alone is nothing to dub, whether the language is known or not."""
    video = talk(tmp_path / f"music-{language}.mp4", [silence(4)])
    job = await server.ended(await server.begun(video, source_language=language, **VOICE))
    assert job["status"] == "FAILED"
    assert job["error"]["code"] == "INVALID_REQUEST"
    assert job["error"]["stage"] == "extraction"
    assert "nobody speaks" in job["error"]["message"]


async def test_a_video_without_sound_fails_with_code_message_and_stage(
    server: DubServer, tmp_path: Path
) -> None:
    """The gateway says that there is no audio, and where that was seen."""
    video = film(tmp_path / "mute.mp4", None, seconds=1)
    job = await server.ended(await server.begun(video, **SPOKEN))
    assert job["status"] == "FAILED"
    assert (job["error"]["code"], job["error"]["stage"]) == ("NO_AUDIO", "extraction")
    assert "mute" in job["error"]["message"] or "no audio" in job["error"]["message"].lower()
    assert job["outputObjectKey"] is None


async def test_sound_without_pictures_is_one_clear_error(server: DubServer, tmp_path: Path) -> None:
    """An MP4 that holds only sound is no video."""
    video = tmp_path / "sound.mp4"
    _sound_only(video)
    job = await server.ended(await server.begun(video, **SPOKEN))
    assert job["status"] == "FAILED"
    assert "no video" in job["error"]["message"]
    assert job["error"]["stage"] == "extraction"


async def test_one_word_in_one_second_is_dubbed(server: DubServer, two_cities: Path, tmp_path: Path) -> None:
    """As short as it is: one line, as long as the source, never faster than it may be."""
    word = speech_in(two_cities, 7.53, 8.38)
    video = talk(tmp_path / "word.mp4", [silence(0.1), word, silence(0.05)], with_music=False)
    shown = await server.dubbed(video, **SPOKEN)
    (line,) = shown["report"]["segments"]
    assert len(line["source_text"].split()) == 1
    assert line["tempo"] <= 1.30
    dub = await server.video(shown["id"], tmp_path / "word.pt.mp4")
    assert look(dub).duration == pytest.approx(1.0, abs=0.04)
    assert video_trail(dub) == video_trail(video)


async def test_three_minutes_without_speech_stay_where_they_are(
    server: DubServer, two_cities: Path, tmp_path: Path
) -> None:
    """The second sentence is heard after them, at its place in the video."""
    before, after = speech_in(two_cities, 0.6, 4.9), speech_in(two_cities, 8.6, 13.0)
    pause = [music(20), silence(PAUSE_SECONDS - 20)]
    video = talk(tmp_path / "pause.mp4", [before, *pause, after], with_music=False, fps=5)
    shown = await server.dubbed(video, **SPOKEN)
    first, *_, last = lines = shown["report"]["segments"]
    second_begins = before.shape[1] / RATE + PAUSE_SECONDS
    assert first["end"] < 6
    assert second_begins <= min(line["start"] for line in lines if line["start"] > 6)
    assert "incredulity" in last["source_text"]
    assert shown["report"]["totals"]["on_plan"] == 1.0
    dub = await server.video(shown["id"], tmp_path / "pause.pt.mp4")
    mixed = read(dub)
    for line in (first, last):
        clip = tmp_path / "clip.flac"
        clip.write_bytes(
            (await server.api.get(f"/jobs/{shown['id']}/segments/{line['index']}/audio")).content
        )
        assert found_at(read(clip), mixed) == pytest.approx(line["planned_start"], abs=0.15)
    assert look(dub).duration == pytest.approx(look(video).duration, abs=0.2)


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("en", {"source_language": "en"}, "speaks en already"),
        ("English", {"source_language": "en"}, "already"),
        ("ja", {"source_language": "en"}, "cannot be translated into Japanese"),
        ("ja", {}, "nothing can be translated into Japanese"),
        ("pt", {"voice": "kokoro:nobody"}, "no voice here is called 'kokoro:nobody'"),
        ("pt", {"voice": "hibari:heart"}, "does not speak Portuguese"),
    ],
)
async def test_what_nobody_could_do_is_refused_before_any_work(
    server: DubServer, tmp_path: Path, target: str, options: dict[str, str], said: str
) -> None:
    """At the upload, with the reason; no job, no stage and no object is left."""
    video = film(tmp_path / "talk.mp4", music(1), seconds=1)
    records = DubRecords(server.settings.batuta_data)
    before = _left(server.settings.batuta_data), len(records.gateway()), len(records.finished())
    answer = await server.upload(video, target, **options)
    assert answer.status_code in {400, 422}, answer.text
    assert said in answer.text
    after = _left(server.settings.batuta_data), len(records.gateway()), len(records.finished())
    assert after == before


def _left(data: Path) -> set[Path]:
    """Objects and artefacts."""
    return {path for name in ("objects", "artefacts") for path in (data / name).rglob("*") if path.is_file()}


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(music(1), "fltp", "mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
