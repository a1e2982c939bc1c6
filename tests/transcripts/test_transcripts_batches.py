"""Batches of transcripts: durable jobs over HTTP, each video a lookup and a line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from loopback_youtube import AS_USUAL, Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr
from transcript_servers import Server, wait_until
from transcript_stage import ID, TALK, fetches, settings_of, video_ids

from batuta.access.keys import Keys
from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.servers import serving
from batuta.transcripts.blockade import DEFAULT_PATIENCE, Patience
from batuta.transcripts.causes import Cause

pytestmark = pytest.mark.anyio

FINAL = {"completed", "failed", "cancelled"}
ADMIN = {"Authorization": "Bearer operator-key"}


@pytest.fixture
def settings(loopback: LoopbackYouTube, tmp_path: Path) -> Settings:
    loopback.videos |= dict.fromkeys(video_ids(20), TALK)
    loopback.videos[ID] = TALK
    return settings_of(loopback, tmp_path, batuta_api_key=SecretStr("operator-key"))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return orchestrator_app("transcripts", settings)


@pytest.fixture
async def client(app: FastAPI, loopback: LoopbackYouTube) -> AsyncGenerator[httpx2.AsyncClient]:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client
        loopback.release()


async def started(client: httpx2.AsyncClient, headers: dict[str, str] | None = None, **body: Any) -> str:
    answer = await client.post("/api/batch", json=body, headers=headers or {})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    assert answer.headers["location"] == f"/api/batch/{job_id}"
    return job_id


async def told(client: httpx2.AsyncClient, job_id: str, after: int = 0) -> list[dict[str, Any]]:
    """Its events up to its end, as the stream tells them."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    answer = await client.get(f"/api/batch/{job_id}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        for block in answer.text.split("\n\n")
    ]
    return [
        {"id": int(b["id"]), "event": b["event"], **json.loads(b["data"])} for b in blocks if "event" in b
    ]


async def ended(client: httpx2.AsyncClient, job_id: str) -> dict[str, Any]:
    """The batch at its end."""
    await told(client, job_id)
    body: dict[str, Any] = (await client.get(f"/api/batch/{job_id}")).json()
    assert body["status"] in FINAL
    return body


async def test_a_batch_has_a_line_for_each_video_in_the_order_of_the_request(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """By ids and addresses, each once; a video without captions is a line, not a failure."""
    loopback.videos["silent-vid0"] = Video(None)
    ids = [f"https://youtu.be/{ID}", "silent-vid0", "unknown-vid", ID, *video_ids(3)]
    answer = await client.post("/api/batch", json={"ids": ids, "languages": ["es"]})
    first = answer.json()
    assert (answer.status_code, first["status"] in {"queued", "running"}) == (202, True)
    assert (first["total"], first["videos"]) == (6, [])
    batch = await ended(client, first["job_id"])
    assert (batch["status"], batch["progress"]) == ("completed", 100.0)
    assert (batch["total"], batch["done"], batch["failed"]) == (6, 6, 2)
    lines = batch["videos"]
    assert [line["video_id"] for line in lines] == [ID, "silent-vid0", "unknown-vid", *video_ids(3)]
    assert lines[0] == {
        "video_id": ID,
        "ok": True,
        "source": "youtube",
        "language": "es",
        "transcript_type": "manual",
        "cause": None,
        "message": None,
    }
    assert [(line["ok"], line["cause"]) for line in lines[1:3]] == [(False, "disabled"), (False, "not_found")]
    assert "silent-vid0" in lines[1]["message"]
    assert (await client.get(f"/api/transcript/{ID}?languages=es")).json()["source"] == "memory"
    again = await ended(client, await started(client, ids=[ID, "silent-vid0"], languages=["es"], url=None))
    assert [line["source"] for line in again["videos"]] == ["memory", "memory"]
    assert fetches(loopback) == dict.fromkeys((line["video_id"] for line in lines), 1)


async def test_a_batch_makes_the_pause_that_youtube_asks_for(
    app: FastAPI, client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """And asks again afterwards: nobody waits in front of a screen, and no line fails."""
    short = Patience(strikes=1, pause=10, longest=3600)  # a tenth of it is the least that is made of any wish
    app.state.transcripts._fetcher.blockade._patience = {**DEFAULT_PATIENCE, Cause.RATE_LIMITED: short}
    loopback.everywhere["watch"] = (Reply(429, headers={"Retry-After": "1"}), AS_USUAL)
    batch = await ended(client, await started(client, ids=video_ids(6)))
    assert [line["cause"] for line in batch["videos"]] == [None] * 6
    assert (batch["status"], batch["done"], batch["failed"]) == ("completed", 6, 0)
    pages = [asked for asked in loopback.asked if asked.page == "watch"]
    assert pages[-1].at - pages[0].at >= 1.0
    assert len(pages) >= 7


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "invalid_request"),
    ({"ids": []}, "invalid_request"),
    ({"ids": [ID], "playlist": "PLaaaaaaaaaaaaaaaa"}, "invalid_request"),
    ({"ids": [ID, "subscriptions"]}, "invalid_id"),
    ({"ids": [ID] * 501}, "invalid_request"),
    ({"ids": [ID], "languages": ["e n"]}, "invalid_request"),
    ({"playlist": "https://youtube.evil.com/playlist?list=PLaaaaaaaaaaaaaaaa"}, "invalid_request"),
    ({"ids": [ID], "more": 1}, "invalid_request"),
]


async def test_what_cannot_be_a_batch_is_refused(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """Before anything is done."""
    answers = [await client.post("/api/batch", json=body) for body, _ in REFUSED]
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert told == [(422, code) for _, code in REFUSED]
    assert loopback.asked == []


async def test_an_idempotency_key_gives_the_first_answer_again(client: httpx2.AsyncClient) -> None:
    """And is refused for another request."""
    key = {"Idempotency-Key": "mine"}
    first = await started(client, key, ids=[ID])
    await ended(client, first)
    assert await started(client, key, ids=[ID]) == first
    other = await client.post("/api/batch", json={"ids": video_ids(1)}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "invalid_request")


async def test_events_tell_the_whole_story_and_go_on_after_the_last_seen(client: httpx2.AsyncClient) -> None:
    """Numbered without gaps up to the end; who has seen all is told that there is no more."""
    job_id = await started(client, ids=video_ids(5))
    events = await told(client, job_id)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert {event["job_id"] for event in events} == {job_id}
    kinds = [event["event"] for event in events]
    assert kinds.index("stage.started") < kinds.index("stage.completed")
    assert kinds[-1] == "job.completed"
    assert await told(client, job_id, after=2) == events[2:]
    seen = {"Last-Event-ID": str(len(events))}
    assert (await client.get(f"/api/batch/{job_id}/events", headers=seen)).status_code == 204


async def test_a_batch_can_be_stopped(client: httpx2.AsyncClient, loopback: LoopbackYouTube) -> None:
    """What was fetched is kept, what was not begun is not asked for; one that is completed stays so."""
    hanging = Video(replies={"player": (Reply(mood="hang"),)})
    loopback.videos |= dict.fromkeys(video_ids(20)[4:], hanging)
    job_id = await started(client, ids=video_ids(20))
    await wait_until("one hangs", loopback.hanging.is_set)
    stopped = await client.post(f"/api/batch/{job_id}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert (await told(client, job_id))[-1]["event"] == "job.cancelled"
    loopback.release()
    again = await client.post(f"/api/batch/{job_id}/cancel")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    assert len(fetches(loopback)) <= 8
    done = await ended(client, await started(client, ids=video_ids(4)))
    over = await client.post(f"/api/batch/{done['job_id']}/cancel")
    assert (done["status"], over.status_code, over.json()["code"]) == ("completed", 409, "conflict")
    assert (await client.get(f"/api/transcript/{video_ids(1)[0]}")).status_code == 200
    assert fetches(loopback)[video_ids(1)[0]] == 1


async def test_a_key_sees_its_own_batches_only(client: httpx2.AsyncClient, settings: Settings) -> None:
    """Another's is as unknown as one that never was; the admin sees all."""
    database = Database.in_folder(settings.batuta_data)
    keys = [(await Keys(database).create(name, ["submit", "read"])).clear for name in ("mine", "yours")]
    await database.aclose()
    mine, yours = ({"X-API-Key": key} for key in keys)
    job_id = await started(client, mine, ids=[ID])
    for path, method in (("", "GET"), ("/events", "GET"), ("/cancel", "POST")):
        answer = await client.request(method, f"/api/batch/{job_id}{path}", headers=yours)
        never = await client.request(method, f"/api/batch/{job_id[:-1]}x{path}", headers=yours)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert never.status_code == 404
    for who in (mine, ADMIN):
        assert (await client.get(f"/api/batch/{job_id}", headers=who)).status_code == 200
    assert await started(client, yours, ids=[ID]) != job_id
    assert (await client.get("/api/batch/" + "x" * 1000)).status_code == 404


async def test_a_batch_is_no_job_of_another_orchestrator_s(client: httpx2.AsyncClient) -> None:
    """And theirs are none of ours: ids do not lead across."""
    job_id = await started(client, ids=[ID])
    assert (await client.get(f"/jobs/{job_id}")).status_code == 404
    assert (await client.get(f"/api/batch/{job_id}")).status_code == 200


@pytest.mark.slow
async def test_a_batch_goes_on_after_kill_9_and_fetches_nothing_twice(
    loopback: LoopbackYouTube, tmp_path: Path
) -> None:
    """But for the few that were under way: what had been stored is looked up."""
    ids = video_ids(40)
    loopback.videos |= dict.fromkeys(ids, Video((Caption("en"),)))
    environment = {
        "BATUTA_DATA": str(tmp_path / "data"),
        "TRANSCRIPT_YOUTUBE_ORIGIN": loopback.url,
        "TRANSCRIPT_REQUESTS_PER_SECOND": "30",  # ten videos a second
    }
    with Server(tmp_path, **environment) as first:
        await first.ready()
        async with httpx2.AsyncClient(base_url=first.url, timeout=30) as client:
            job_id = await started(client, ids=ids)
        await wait_until("the batch is in the middle", lambda: len(fetches(loopback)) >= 15)
        first.kill()
    before = fetches(loopback)
    assert len(before) < 35, "it must be killed in the middle"
    with sqlite3.connect(f"file:{tmp_path}/data/batuta.sqlite?mode=ro", uri=True) as rows:
        kept = {video_id for (video_id,) in rows.execute("select video_id from transcripts")}
    rows.close()
    assert len(before) - 4 <= len(kept) <= len(before)
    with Server(tmp_path, **environment, TRANSCRIPT_REQUEST_BURST="1000") as second:
        await second.ready()
        async with httpx2.AsyncClient(base_url=second.url, timeout=60) as client:
            batch = await ended(client, job_id)
    assert (batch["status"], batch["done"], batch["failed"]) == ("completed", 40, 0)
    assert [line["video_id"] for line in batch["videos"]] == ids
    after = fetches(loopback)
    assert set(after) == set(ids)
    assert {after[video_id] for video_id in kept} == {1}
    twice = {video_id for video_id, times in after.items() if times > 1}
    assert twice <= set(before) - kept
