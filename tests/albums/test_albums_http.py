"""Albums over HTTP: the contract's routes, alone and in the whole house, over three sources on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from sources_loopback import CONTACT, SILENCE, TOKEN, Loopback, Says

from batuta.albums import CacheOrchestrator, TrackDict
from batuta.albums.routes import MOST_TRACKS
from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

NEVERMIND = {"artist": "Nirvana", "album": "Nevermind"}
ADMIN = {"Authorization": "Bearer the-operator's-own-key"}


@pytest.fixture
async def world() -> AsyncIterator[Loopback]:
    """The three sources."""
    found = Loopback()
    yield found
    found.let_go()


@pytest.fixture
async def settings(world: Loopback, tmp_path: Path) -> AsyncIterator[Settings]:
    async with serving(world) as url:
        yield Settings(
            batuta_data=tmp_path,
            batuta_api_key=ADMIN["Authorization"].removeprefix("Bearer "),
            musicbrainz_url=f"{url}/ws/2",
            itunes_url=url,
            discogs_url=url,
            discogs_token=TOKEN,
            albums_contact=CONTACT,
        )


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    app = orchestrator_app("albums", settings)
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as found:
        yield found


async def test_the_year_of_an_album(client: httpx2.AsyncClient, world: Loopback) -> None:
    """From the three sources first, from the cache then; with what each said and why it counted."""
    first = (await client.get("/year", params=NEVERMIND)).json()
    assert (first["year"], first["origin"]) == ("1991", "sources")
    assert {said["source"]: said["year"] for said in first["said"]} == dict.fromkeys(
        ("discogs", "itunes", "musicbrainz"), 1991
    )
    assert first["confidence"] > 90
    asked = len(world.requests)
    again = (await client.get("/year", params=NEVERMIND)).json()
    assert (again["year"], again["origin"], again["said"]) == ("1991", "cache", first["said"])
    assert len(world.requests) == asked
    results = (await client.get("/results", params=NEVERMIND)).json()
    assert {result["source"] for result in results} == {"musicbrainz", "itunes", "discogs"}
    one = (await client.get("/results", params={**NEVERMIND, "source": "itunes"})).json()
    assert [result["source"] for result in one] == ["itunes"]

    track = {"id": "1", "name": "Lithium", **NEVERMIND}
    assert (await client.post("/tracks/changed", json=track)).json() == {"tracks": 1}
    assert (await client.get("/results", params=NEVERMIND)).json() == []
    assert TOKEN not in str([first, again, results])


async def test_a_year_that_is_told(client: httpx2.AsyncClient, world: Loopback) -> None:
    """It is kept and answers; one of lower confidence does not take its place; nobody is asked."""
    body = {**NEVERMIND, "year": 1991, "confidence": 90}
    stored = (await client.put("/year", json=body)).json()
    assert (stored["year"], stored["confidence"], stored["origin"]) == ("1991", 90, "stored")
    lower = (await client.put("/year", json={**body, "year": "2011", "confidence": 30})).json()
    assert (lower["year"], lower["confidence"]) == ("1991", 90)
    known = (await client.get("/year", params=NEVERMIND)).json()
    assert (known["year"], known["origin"], known["said"]) == ("1991", "cache", [])
    assert not world.requests
    assert (await client.post("/save")).status_code == 204
    stats = (await client.get("/stats")).json()
    assert (stats["album"]["total_albums"], stats["album"]["unsaved"]) == (1, 0)
    assert stats["album"]["cache_file"] == "album_years.csv.sqlite"  # not where it lies


async def test_an_outage_is_told_as_one(client: httpx2.AsyncClient, world: Loopback) -> None:
    """503 with Retry-After where every source is busy; nothing of it is kept."""
    world.always = Says(429, headers={"Retry-After": "40"})
    answer = await client.get("/year", params=NEVERMIND)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert 1 <= int(answer.headers["retry-after"]) <= 40
    assert (await client.get("/results", params=NEVERMIND)).json() == []


async def test_a_caller_who_leaves_leaves_the_queue(client: httpx2.AsyncClient, world: Loopback) -> None:
    """The sources are asked for those who still wait."""
    world.always = SILENCE
    with pytest.raises(httpx2.ReadTimeout):
        await client.get("/year", params=NEVERMIND, timeout=0.3)
    try:
        async with asyncio.timeout(5):
            while (await client.get("/stats")).json()["asking"]:  # noqa: ASYNC110  # another's memory
                await asyncio.sleep(0.02)
    finally:
        world.let_go()


async def test_the_year_that_stays_is_told(client: httpx2.AsyncClient) -> None:
    """A surer one that was stored by hand, beside what the sources say now."""
    await client.put("/year", json={**NEVERMIND, "year": "2011", "confidence": 100})
    found = (await client.get("/year", params={**NEVERMIND, "refresh": True})).json()
    assert (found["year"], found["stays"]["year"], found["stays"]["confidence"]) == ("1991", "2011", 100)


async def test_many_changed_tracks_do_not_stop_the_loop(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others get their turn in between; more than a bound are refused."""
    tracks = [{"id": "1", "name": "n", "artist": "a", "album": str(one)} for one in range(MOST_TRACKS + 1)]
    assert (await client.post("/tracks/changed", json=tracks)).status_code == 422
    turns, at, over = 0, list[int](), asyncio.Event()

    async def others() -> None:
        nonlocal turns
        while not over.is_set():
            turns += 1
            await asyncio.sleep(0)

    async def forget(_caches: CacheOrchestrator, _track: TrackDict) -> None:
        at.append(turns)

    monkeypatch.setattr(CacheOrchestrator, "invalidate_for_track", forget)
    watching = asyncio.create_task(others())
    assert (await client.post("/tracks/changed", json=tracks[:1000])).json() == {"tracks": 1000}
    over.set()
    await watching
    assert len(at) == 1000
    assert max(at.count(turn) for turn in at) <= 100


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/year?artist=Nirvana", None, 422),
        ("GET", "/year?artist=%20&album=x", None, 422),
        ("GET", f"/year?artist={'x' * 501}&album=x", None, 422),
        ("PUT", "/year", {**NEVERMIND, "year": "not a year"}, 422),
        ("PUT", "/year", {**NEVERMIND, "year": "9999"}, 422),
        ("PUT", "/year", {**NEVERMIND, "year": "1993-99-99"}, 422),
        ("PUT", "/year", {**NEVERMIND, "year": "\N{FULLWIDTH DIGIT ONE}991"}, 422),
        ("PUT", "/year", {**NEVERMIND, "artist": "  ", "year": "1991"}, 422),
        ("PUT", "/year", {**NEVERMIND, "year": "1991", "confidence": 101}, 422),
        ("POST", "/tracks/changed", {"id": "1"}, 422),
        ("POST", "/tracks/changed", [], 200),
        ("DELETE", "/", None, 401),
        ("GET", "/nowhere", None, 404),
    ],
)
async def test_what_cannot_be(
    client: httpx2.AsyncClient, method: str, path: str, body: object, status: int
) -> None:
    """One problem shape for all of it."""
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"code", "message", "retryable"} <= answer.json().keys()


async def test_only_the_admin_forgets_everything(client: httpx2.AsyncClient) -> None:
    """And then it is gone for good."""
    await client.put("/year", json={**NEVERMIND, "year": "1991"})
    assert (await client.delete("/", headers=ADMIN)).status_code == 204
    assert (await client.get("/stats")).json()["album"]["total_albums"] == 0


async def test_years_survive_a_restart_and_the_house_has_the_same(settings: Settings) -> None:
    """The whole house serves them under `/albums`, from the same files."""
    alone = orchestrator_app("albums", settings)
    async with serving(alone) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        await client.put("/year", json={**NEVERMIND, "year": "1991"})
    async with serving(batuta_app(settings)) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        assert (await client.get("/albums/year", params=NEVERMIND)).json()["year"] == "1991"
        assert (await client.get("/albums/health")).json()["status"] == "healthy"
