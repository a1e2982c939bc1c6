"""Dubbing with somebody else's recogniser, translator and voices, by the seed's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from dub_records import DubRecords
from dub_server import DubServer, dub_server
from dub_videos import film, voice
from pydantic import SecretStr
from seed_services import CLIP_SECONDS, SeedServices

from batuta.dubbing import telling
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

SECONDS = 9.0
OPERATOR = {"Authorization": "Bearer operator-key"}
_numbers = count()


@dataclass(frozen=True)
class Stage:
    """The server, and who plays the services."""

    server: DubServer
    services: SeedServices

    @property
    def records(self) -> DubRecords:
        return DubRecords(self.server.settings.batuta_data)

    def video(self, folder: Path, *texts: str) -> Path:
        """A video like no other, in which these will be heard."""
        number = next(_numbers)
        self.services.lines = [(0.2 + 3 * at, 2.8 + 3 * at, text) for at, text in enumerate(texts)]
        return film(folder / f"talk{number}.mp4", voice(SECONDS, hertz=100 + number), seconds=SECONDS, fps=5)

    async def gateway_job(self, number: int) -> dict[str, Any]:
        job: dict[str, Any] = (await self.server.api.get(f"/api/v1/job/{number}")).json()
        return job

    async def dubbed(self, video: Path) -> dict[str, Any]:
        return await self.server.dubbed(video, source_language="en", keep_background=False)

    async def begun(self, video: Path) -> int:
        return await self.server.begun(video, source_language="en", keep_background=False)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the server and all that ask it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def stage(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    """Dubbing with three services on loopback that are not ours."""
    del anyio_backend
    services = SeedServices()
    async with (
        serving(services.app()) as url,
        dub_server(
            tmp_path_factory.mktemp("foreign") / "data",
            asr_url=url,
            translate_url=url,
            tts_url=url,
            batuta_api_key=SecretStr("operator-key"),
        ) as server,
    ):
        yield Stage(server, services)
        services.release()


@pytest.fixture(autouse=True)
def _well(stage: Stage) -> None:
    """The services do what they should, but for what a test says."""
    fresh = SeedServices()
    for name in ("mute", "held", "reached", "deaf", "has_batch", "by_path"):
        setattr(stage.services, name, getattr(fresh, name))
    stage.services.asked.clear()


async def test_all_three_services_may_be_somebody_else_s(stage: Stage, tmp_path: Path) -> None:
    """Each is asked in the seed's own words; clips are fetched from the service, whatever host it names."""
    shown = await stage.dubbed(stage.video(tmp_path, "Good morning.", "We begin."))
    lines = shown["report"]["segments"]
    assert [line["text"] for line in lines] == ["GOOD MORNING.", "WE BEGIN."]
    assert [line["start"] for line in lines] == [0.2, 3.2]
    assert all(line["clip_seconds"] == CLIP_SECONDS for line in lines)
    assert stage.services.asked == {
        "/transcribe": 1,
        "/translate/batch": 1,
        "say GOOD MORNING.": 1,
        "say WE BEGIN.": 1,
        "audio hum.wav": 2,
    }
    assert (await stage.server.api.get(f"/jobs/{shown['id']}/segments/0/audio")).content[:4] == b"RIFF"


async def test_a_translator_without_a_batch_is_asked_line_by_line(stage: Stage, tmp_path: Path) -> None:
    """`/translate/batch` is not found: `/translate` it is, and no line is lost."""
    stage.services.has_batch = False
    shown = await stage.dubbed(stage.video(tmp_path, "One.", "Two.", "Three."))
    assert [line["text"] for line in shown["report"]["segments"]] == ["ONE.", "TWO.", "THREE."]
    assert (stage.services.asked["/translate"], stage.services.asked["/translate/batch"]) == (3, 1)


async def test_voices_that_answer_with_a_path_are_fetched_by_its_name(stage: Stage, tmp_path: Path) -> None:
    """`audio_path` is a file of theirs: it is asked for at `/audio/NAME`."""
    stage.services.by_path = True
    shown = await stage.dubbed(stage.video(tmp_path, "By path."))
    assert shown["report"]["segments"][0]["clip_seconds"] == CLIP_SECONDS
    assert stage.services.asked["audio hum.wav"] == 1


async def test_a_line_nobody_can_speak_is_seen_in_a_completed_dub(stage: Stage, tmp_path: Path) -> None:
    """COMPLETED with a warning; the report names what stands in its place, and the reason."""
    stage.services.mute = {"BROKEN."}
    shown = await stage.dubbed(stage.video(tmp_path, "Before.", "Broken.", "After."))
    assert shown["status"] == "completed"
    assert any("original voice" in warning and "1 line" in warning for warning in shown["warnings"])
    assert [segment["state"] for segment in shown["segments"]] == ["spoken", "failed", "spoken"]
    report = shown["report"]
    failed = report["segments"][1]
    assert failed["engine"] == "original voice"
    assert failed["clip_seconds"] == pytest.approx(2.6)
    assert "the voice is broken" in " ".join(failed["warnings"])
    assert (report["totals"]["spoken"], report["totals"]["fallbacks"]) == (2, 1)
    assert any("original voice" in warning for warning in report["warnings"])


async def test_a_dub_under_way_is_not_begun_again_nor_edited(stage: Stage, tmp_path: Path) -> None:
    """`POST /orchestrate` answers with the same job however often; a line is changed once it is over: 409."""
    spoken = stage.services.hold("WAIT.")
    number = await stage.begun(stage.video(tmp_path, "Wait."))
    async with asyncio.timeout(20):
        await spoken.wait()
    api = stage.server.api
    answers = [await api.post("/orchestrate", json={"job_id": number}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    jobs = [answer.json()["job"] for answer in answers]
    assert {(job["id"], job["status"], job["targetLanguage"]) for job in jobs} == {
        (number, "PROCESSING", "pt")
    }
    refused = await api.patch(f"/jobs/{number}/segments/0", json={"text": "Espere."})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    stage.services.held["WAIT."].set()
    assert (await stage.server.ended(number))["status"] == "COMPLETED"
    assert (stage.services.asked["say WAIT."], stage.services.asked["/transcribe"]) == (1, 1)
    done = await api.post("/orchestrate", json={"job_id": number})
    assert (done.status_code, done.json()["job"]["status"]) == (202, "COMPLETED")


async def test_a_failed_dub_is_taken_up_again_where_it_failed(stage: Stage, tmp_path: Path) -> None:
    """`POST /orchestrate` once more: what was finished is looked up, the rest is done."""
    stage.services.deaf = True
    number = await stage.begun(stage.video(tmp_path, "Hello."))
    job = await stage.server.ended(number)
    assert (job["status"], job["error"]["stage"]) == ("FAILED", "synthesis")
    assert "the model is not loaded" in job["error"]["message"]
    extracted = stage.records.tasks()["extract"]
    stage.services.deaf = False
    again = await stage.server.api.post("/orchestrate", json={"job_id": number})
    assert (again.status_code, again.json()["job"]["status"]) == (202, "PROCESSING")
    assert again.json()["job"]["error"] is None
    job = await stage.server.ended(number)
    assert (job["status"], job["error"], job["progress"]) == ("COMPLETED", None, 100)
    assert stage.records.tasks()["extract"] == extracted


async def test_the_gateway_says_completed_however_often_it_is_told(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News of work that was still going on never overtakes the news that it is done."""
    monkeypatch.setattr(telling, "TELL_SECONDS", 0.001)
    stage.services.hold("DONE.")
    number = await stage.begun(stage.video(tmp_path, "Done."))
    async with asyncio.timeout(20):
        while (await stage.gateway_job(number))["status"] != "PROCESSING":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        stage.services.held["DONE."].set()
        while await stage.server.dubbing._runs.untold():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    job = await stage.gateway_job(number)
    assert (job["status"], job["progress"]) == ("COMPLETED", 100)


async def test_somebody_else_s_dub_is_as_unknown_as_none(stage: Stage, tmp_path: Path) -> None:
    """404 for whatever another key asks of it; its owner sees it."""
    api = stage.server.api
    keys: list[dict[str, str]] = []
    for name in ("owner", "stranger"):
        body = {"name": name, "scopes": ["read", "submit"]}
        made = (await api.post("/admin/keys", json=body, headers=OPERATOR)).raise_for_status().json()
        keys.append({"Authorization": f"Bearer {made['key']}"})
    owner, stranger = keys
    spoken = stage.services.hold("MINE.")
    wishes = {"source_language": "en", "keep_background": False}
    answer = await stage.server.upload(stage.video(tmp_path, "Mine."), headers=owner, **wishes)
    number = answer.json()["jobId"]
    async with asyncio.timeout(20):
        await spoken.wait()
    asked = [
        ("POST", "/orchestrate", {"job_id": number}),
        ("GET", f"/jobs/{number}", None),
        ("GET", f"/jobs/{number}/events", None),
        ("POST", f"/jobs/{number}/cancel", None),
        ("POST", f"/jobs/{number}/retry", {}),
        ("PATCH", f"/jobs/{number}/segments/0", {"text": "Outro."}),
        ("GET", f"/jobs/{number}/segments/0/audio", None),
        ("GET", f"/jobs/{number}/video", None),
        ("GET", f"/jobs/{number}/report", None),
        ("GET", f"/api/v1/job/{number}", None),
        ("GET", f"/api/v1/job/{number}/download", None),
        ("POST", f"/api/v1/job/{number}/cleanup", None),
    ]
    for method, path, body in asked:
        answer = await api.request(method, path, json=body, headers=stranger)
        assert answer.status_code == 404, (method, path, answer.text)
    forged = {"status": "COMPLETED", "outputObjectKey": "../../etc/passwd"}
    for who in keys:  # not even its owner is the service that does the work
        answer = await api.patch(f"/api/v1/job/{number}", json=forged, headers=who)
        assert answer.status_code in {401, 403}
    stage.services.held["MINE."].set()
    async with asyncio.timeout(20):
        while (await api.get(f"/api/v1/job/{number}", headers=owner)).json()["status"] != "COMPLETED":
            await api.get(f"/jobs/{number}/wait", params={"timeout": 1}, headers=owner)
    assert (await api.get(f"/jobs/{number}", headers=owner)).json()["status"] == "completed"
