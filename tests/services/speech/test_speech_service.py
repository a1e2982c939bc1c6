"""The service as its callers meet it: the job protocol, the seed's calls, fallbacks that are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from talking import Parrot

from batuta.clients import AppTransport
from batuta.errors import BatutaError, EngineCrashed, InvalidRequest, ServiceError, WeightsMissing
from batuta.services.app import service_app
from batuta.services.registry import ServiceJobs
from batuta.services.speech.orders import Clip, Synthesize
from batuta.services.speech.routes import routes
from batuta.services.speech.service import Speech
from batuta.services.speech.voices import ENGLISH_KOKORO, HIBARI_VOICES, NANOTTS_VOICES
from batuta.storage.artefacts import ObjectArtefacts
from batuta.storage.database import Database
from batuta.weights import Weights

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(folder: Path, *backends: Parrot) -> AsyncGenerator[httpx2.AsyncClient]:
    service = Speech(Weights(folder / "models"), {each.voices[0].engine: each for each in backends})
    database = Database.in_folder(folder)
    await database.create_tables()
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    jobs = ServiceJobs(service, database, artefacts, folder / "workspaces", dt.timedelta(seconds=60))
    app = service_app(jobs, max_upload_bytes=1_000_000, routes=routes)
    client = httpx2.AsyncClient(base_url="http://speech", transport=AppTransport(app))
    async with app.router.lifespan_context(app), client as http:
        yield http
    await database.aclose()


@pytest.fixture
def kokoro() -> Parrot:
    return Parrot(*ENGLISH_KOKORO)


@pytest.fixture
async def http(tmp_path: Path, kokoro: Parrot) -> AsyncIterator[httpx2.AsyncClient]:
    """The service with two parrots."""
    async with served(tmp_path, kokoro, Parrot(*HIBARI_VOICES)) as client:
        yield client


async def synthesize(http: httpx2.AsyncClient, **wanted: str) -> httpx2.Response:
    return await http.post("/synthesize", json={"text": "Hello.", "lang": "en", **wanted})


async def test_a_text_becomes_a_clip_that_can_be_fetched(http: httpx2.AsyncClient) -> None:
    """FLAC under the name the answer gives, whole or in part."""
    answer = (await synthesize(http)).json()
    assert answer["duration"] == pytest.approx(0.5)
    assert (answer["engine"], answer["voice"], answer["warnings"]) == ("kokoro", "kokoro:af_heart", [])
    clip = await http.get(answer["audio_url"])
    assert (clip.status_code, clip.headers["content-type"]) == (200, "audio/flac")
    assert clip.content.startswith(b"fLaC")
    part = await http.get(answer["audio_url"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"fLaC")


async def test_the_same_words_again_are_a_lookup(http: httpx2.AsyncClient, kokoro: Parrot) -> None:
    """One synthesis for both; another voice is another clip."""
    first, again = (await synthesize(http)).json(), (await synthesize(http)).json()
    assert first == again
    assert len(kokoro.asked) == 1
    other = (await synthesize(http, voice="kokoro:am_michael")).json()
    assert other["audio_url"] != first["audio_url"]
    assert [name for name, _ in kokoro.asked] == ["af_heart", "am_michael"]


async def test_an_order_over_the_job_protocol_gives_a_clip(http: httpx2.AsyncClient) -> None:
    """As the dubbing asks for it."""
    order = Synthesize(text="Hello.", language="en", voice="hibari")
    job = (await http.post("/jobs", json=order.model_dump())).json()
    job = (await http.get(f"/jobs/{job['id']}?wait=20")).json()
    clip = order.result({**job, "file": job["artefact"]})
    assert isinstance(clip, Clip)
    assert (clip.engine, clip.voice, clip.file.media_type) == ("hibari", "hibari:heart", "audio/flac")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"lang": "ru"}, "nobody here speaks Russian"),
        ({"voice": "siren"}, "no voice here is called 'siren'"),
        ({"lang": "x" * 17}, "lang"),
        ({"text": "a" * 5_001}, "text"),
        ({"text": "a" * 10_000}, "text"),
    ],
)
async def test_what_cannot_be_said_is_a_problem_before_any_work(
    http: httpx2.AsyncClient, kokoro: Parrot, wanted: dict[str, str], says: str
) -> None:
    """RFC 9457, 422, and no job."""
    answer = await synthesize(http, **wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert says in answer.json()["detail"]
    assert not kokoro.asked
    assert (await http.get("/jobs")).json()["total"] == 0


@pytest.mark.parametrize(
    "name",
    ["x.flac", "../../etc/passwd", "%2e%2e%2fbatuta.db", "0" * 32, f"{'0' * 32}.flac", f"{'g' * 32}.flac"],
)
async def test_a_name_that_is_no_clip_is_not_found(http: httpx2.AsyncClient, name: str) -> None:
    """Nothing but a job's id and `.flac` is looked up at all."""
    answer = await http.get(f"/audio/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("text", ["", " \n", "...", "😀 ✨", "<break/>", "\x00\x07", "[[]]", "¿?"])
async def test_nothing_to_say_is_a_short_silence_that_is_told(
    http: httpx2.AsyncClient, kokoro: Parrot, text: str
) -> None:
    """No engine is asked, nothing crashes, and the dub's other lines go on."""
    answer = (await synthesize(http, text=text)).json()
    assert 0.1 <= answer["duration"] <= 0.3
    assert answer["engine"] == "silence"
    assert "nothing to say" in answer["warnings"][0]
    assert not kokoro.asked


async def test_voices_are_listed_with_the_one_for_each_language(http: httpx2.AsyncClient) -> None:
    """And what to install for more."""
    found = (await http.get("/voices")).json()
    assert found["defaults"] == {"en": "kokoro:af_heart"}
    assert "batuta[gpl]" in found["for_more"]
    assert {each["voice"] for each in found["voices"]} >= {"kokoro:bm_george", "hibari:heart"}


def failing(error: BatutaError, times: int = 99) -> Any:
    left = [error] * times

    def fail(_: str) -> None:
        if left:
            raise left.pop()

    return fail


async def performed(folder: Path, *backends: Parrot, voice: str | None = None) -> dict[str, Any]:
    service = Speech(Weights(folder), {each.voices[0].engine: each for each in backends})
    made = await service.perform(Synthesize(text="Hello.", language="en", voice=voice), {}, folder, [].append)
    assert isinstance(made.file, Path)
    assert made.file.exists()
    return dict(made.details)


async def test_who_fails_is_replaced_and_that_is_told(tmp_path: Path) -> None:
    """The next engine says it; the warning has both engines' names and the cause."""
    broken = Parrot(*ENGLISH_KOKORO, does=failing(ServiceError("out of tune")))
    mute = Parrot(*HIBARI_VOICES, does=lambda _: 0.0)
    found = await performed(tmp_path, broken, mute, Parrot(*NANOTTS_VOICES))
    assert found["voice"] == "nanotts:en-US"
    assert found["warnings"] == [
        "nanotts:en-US spoke instead, since kokoro failed: out of tune; hibari cannot pronounce it"
    ]


async def test_an_engine_that_died_once_is_asked_again(tmp_path: Path) -> None:
    """Somebody else may have taken the memory: no other voice, no warning."""
    shaky = Parrot(*ENGLISH_KOKORO, does=failing(EngineCrashed("killed"), times=1))
    found = await performed(tmp_path, shaky, Parrot(*HIBARI_VOICES))
    assert (found["voice"], found["warnings"], len(shaky.asked)) == ("kokoro:af_heart", [], 2)


async def test_when_all_fail_it_is_an_error(tmp_path: Path) -> None:
    """With every cause; a text that nobody can pronounce is a silence that is told."""
    broken = [
        Parrot(*voices, does=failing(EngineCrashed("killed"))) for voices in (ENGLISH_KOKORO, HIBARI_VOICES)
    ]
    with pytest.raises(ServiceError, match="kokoro failed: killed; hibari failed: killed"):
        await performed(tmp_path, *broken)
    found = await performed(tmp_path, Parrot(*HIBARI_VOICES, does=lambda _: 0.0))
    assert (found["engine"], found["warnings"]) == ("silence", ["silence, for hibari cannot pronounce it"])


async def test_weights_that_cannot_be_had_are_no_reason_for_another_voice(tmp_path: Path) -> None:
    """What is kept must not depend on the weather; whoever only stands by is passed over."""
    absent = Parrot(*ENGLISH_KOKORO, does=failing(WeightsMissing("offline")))
    with pytest.raises(WeightsMissing):
        await performed(tmp_path, absent, Parrot(*HIBARI_VOICES))
    broken = Parrot(*HIBARI_VOICES, does=failing(ServiceError("hoarse")))
    found = await performed(tmp_path, broken, absent, Parrot(*NANOTTS_VOICES), voice="hibari")
    assert found["engine"] == "nanotts"
    assert "kokoro has no weights here" in found["warnings"][0]


async def test_the_error_of_a_job_is_the_answer(tmp_path: Path) -> None:
    """Its own status and code, and the next request tries again."""
    broken = Parrot(*HIBARI_VOICES, does=failing(ServiceError("hoarse"), times=1))
    async with served(tmp_path, broken) as http:
        answer = await synthesize(http)
        assert (answer.status_code, answer.json()["code"]) == (502, "service_error")
        assert "hoarse" in answer.json()["detail"]
        assert (await synthesize(http)).status_code == 200


async def test_an_order_nobody_can_do_fails_as_a_request(tmp_path: Path) -> None:
    """Also over the job protocol, where nothing checked it before."""
    with pytest.raises(InvalidRequest):
        await performed(tmp_path, Parrot(*HIBARI_VOICES), voice="kokoro")
