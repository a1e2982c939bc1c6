"""Transcripts over HTTP: routes, shapes, every cause as a problem, and the short way for hits."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr
from transcript_stage import BROKEN, ENGLISH, ID, TALK, fetches, settings_of

from batuta import server
from batuta.access.keys import Keys
from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.telemetry import http as telemetry
from batuta.testing.servers import serving
from batuta.transcripts import hits
from batuta.transcripts.blockade import Standing
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Cause, Segment, TranscriptResult

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

Short = list[Kept]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Short:
    """What went the short way."""
    went: Short = []
    send = hits._send

    async def noted(kept: Kept, *arguments: Any) -> None:
        went.append(kept)
        await send(kept, *arguments)

    monkeypatch.setattr(hits, "_send", noted)
    return went


@pytest.fixture
def settings(loopback: LoopbackYouTube, tmp_path: Path) -> Settings:
    loopback.videos[ID] = TALK
    return settings_of(loopback, tmp_path)


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return orchestrator_app("transcripts", settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with client_of(app) as found:
        yield found


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an answer that must be this problem (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) >= PROBLEM
    assert (body["status"], body["code"], body["detail"]) == (status, code, body["message"])
    return body


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
    slash = await client.get(f"/api/transcript/{ID}%2F")
    assert (slash.status_code, slash.headers["location"].endswith(f"/{ID}")) == (307, True)
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


class Maker:
    async def generate(self, video_id: str, wanted: tuple[str, ...] | None) -> TranscriptResult:
        segment = Segment(text="made", start=0.0, duration=2.5)
        return TranscriptResult.of(video_id, wanted[0] if wanted else "pt", "generated", [segment])


async def test_one_is_generated_only_for_who_asks(app: FastAPI, loopback: LoopbackYouTube) -> None:
    """With `generate`; afterwards it is given to all, from memory."""
    loopback.videos[ID] = Video(None)
    async with client_of(app) as client:
        app.state.transcripts.generator = Maker()
        problem(await client.post("/api/transcript", json={"url": ID}), 404, "disabled")
        made = await client.post("/api/transcript", json={"url": ID, "generate": True})
        assert (made.status_code, made.json()["source"]) == (200, "generated")
        assert (made.json()["transcript_type"], made.json()["transcript"]) == ("generated", "made")
        later = await client.get(f"/api/transcript/{ID}")
        assert (later.json()["source"], later.json()["transcript_type"]) == ("memory", "generated")


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


async def keys_of(settings: Settings, scopes: Iterable[str]) -> dict[str, dict[str, str]]:
    """A header for each scope, with a key that has it and no other."""
    database = Database.in_folder(settings.batuta_data)
    await database.create_tables()
    keys = Keys(database)
    made = {scope: {"X-API-Key": (await keys.create(scope, [scope])).clear} for scope in scopes}
    await keys.aclose()
    await database.aclose()
    return made


async def test_keys_hold_for_the_short_way_too(settings: Settings, short: Short) -> None:
    """Reading needs `read`, asking needs `submit`; without a key nobody is answered."""
    keys = await keys_of(settings, ("read", "submit"))
    app = orchestrator_app("transcripts", settings, bound_to="0.0.0.0")
    get, post = ("GET", f"/api/transcript/{ID}"), ("POST", "/api/transcript")
    async with client_of(app) as client:

        async def status(request: tuple[str, str], key: str | None) -> int:
            body = {"url": ID} if request is post else None
            headers = {} if key is None else keys[key]
            return (await client.request(*request, json=body, headers=headers)).status_code

        assert await status(post, "submit") == 200
        for request, right, wrong in ((get, "read", "submit"), (post, "submit", "read")):
            short.clear()
            assert [await status(request, key) for key in (right, wrong, None)] == [200, 403, 401]
            assert len(short) == 1


async def test_the_short_way_counts_against_the_limits(settings: Settings, short: Short) -> None:
    """A hit is cheap, and a request all the same."""
    limited = settings.model_copy(update={"rate_limit_per_minute": 5})
    async with client_of(orchestrator_app("transcripts", limited)) as client:
        answers = [await client.get(f"/api/transcript/{ID}") for _ in range(8)]
    assert [answer.status_code for answer in answers][:5] == [200] * 5
    problem(answers[-1], 429, "too_many_requests")
    assert len(short) < 7


SHORT_GETS = [
    "",
    "?languages=es",
    "?format=json",
    "?languages=fr&languages=es",
    "?languages=",
    "?languages=ES",
]
SHORT_GETS += ["?format=json&languages=es&format=json", "?languages=%65s", "?languages=+es+", "?"]
OTHER_GETS = [
    "?x=1",
    "?format=srt",
    "?format=json&format=txt",
    "?format=txt&format=json",
    "?format=",
    "?format",
]
OTHER_GETS += [
    "?languages=de",
    "?languages=e%20n",
    "?languages=%ff",
    "?languages=es" + "+" * 90,
    "?Format=srt",
]
OTHER_GETS += ["?" + "&".join(["languages=es"] * 21), "?languages=es;languages=en", "?languages%5B%5D=es"]
PATHS = ["%20" + ID, ID + "%0A", ID.upper(), f"youtu.be%2F{ID}", f"{ID}/", f"{ID}%3Fx", "youtu.be/" + ID]
PATHS += [f"youtube.com%2Fwatch%3Fv={ID}", "https:%2F%2Fyoutu.be%2F" + ID]
JSON = "application/json"
POSTS: list[tuple[str | None, bytes]] = [
    (JSON, b'{"url": "%s"}'),
    (JSON, b'{"video_id": "https://www.youtube.com/watch?v=%s&t=1"}'),
    ("application/json; charset=utf-8", b'{"url": "%s", "languages": ["es"], "generate": true}'),
    (JSON, b'{"url": "%s", "languages": []}'),
    (JSON, b'{"url": "%s", "languages": null}'),
    (JSON, b'{"url": "no", "url": "%s"}'),
    (JSON, b'{"url": "%s", "url": "no"}'),
    (JSON, b'{"url": "%s", "video_id": "no"}'),
    (JSON, b'{"video_id": "no", "url": "%s"}'),
    (JSON, b'{"url": "%s", "generate": "yes"}'),
    (JSON, b'{"url": "%s", "generate": 2}'),
    (JSON, b'{"url": "%s", "languages": "es"}'),
    (JSON, b'{"url": "%s", "languages": ["e n"]}'),
    (JSON, b'{"url": "%s", "more": 1}'),
    (JSON, b'\xef\xbb\xbf{"url": "%s"}'),
    (JSON, b'{"url": "%s"} x'),
    (JSON, b'{"url": "%s", "languages": [NaN]}'),
    (JSON, b'["%s"]'),
    (JSON, b'{"url": "\\ud800%s"}'),
    (JSON, b'{"url": " %s\\n"}'),
    (JSON, b""),
    ("APPLICATION/JSON", b'{"url": "%s"}'),
    ("application/json;", b'{"url": "%s"}'),
    ("application/jsonp", b'{"url": "%s"}'),
    ("application/problem+json", b'{"url": "%s"}'),
    ("text/plain", b'{"url": "%s"}'),
    ("application/x-www-form-urlencoded", b"url=%s"),
    (None, b'{"url": "%s"}'),
]
_DATE = re.compile(rb'(?<="fetched_at":")[^"]+')
Answers = dict[object, tuple[int, list[tuple[str, str]], bytes]]


async def everything(client: httpx2.AsyncClient) -> Answers:
    """The answers to all of them, once what there is is in memory; without what differs every time."""
    for codes in ("", "?languages=es", "?languages=fr&languages=es"):
        await client.get(f"/api/transcript/{ID}{codes}")
    found: Answers = {}

    def note(name: object, answer: httpx2.Response) -> None:
        headers = [
            (key, value.removeprefix(str(client.base_url)))
            for key, value in answer.headers.items()
            if key not in {"date", "x-request-id"}
        ]
        timing = [value for key, value in headers if key == "server-timing"]
        if timing and "hit" not in timing[0].partition(",")[0]:
            headers = [(key, value) for key, value in headers if key != "server-timing"]
        body = _DATE.sub(b"", answer.content)  # of two rows that answer, the newer one does
        found[name] = (answer.status_code, sorted(headers), body)

    for path in [*(ID + query for query in (*SHORT_GETS, *OTHER_GETS)), *PATHS]:
        for _ in range(2):  # the first may have to fetch it
            answer = await client.get(f"/api/transcript/{path}")
        note(path, answer)
    for kind, body in POSTS:
        headers = {} if kind is None else {"Content-Type": kind}
        content = body.replace(b"%s", ID.encode())
        note((kind, body), await client.post("/api/transcript?languages=x", content=content, headers=headers))
    for method in ("HEAD", "PUT", "OPTIONS"):
        note(method, await client.request(method, f"/api/transcript/{ID}"))
    return found


async def test_the_short_way_answers_byte_for_byte_as_the_ordinary_one(
    settings: Settings, short: Short, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status, headers and body, to plain requests and to odd ones, which go the ordinary way."""
    async with client_of(orchestrator_app("transcripts", settings)) as client:
        mine = await everything(client)
        short.clear()
        for query in SHORT_GETS:
            await client.get(f"/api/transcript/{ID}{query}")
        assert len(short) == len(SHORT_GETS), "these are plain"
        short.clear()
        for query in OTHER_GETS:
            await client.get(f"/api/transcript/{ID}{query}")
        assert short == [], "these are not"
    ordinary = replace(server.APPS["transcripts"], short_ways=())
    monkeypatch.setitem(server.APPS, "transcripts", ordinary)
    async with client_of(orchestrator_app("transcripts", settings)) as client:
        theirs = await everything(client)
    assert short == []
    assert {name: mine[name] for name in mine if mine[name] != theirs[name]} == {
        name: theirs[name] for name in theirs if mine[name] != theirs[name]
    }
    assert sum(status == 200 for status, *_ in mine.values()) > 20


async def test_what_is_stale_or_gone_from_memory_does_not_go_the_short_way(
    app: FastAPI, short: Short, loopback: LoopbackYouTube
) -> None:
    """The ordinary way finds out what is to be done."""
    async with client_of(app) as client:
        await client.get(f"/api/transcript/{ID}")
        await app.state.transcripts.invalidate(ID)
        loopback.videos[ID] = Video((Caption("en", ((0, 1, "new"),)),))
        answer = await client.get(f"/api/transcript/{ID}")
        assert (answer.json()["transcript"], answer.json()["source"], short) == ("new", "youtube", [])


async def test_what_goes_the_ordinary_way_after_all_is_told_as_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the whole template of its route, in the log too, also where it fails; only hits are quiet."""
    log: list[tuple[str, str, int]] = []

    class Log:
        def __getattr__(self, level: str) -> Any:
            return lambda _event, **fields: log.append((level, fields["route"], fields["status"]))

    monkeypatch.setattr(telemetry, "log", Log())
    async with client_of(batuta_app(settings)) as client:
        for body in ({"url": ID}, {"url": ID}, {"url": "no"}, {"url": ID, "languages": ["xx"]}):
            await client.post("/transcripts/api/transcript", json=body)
    route = "/transcripts/api/transcript"
    assert log == [("info", route, 200), ("debug", route, 200), ("info", route, 422), ("info", route, 404)]


async def test_a_body_in_pieces_goes_the_ordinary_way(
    client: httpx2.AsyncClient, short: Short, loopback: LoopbackYouTube
) -> None:
    """To the same answer."""
    whole = await client.post("/api/transcript", json={"url": ID})

    async def pieces() -> AsyncGenerator[bytes]:
        for byte in json.dumps({"url": ID}).encode():
            yield bytes([byte])

    headers = {"Content-Type": JSON}
    answer = await client.post("/api/transcript", content=pieces(), headers=headers)
    assert answer.json() == {**whole.json(), "source": "memory"}
    assert fetches(loopback)[ID] == 1
    assert len(short) <= 1  # the server may have put them together


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
