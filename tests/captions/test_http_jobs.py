"""What can be done with a job over HTTP beside starting it: page, follow, take up again, fetch, forget."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from captions_calls import URL, completed, ended, told
from fastapi import FastAPI

from batuta.captions.app import Captions
from batuta.captions.models import CaptionOptions

pytestmark = pytest.mark.anyio


async def test_pages_follow_each_other_without_gap_or_repetition(client: httpx2.AsyncClient) -> None:
    """`next_cursor` of one page gives the next; the last one has none."""
    ids = [(await completed(client, reference=str(number), force=True))["job_id"] for number in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    sizes = []
    while True:
        page = (
            await client.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [job["job_id"] for job in page["jobs"]]
        sizes.append(len(page["jobs"]))
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ids[::-1]
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize("cursor", ["", "nonsense", "bm90IGEgY3Vyc29y", "MjAyNi0wMS0wMSBqb2I="])
async def test_a_cursor_that_is_none_is_refused(client: httpx2.AsyncClient, cursor: str) -> None:
    """With advice where to take one from."""
    answer = await client.get("/jobs", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


async def test_events_tell_the_whole_story_in_order(client: httpx2.AsyncClient) -> None:
    """Numbered without gaps, each stage begun before it is completed, the end last."""
    job = await completed(client)
    events = await told(client, job["job_id"])
    assert [int(str(event["id"])) for event in events] == list(range(1, len(events) + 1))
    story = [(event["event"], event["stage"]) for event in events if "progress" not in str(event["event"])]
    for stage in ("download", "normalization", "transcription"):
        begun, done = story.index(("stage.started", stage)), story.index(("stage.completed", stage))
        assert begun < done
    assert story[-1] == ("job.completed", None)


async def test_events_arrive_while_they_happen(client: httpx2.AsyncClient) -> None:
    """The stream is open before the end, and ends with it."""
    job_id = (await client.post("/pipeline", json={"youtube_url": URL})).json()["job_id"]
    kinds: list[str] = []
    async with client.stream("GET", f"/jobs/{job_id}/events") as stream:
        async for line in stream.aiter_lines():
            kinds += [line.removeprefix("event: ")] if line.startswith("event: ") else []
    assert kinds[-1] == "job.completed"


async def test_an_idempotency_key_gives_the_first_answer_again(client: httpx2.AsyncClient) -> None:
    """Even with `force`, and a key that was used for another request is refused."""
    headers = {"Idempotency-Key": "upload-7"}
    body = {"youtube_url": URL, "force": True}
    first = (await client.post("/pipeline", json=body, headers=headers)).json()
    assert (await client.post("/pipeline", json=body, headers=headers)).json()["job_id"] == first["job_id"]
    other = await client.post("/pipeline", json={"youtube_url": f"{URL}?2"}, headers=headers)
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]


async def test_a_deleted_job_is_unknown(client: httpx2.AsyncClient) -> None:
    """204, then 404 everywhere."""
    job = await completed(client)
    assert (await client.delete(f"/jobs/{job['job_id']}")).status_code == 204
    for path in ("", "/events", "/wait", "/audio", "/subtitles.srt"):
        assert (await client.get(f"/jobs/{job['job_id']}{path}")).status_code == 404
    assert (await client.delete(f"/jobs/{job['job_id']}")).status_code == 404


async def test_a_reference_comes_back(client: httpx2.AsyncClient) -> None:
    """The caller's own name for the job."""
    job = await completed(client, reference="episode 12")
    assert job["reference"] == "episode 12"
    listed = (await client.get("/jobs")).json()["jobs"]
    assert listed[0]["reference"] == "episode 12"


async def test_an_unchanged_job_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    """304 for the tag that was given; a job that was taken up again has another."""
    job = await completed(client)
    path = f"/jobs/{job['job_id']}"
    tag = (await client.get(path)).headers["etag"]
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
    await client.post(f"{path}/retry")
    await ended(client, job["job_id"])
    again = await client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag


@pytest.mark.parametrize(
    ("asked", "status", "sent", "content_range"),
    [
        ("bytes=0-1", 206, b"me", "bytes 0-1/5"),
        ("bytes=3-", 206, b"ia", "bytes 3-4/5"),
        ("bytes=-2", 206, b"ia", "bytes 3-4/5"),
        ("bytes=0-99", 206, b"media", "bytes 0-4/5"),
        ("bytes=5-", 416, b"", "bytes */5"),
        ("bytes=2-1", 200, b"media", None),
        ("bytes=0-1,3-4", 200, b"media", None),
        ("lines=0-1", 200, b"media", None),
        ("bytes=-", 200, b"media", None),
    ],
)
async def test_audio_comes_in_the_part_that_is_asked_for(
    client: httpx2.AsyncClient, asked: str, status: int, sent: bytes, content_range: str | None
) -> None:
    """RFC 9110, section 14: players seek with it; what cannot be understood gives the whole."""
    job = await completed(client)
    answer = await client.get(f"/jobs/{job['job_id']}/audio", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, sent)
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_head_request_tells_the_size(client: httpx2.AsyncClient) -> None:
    """Without the bytes."""
    job = await completed(client)
    answer = await client.head(f"/jobs/{job['job_id']}/audio")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "5", b"")


async def test_a_retry_with_a_stage_that_is_none_is_refused(client: httpx2.AsyncClient) -> None:
    """And one of a job that is not over, and one with options that cannot be."""
    job = await completed(client)
    path = f"/jobs/{job['job_id']}/retry"
    for body in ({"from": "lunch"}, {"overrides": {"subtitle_profile": "none"}}, {"overrides": {"new": 1}}):
        assert (await client.post(path, json=body)).status_code == 422


async def test_options_of_a_retry_are_kept(client: httpx2.AsyncClient, app: FastAPI) -> None:
    """The job is then one with the new options, and an equal request finds it."""
    job = await completed(client)
    await client.post(f"/jobs/{job['job_id']}/retry", json={"overrides": {"language": "pt"}})
    await ended(client, job["job_id"])
    captions: Captions = app.state.captions
    same = await captions.start(CaptionOptions(language="pt"), url=URL)
    assert same.job_id == job["job_id"]
    original = await captions.start(CaptionOptions(), url=URL)
    assert original.job_id != job["job_id"]
    await asyncio.wait_for(captions.wait(original.job_id), 20)


@pytest.mark.parametrize("claimed", ["text/html", "text/javascript", "image/svg+xml"])
async def test_an_upload_never_becomes_a_page_or_script_of_ours(
    client: httpx2.AsyncClient, claimed: str
) -> None:
    """What its sender calls it decides nothing: it is saved, not shown, and could do nothing if it were."""
    form = {"file": ("talk.mp4", b"<script>alert(1)</script>", claimed)}
    job_id = (await client.post("/pipeline/upload", files=form)).json()["job_id"]
    await ended(client, job_id)
    answer = await client.get(f"/jobs/{job_id}/media")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_retry_takes_an_option_away_that_is_null(client: httpx2.AsyncClient, app: FastAPI) -> None:
    """A translation asked for by mistake, say; the operator's default holds then."""
    job = await completed(client, language_out="en")
    await client.post(f"/jobs/{job['job_id']}/retry", json={"overrides": {"language_out": None}})
    await ended(client, job["job_id"])
    captions: Captions = app.state.captions
    assert (await captions.get(str(job["job_id"]))).request["language_out"] is None
