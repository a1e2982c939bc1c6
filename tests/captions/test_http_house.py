"""Keys, the admin's routes and webhooks, on the whole server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batuta.access.keys import Keys
from batuta.jobs.webhooks.signing import verify
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio
URL = "http://media.test/talk.mp4"
ADMIN = {"Authorization": "Bearer operator-key"}
SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """An operator's key, a webhook secret, and webhooks to this machine."""
    return settings.model_copy(
        update={
            "batuta_api_key": SecretStr("operator-key"),
            "webhook_secret": SecretStr(SECRET),
            "batuta_url_allow": "127.0.0.1",
        }
    )


async def completed(client: httpx2.AsyncClient, **body: object) -> str:
    """The id of a job that has ended."""
    answer = await client.post("/pipeline", json={"youtube_url": URL, "force": True, **body})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    await client.get(f"/jobs/{job_id}/wait", params={"timeout": 20})
    return job_id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/stats"),
        ("POST", "/admin/cleanup"),
        ("POST", "/admin/factory-reset"),
        ("GET", "/admin/keys"),
    ],
)
async def test_admin_routes_need_the_admin_s_key_everywhere(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    """On loopback, too; the answer says how to get one."""
    answer = await client.request(method, path)
    assert answer.status_code == 401
    assert "batuta keys create" in answer.json()["detail"]


async def test_stats_count_jobs_and_tell_the_settings(client: httpx2.AsyncClient) -> None:
    """In the seed's shape."""
    await completed(client)
    stats = (await client.get("/admin/stats", headers=ADMIN)).json()
    assert stats["orchestrator"]["environment"] == "production"
    assert (stats["redis"]["total_jobs"], stats["redis"]["completed_jobs"]) == (1, 1)
    assert stats["redis"]["active_jobs"] == 0
    assert stats["settings"] == {
        "cache_ttl_hours": 24.0,
        "job_timeout_minutes": 60.0,
        "poll_interval": 3.0,
        "max_poll_attempts": 600,
    }


async def test_cleanup_removes_what_it_reports(client: httpx2.AsyncClient, settings: Settings) -> None:
    """Jobs finished longer ago than asked for; others stay."""
    job_id = await completed(client)
    kept = (await client.post("/admin/cleanup", headers=ADMIN)).json()
    assert (kept["jobs_removed"], kept["logs_cleaned"]) == (0, False)
    assert (await client.get(f"/jobs/{job_id}")).status_code == 200
    settings.logs_folder.mkdir(exist_ok=True)
    rotated = settings.logs_folder / "orchestrator.log.1"
    rotated.touch()
    removed = (await client.post("/admin/cleanup?max_age_hours=0&deep=true", headers=ADMIN)).json()
    assert (removed["jobs_removed"], removed["logs_cleaned"]) == (1, True)
    assert not rotated.exists()
    assert (await client.get(f"/jobs/{job_id}")).status_code == 404


async def test_a_factory_reset_leaves_nothing(client: httpx2.AsyncClient, settings: Settings) -> None:
    """No job, no file; the services were asked, and what they said is told."""
    for _ in range(3):
        await completed(client)
    assert files_in(settings.artefacts_folder)
    answer = (await client.post("/admin/factory-reset", headers=ADMIN)).json()
    assert answer["orchestrator"]["jobs_removed"] == 3
    assert set(answer["microservices"]) == {
        "video-downloader",
        "audio-normalization",
        "audio-transcriber",
        "translator",
        "audio-worker",
        "speech",
    }
    assert answer["microservices"]["translator"]["status"] == "success"
    assert answer["microservices"]["video-downloader"]["status"] == "error"  # the stub knows no such route
    assert (await client.get("/jobs")).json()["total"] == 0
    assert files_in(settings.artefacts_folder) == []


def files_in(folder: Path) -> list[str]:
    """Every stored file."""
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


async def made_keys(settings: Settings, *names: str) -> list[dict[str, str]]:
    """A header for each of the names, with a key that may submit and read."""
    database = Database.in_folder(settings.batuta_data)
    keys = [(await Keys(database).create(name, ["submit", "read"])).clear for name in names]
    await database.aclose()
    return [{"X-API-Key": key} for key in keys]


async def test_a_key_sees_its_own_jobs_only(client: httpx2.AsyncClient, settings: Settings) -> None:
    """Another's job is as unknown as one that never was; the admin sees all."""
    mine, yours = await made_keys(settings, "mine", "yours")
    job = (await client.post("/pipeline", json={"youtube_url": URL}, headers=mine)).json()["job_id"]
    other = (await client.post("/pipeline", json={"youtube_url": URL}, headers=yours)).json()["job_id"]
    assert other != job
    assert (await client.get(f"/jobs/{job}", headers=yours)).status_code == 404
    assert (await client.post(f"/jobs/{job}/cancel", headers=yours)).status_code == 404
    assert (await client.get(f"/jobs/{job}", headers=mine)).status_code == 200
    assert (await client.get("/jobs", headers=mine)).json()["total"] == 1
    assert (await client.get("/jobs", headers=ADMIN)).json()["total"] == 2


class Receiver:
    """Takes webhooks; refuses the first `refusals` of them."""

    def __init__(self) -> None:
        self.refusals = 0
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.came = asyncio.Event()

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if self.refusals:
            self.refusals -= 1
            return Response(status_code=503, headers={"Retry-After": "0"})
        self.taken.append((dict(request.headers), body))
        self.came.set()
        return Response(status_code=204)


@pytest.fixture
async def hook() -> AsyncGenerator[tuple[Receiver, str]]:
    """A receiver and its URL."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    async with serving(app) as url:
        yield receiver, f"{url}/hook"


async def states(client: httpx2.AsyncClient, job_id: str) -> list[str]:
    """How the job's deliveries stand."""
    return [found["state"] for found in (await client.get(f"/jobs/{job_id}/deliveries")).json()]


async def test_the_end_of_a_job_is_told_signed(
    client: httpx2.AsyncClient, hook: tuple[Receiver, str]
) -> None:
    """Once, with the job's id and reference; the signature is right."""
    receiver, url = hook
    job_id = await completed(client, callback_url=url, reference="mine")
    await asyncio.wait_for(receiver.came.wait(), 10)
    ((headers, body),) = receiver.taken
    verify(SECRET, headers, body)
    told = httpx2.Response(200, content=body).json()
    assert (told["event"], told["job_id"], told["reference"]) == ("job.completed", job_id, "mine")
    async with asyncio.timeout(10):  # the answer is noted after it was given
        while (await states(client, job_id)) != ["delivered"]:  # noqa: ASYNC110  # over HTTP nothing tells
            await asyncio.sleep(0.05)


async def test_a_delivery_can_be_sent_again(client: httpx2.AsyncClient, hook: tuple[Receiver, str]) -> None:
    """Under the same id, so that the receiver can tell."""
    receiver, url = hook
    job_id = await completed(client, callback_url=url)
    await asyncio.wait_for(receiver.came.wait(), 10)
    receiver.came.clear()
    (delivery,) = (await client.get(f"/jobs/{job_id}/deliveries")).json()
    path = f"/jobs/{job_id}/deliveries/{delivery['delivery_id']}/replay"
    assert (await client.post(path)).status_code == 202
    await asyncio.wait_for(receiver.came.wait(), 10)
    assert {headers["webhook-id"] for headers, _ in receiver.taken} == {delivery["delivery_id"]}


@pytest.mark.parametrize("url", ["http://10.0.0.1/hook", "ftp://a.test/", "http://u:p@a.test/", "nonsense"])
async def test_a_callback_that_may_not_be_asked_is_refused(client: httpx2.AsyncClient, url: str) -> None:
    """Before any work."""
    answer = await client.post("/pipeline", json={"youtube_url": URL, "callback_url": url})
    assert answer.status_code == 422
    assert (await client.get("/jobs")).json()["total"] == 0


async def test_metrics_speak_of_jobs(app: FastAPI, client: httpx2.AsyncClient) -> None:
    """Prometheus' text, with the jobs by status."""
    del app
    await completed(client)
    text = (await client.get("/metrics")).text
    assert 'status="completed"' in text
    assert "batuta_" in text
