"""A hit goes the short way over HTTP, to the same answer as by the ordinary one."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from loopback_youtube import Caption, LoopbackYouTube, Video
from transcript_http_stage import JSON, Short, client_of, problem
from transcript_stage import ID, TALK, fetches, settings_of

from batuta import server
from batuta.access.keys import Keys
from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.telemetry import http as telemetry

pytestmark = pytest.mark.anyio


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
