"""Transcripts over HTTP: routes, shapes, and every cause as a problem."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr
from transcript_http_stage import JSON, Short, client_of, problem
from transcript_stage import BROKEN, ENGLISH, ID, TALK, Maker, fetches, settings_of

from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.transcripts.blockade import Standing
from batuta.transcripts.models import Cause

pytestmark = pytest.mark.anyio

FIELDS = [
    "video_id",
    "transcript",
    "language",
    "transcript_type",
    "duration",
    "segments",
    "fetched_at",
    "source",
    "stale",
]
PROBLEM = {"type", "title", "status", "detail", "code", "message", "retryable"}
ADMIN = {"Authorization": "Bearer operator-key"}


@pytest.fixture
def settings(loopback: LoopbackYouTube, tmp_path: Path) -> Settings:
    loopback.videos[ID] = TALK
    return settings_of(loopback, tmp_path)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return orchestrator_app("transcripts", settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with client_of(app) as found:
        yield found


@pytest.mark.parametrize("prefix", ["", "/transcripts"])
async def test_the_routes_answer_where_the_app_is(settings: Settings, prefix: str, short: Short) -> None:
    """At the root when it is served alone, under its name in the combined server."""
    app = batuta_app(settings) if prefix else orchestrator_app("transcripts", settings)
    async with client_of(app) as client:
        first = await client.post(f"{prefix}/api/transcript", json={"url": f"https://youtu.be/{ID}"})
        assert first.status_code == 200, first.text
        body = first.json()
        assert list(body) == FIELDS
        segments = [{"text": text, "start": start, "duration": duration} for start, duration, text in ENGLISH]
        assert body["segments"] == segments
        assert (body["video_id"], body["transcript"], body["duration"]) == (ID, "Tom & Ann again", 3.75)
        assert (body["language"], body["transcript_type"]) == ("en", "manual")
        assert (body["source"], body["stale"]) == ("youtube", False)
        assert body["fetched_at"].endswith("Z")
        assert first.headers["content-type"] == "application/json"
        assert [part.split(";")[0] for part in first.headers["server-timing"].split(", ")] == [
            "memory",
            "database",
            "youtube",
        ]
        assert not short
        for answer in (
            await client.post(f"{prefix}/api/transcript", json={"video_id": ID}),
            await client.get(f"{prefix}/api/transcript/{ID}"),
        ):
            assert answer.json() == {**body, "source": "memory"}
        assert len(short) == 2
        spanish = await client.get(f"{prefix}/api/transcript/{ID}?languages=fr&languages=es")
        assert (spanish.json()["language"], spanish.json()["source"]) == ("es", "youtube")
        tracks = (await client.get(f"{prefix}/api/transcript/{ID}/languages")).json()
        assert tracks["video_id"] == ID
        assert tracks["languages"][2] == {
            "language": "pt-BR",
            "name": "pt-BR",
            "transcript_type": "manual",
            "translatable": False,
        }
        statistics = (await client.get(f"{prefix}/api/statistics")).json()
        assert (statistics["cache_keys"], statistics["database_count"]) == (2, 2)
        assert statistics["cache_memory"] > 0
        assert statistics["redis"] == {"up": None, "entries": None}
        health = (await client.get(f"{prefix}/health")).json()
        assert health["status"] == "healthy"
        assert health["tiers"] == {"redis": "not configured", "youtube": "healthy"}
        if prefix:
            assert (await client.post("/api/transcript", json={"url": ID})).status_code in {404, 405}
        metrics = (await client.get("/metrics")).text
        for route in (
            "/api/transcript",
            "/api/transcript/{video_id}",
            "/api/transcript/{video_id}/languages",
        ):
            assert f'"{prefix}{route}"' in metrics, route


async def test_a_prefetch_fills_the_tiers_and_tells_what_there_is(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """Without the text."""
    answer = await client.post(f"/api/transcript/{ID}/prefetch?languages=es")
    assert answer.json() == {
        "video_id": ID,
        "language": "es",
        "transcript_type": "manual",
        "duration": 1.0,
        "source": "youtube",
        "stale": False,
    }
    assert (await client.get(f"/api/transcript/{ID}?languages=es")).json()["source"] == "memory"
    assert fetches(loopback)[ID] == 1


FORMATS = {
    "txt": ("text/plain; charset=utf-8", "Tom & Ann\nagain"),
    "srt": (
        "application/x-subrip",
        "1\n00:00:00,500 --> 00:00:02,500\nTom & Ann\n\n2\n00:00:02,500 --> 00:00:03,750\nagain",
    ),
    "vtt": (
        "text/vtt; charset=utf-8",
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.500\nTom &amp; Ann\n\n00:00:02.500 --> 00:00:03.750\nagain",
    ),
}


async def test_each_format_comes_as_a_file(client: httpx2.AsyncClient) -> None:
    """With its media type and a name to save it under; JSON is the ordinary answer."""
    for form, (media_type, text) in FORMATS.items():
        answer = await client.get(f"/api/transcript/{ID}?format={form}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["content-disposition"] == f'attachment; filename="{ID}.en.{form}"'
        assert answer.text.strip() == text
    plain = await client.get(f"/api/transcript/{ID}?format=json")
    assert "content-disposition" not in plain.headers
    assert plain.content == (await client.get(f"/api/transcript/{ID}")).content
    problem(await client.get(f"/api/transcript/{ID}?format=ass"), 422, "invalid_request")


CAUSES = {
    Cause.NOT_FOUND: (404, Video(None, "ERROR", "This video is unavailable")),
    Cause.DISABLED: (404, Video(None)),
    Cause.LANGUAGE_NOT_AVAILABLE: (404, Video((Caption("de"),))),
    Cause.PRIVATE: (403, Video(None, "LOGIN_REQUIRED", "This video is private")),
    Cause.AGE_RESTRICTED: (403, Video(None, "LOGIN_REQUIRED", "Sign in to confirm your age")),
    Cause.REGION_BLOCKED: (403, Video(None, "UNPLAYABLE", "Not available in your country")),
    Cause.LIVE_NOT_ENDED: (425, Video(None, details={"isLive": True})),
    Cause.BLOCKED: (502, Video(replies={"timedtext": (Reply(403),)})),
    Cause.RATE_LIMITED: (429, Video(replies={"watch": (Reply(429, headers={"Retry-After": "77"}),)})),
    Cause.PO_TOKEN_REQUIRED: (502, Video((Caption("en", body=""),))),
    Cause.TIMEOUT: (504, Video(replies={"watch": (Reply(mood="hang"),)})),
    Cause.NETWORK: (502, Video(replies={"watch": (Reply(mood="reset"),)})),
    Cause.UPSTREAM_ERROR: (502, Video(replies={"watch": (BROKEN,)})),
}


async def test_each_cause_has_its_status_and_its_code(loopback: LoopbackYouTube, settings: Settings) -> None:
    """By GET and POST, new and remembered; with the seconds to wait where asking again may help."""
    patient = settings.model_copy(update={"transcript_timeout_seconds": 3.0})
    app = orchestrator_app("transcripts", patient)
    assert {*CAUSES, Cause.INVALID_ID} == set(Cause)
    async with client_of(app) as client:
        body = problem(await client.get("/api/transcript/no-video"), 422, "invalid_id")
        assert (body["error"], body["retryable"]) == (body["detail"], False)
        assert "'no-video'" in body["error"]
        for number, (cause, (status, video)) in enumerate(CAUSES.items()):
            video_id = f"cause-{number:05}"
            loopback.videos[video_id] = video
            for answer in (
                await client.get(f"/api/transcript/{video_id}?languages=en"),
                await client.post("/api/transcript", json={"url": video_id, "languages": ["en"]}),
                await client.get(f"/api/transcript/{video_id}?languages=en&format=srt"),
                await client.post(f"/api/transcript/{video_id}/prefetch?languages=en"),
            ):
                body = problem(answer, status, cause.value)
                assert body["error"] == body["detail"]
                assert video_id in body["error"] or cause in {Cause.BLOCKED, Cause.RATE_LIMITED}
                assert ("retry-after" in answer.headers) is body["retryable"], (cause, answer.headers)
                if body["retryable"]:
                    assert 0 < body["retry_after"] <= int(answer.headers["retry-after"]) <= 300
                if cause is Cause.RATE_LIMITED:
                    assert 60 < int(answer.headers["retry-after"]) <= 77
            assert fetches(loopback)[video_id] == (2 if cause is Cause.NETWORK else 1)
            app.state.transcripts._fetcher.blockade._standing = Standing()  # for the next cause


async def test_while_youtube_turns_us_away_health_says_so(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """What is there is still served; who asks for more is told the cause and when to come again."""
    await client.get(f"/api/transcript/{ID}")
    loopback.videos["blocked-one"] = CAUSES[Cause.BLOCKED][1]
    problem(await client.get("/api/transcript/blocked-one"), 502, "blocked")
    health = (await client.get("/health")).json()
    assert (health["status"], health["tiers"]["youtube"]) == ("degraded", "unhealthy")
    assert (await client.get(f"/api/transcript/{ID}")).status_code == 200
    asked = len(loopback.asked)
    answer = await client.get("/api/transcript/another-one")
    problem(answer, 502, "blocked")
    assert int(answer.headers["retry-after"]) > 60
    assert len(loopback.asked) == asked


async def test_an_unknown_route_is_a_problem_too(client: httpx2.AsyncClient) -> None:
    """The same shape; also for a method that a route does not have."""
    for path in ("/api/nothing", "/api/transcript", "/api/transcript/", f"/api/transcript/{ID}/nothing"):
        answer = await client.get(path, follow_redirects=True)
        problem(answer, answer.status_code, "not_found" if answer.status_code == 404 else "invalid_request")
        assert answer.status_code in {404, 405}
    problem(await client.put(f"/api/transcript/{ID}", json={}), 405, "invalid_request")


async def test_what_is_no_video_is_refused_before_anybody_is_asked(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """422 and `invalid_id`, or no route at all; a path never becomes an address, warm or cold."""
    await client.get(f"/api/transcript/{ID}")
    asked = len(loopback.asked)
    for text in ("subscriptions", "ID", f"{ID}x", "..%5C..%5Cetc", "%00" * 11, "videoseries", "live_stream"):
        answer = await client.get(f"/api/transcript/{text}")
        assert (answer.status_code, answer.json()["code"]) in {(422, "invalid_id"), (404, "not_found")}, text
    for path in ("..%2F..%2Fetc%2Fpasswd", f"youtu.be/{ID}", f"https:%2F%2Fyoutu.be%2F{ID}"):
        problem(await client.get(f"/api/transcript/{path}"), 404, "not_found")
    for slash in ("%2F", "/"):
        problem(await client.get(f"/api/transcript/{ID}{slash}"), 404, "not_found")
    for url in (f"https://notyoutube.com/watch?v={ID}", "../../etc/passwd", f"{ID}/", "", "x" * 2000):
        problem(await client.post("/api/transcript", json={"url": url}), 422, "invalid_id")
    for method, path in (
        ("GET", "/api/transcript/subscriptions/languages"),
        ("POST", "/api/transcript/subscriptions/prefetch"),
    ):
        problem(await client.request(method, path), 422, "invalid_id")
    assert len(loopback.asked) == asked


async def test_languages_may_be_long_codes_and_nothing_else(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """Over 10 characters they are tracks of YouTube's; what is no code is a mistake of the caller's."""
    long = await client.get(f"/api/transcript/{ID}?languages=en-nP7-2PuUl7o")
    assert (long.status_code, long.json()["language"]) == (200, "en-nP7-2PuUl7o")
    again = await client.post("/api/transcript", json={"url": ID, "languages": ["en-nP7-2PuUl7o"]})
    assert (again.json()["source"], again.json()["duration"]) == ("memory", 3.0)
    missing = await client.get(f"/api/transcript/{ID}?languages=de-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    problem(missing, 404, "language_not_available")
    asked = len(loopback.asked)
    for codes in (["e n"], ["x"], ["../etc"], ["e" * 81], ["en"] * 21, ["a\0b"]):
        for answer in (
            await client.get(f"/api/transcript/{ID}", params={"languages": codes}),
            await client.post("/api/transcript", json={"url": ID, "languages": codes}),
        ):
            problem(answer, 422, "invalid_request")
    assert len(loopback.asked) == asked


async def test_a_body_that_is_none_is_refused(client: httpx2.AsyncClient) -> None:
    """As everywhere in the house; also one that is too large, although the short way looks at it first."""
    headers = {"Content-Type": "application/json"}
    for body in ("", "{", "[]", "null", '{"url": 3}', '{"url": "x", "more": 1}', '{"languages": ["en"]}'):
        problem(await client.post("/api/transcript", content=body, headers=headers), 422, "invalid_request")
    large = {"url": ID, "languages": ["x" * 2_000_000]}
    problem(await client.post("/api/transcript", json=large), 413, "payload_too_large")


async def test_one_is_generated_only_for_who_asks(app: FastAPI, loopback: LoopbackYouTube) -> None:
    """With `generate`; afterwards it is given to all, from memory."""
    loopback.videos[ID] = Video(None)
    async with client_of(app) as client:
        app.state.transcripts.generator = Maker()
        problem(await client.post("/api/transcript", json={"url": ID}), 404, "disabled")
        made = await client.post("/api/transcript", json={"url": ID, "generate": True})
        assert (made.status_code, made.json()["source"]) == (200, "generated")
        assert (made.json()["transcript_type"], made.json()["transcript"]) == ("generated", "made in pt")
        later = await client.get(f"/api/transcript/{ID}")
        assert (later.json()["source"], later.json()["transcript_type"]) == ("memory", "generated")


async def test_having_one_made_counts_as_a_submit(settings: Settings, loopback: LoopbackYouTube) -> None:
    """Work for minutes is limited like a job; to ask for what is there, or not, is not."""
    limited = settings.model_copy(update={"rate_limit_submits_per_minute": 1})
    loopback.videos |= {"silent-vid0": Video(None), "silent-vid1": Video(None)}
    app = orchestrator_app("transcripts", limited)
    async with client_of(app) as client:
        app.state.transcripts.generator = maker = Maker()
        first, second = [
            await client.post("/api/transcript", json={"url": video_id, "generate": True})
            for video_id in ("silent-vid0", "silent-vid1")
        ]
        assert (first.status_code, first.json()["source"]) == (200, "generated")
        problem(second, 429, "too_many_requests")
        problem(await client.post("/api/transcript", json={"url": "silent-vid1"}), 404, "disabled")
        assert (await client.post("/api/transcript", json={"url": ID})).status_code == 200
    assert maker.asked == [("silent-vid0", None)]


async def test_invalidating_needs_the_admin_s_key(settings: Settings, loopback: LoopbackYouTube) -> None:
    """On loopback, too; then the next request fetches anew, in every language."""
    with_key = settings.model_copy(update={"batuta_api_key": SecretStr("operator-key")})
    async with client_of(orchestrator_app("transcripts", with_key)) as client:
        for codes in ("en", "es"):
            await client.get(f"/api/transcript/{ID}?languages={codes}")
        problem(await client.delete(f"/api/transcript/{ID}"), 401, "unauthorized")
        assert (await client.get(f"/api/transcript/{ID}?languages=en")).json()["source"] == "memory"
        done = await client.delete(f"/api/transcript/{ID}", headers=ADMIN)
        assert done.json() == {"video_id": ID, "invalidated": True}
        for codes in ("en", "es"):
            again = await client.get(f"/api/transcript/{ID}?languages={codes}")
            assert again.json()["source"] == "youtube"
        problem(await client.delete("/api/transcript/subscriptions", headers=ADMIN), 422, "invalid_id")
    assert fetches(loopback)[ID] == 4


Document = dict[str, Any]


@pytest.mark.parametrize("prefix", ["", "/transcripts"])
async def test_the_api_document_tells_what_the_routes_do(settings: Settings, prefix: str) -> None:
    """Each once, with the shape of its answer, the formats, and problems for what goes wrong."""
    app = batuta_app(settings) if prefix else orchestrator_app("transcripts", settings)
    document: Document = app.openapi()
    ours = {
        path.removeprefix(prefix): set(operations)
        for path, operations in document["paths"].items()
        if any("transcripts" in operation.get("tags", ()) for operation in operations.values())
    }
    assert ours == {
        "/api/transcript": {"post"},
        "/api/transcript/{video_id}": {"get", "delete"},
        "/api/transcript/{video_id}/languages": {"get"},
        "/api/transcript/{video_id}/prefetch": {"post"},
        "/api/batch": {"post"},
        "/api/batch/{job_id}": {"get"},
        "/api/batch/{job_id}/events": {"get"},
        "/api/batch/{job_id}/cancel": {"post"},
        "/api/statistics": {"get"},
        "/health": {"get"},
    }
    paths, schemas = document["paths"], document["components"]["schemas"]
    show = paths[f"{prefix}/api/transcript/{{video_id}}"]["get"]
    assert set(show["responses"]["200"]["content"]) == {
        JSON,
        "text/plain",
        "text/vtt",
        "application/x-subrip",
    }
    for answer in (show, paths[f"{prefix}/api/transcript"]["post"]):
        schema = answer["responses"]["200"]["content"][JSON]["schema"]
        assert schema == {"$ref": "#/components/schemas/TranscriptView"}
        assert "application/problem+json" in answer["responses"]["4XX"]["content"]
        assert "422" not in answer["responses"]
    assert set(schemas["TranscriptView"]["properties"]) == set(FIELDS)
    assert set(schemas["TranscriptView"]["required"]) == set(FIELDS)
    assert set(schemas["TranscriptView"]["properties"]["source"]["enum"]) == {
        "memory",
        "cache",
        "database",
        "youtube",
        "generated",
    }
    assert {parameter["name"] for parameter in show["parameters"]} == {"video_id", "languages", "format"}
