"""Many callers at once: one call upstream, no failed request while Redis is in trouble, health at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import httpx2
import pytest
from loopback_youtube import LoopbackYouTube, Reply
from redis.asyncio import Redis
from transcript_servers import HealthProbe, Server, wait_until
from transcript_stage import ID, SLOW, TALK, fetches, settings_of, video_ids

from batuta.cache.shared import RedisLink
from batuta.errors import ServiceUnavailable
from batuta.server import orchestrator_app
from batuta.testing.redis import RedisServer

pytestmark = pytest.mark.anyio

CALLERS = 1000
HEALTH_MS = 100.0
"""The aim for p99 is 10 ms; this holds on a machine that tests share with other programs, too."""


@pytest.fixture
def own_redis(redis: RedisServer) -> Iterator[RedisServer]:
    """Empty, and running again after a test that disturbed it."""
    with redis.client() as client:
        client.flushall()
    yield redis
    redis.stop()
    redis.start()


def environment(loopback: LoopbackYouTube, folder: Path, redis: RedisServer | None = None) -> dict[str, str]:
    """A folder of its own, the loopback YouTube, and perhaps a Redis for all."""
    told = {
        "BATUTA_DATA": str(folder),
        "TRANSCRIPT_YOUTUBE_ORIGIN": loopback.url,
        "TRANSCRIPT_REQUESTS_PER_SECOND": "1000000",
    }
    return told if redis is None else {**told, "REDIS_URL": redis.url}


@asynccontextmanager
async def crowd(*urls: str) -> AsyncGenerator[list[httpx2.AsyncClient]]:
    """A client for each server, with as many connections as it has callers."""
    limits = httpx2.Limits(max_connections=CALLERS)
    async with AsyncExitStack() as stack:
        clients = [httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) for url in urls]
        yield [await stack.enter_async_context(client) for client in clients]


async def test_a_thousand_requests_for_one_cold_video_are_one_call_upstream(
    loopback: LoopbackYouTube, tmp_path: Path
) -> None:
    """In one process, through the whole app: all begin before YouTube's answer is there, and all have it."""
    loopback.videos[ID] = SLOW
    app = orchestrator_app("transcripts", settings_of(loopback, tmp_path))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        asked = [
            asyncio.create_task(client.get(f"/api/transcript/{ID}"))
            if number % 2
            else asyncio.create_task(client.post("/api/transcript", json={"url": ID}))
            for number in range(CALLERS)
        ]
        answers = await asyncio.gather(*asked)
        statistics = (await client.get("/api/statistics")).json()
    assert Counter(answer.status_code for answer in answers) == {200: CALLERS}
    assert {answer.json()["transcript"] for answer in answers} == {"x"}
    assert loopback.pages() == ["watch", "player", "timedtext"]
    assert statistics["loads"] == 1
    assert statistics["joined"] > CALLERS / 2, "they must have asked while it was under way"


@pytest.mark.slow
async def test_a_thousand_requests_at_four_processes_are_one_call_upstream(
    loopback: LoopbackYouTube, tmp_path: Path, own_redis: RedisServer
) -> None:
    """Each with a folder of its own; a Redis is all they share."""
    loopback.videos |= {ID: SLOW, **dict.fromkeys(video_ids(4), TALK)}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(Server(tmp_path, **environment(loopback, tmp_path / name, own_redis)))
            for name in "abcd"
        ]
        await asyncio.gather(*[server.ready() for server in servers])
        async with crowd(*[server.url for server in servers]) as clients:
            for client, video_id in zip(clients, video_ids(4), strict=True):  # its first request is slow
                assert (await client.get(f"/api/transcript/{video_id}")).json()["source"] == "youtube"
            loopback.asked.clear()
            asked = [client.get(f"/api/transcript/{ID}") for _ in range(CALLERS // 4) for client in clients]
            answers = await asyncio.gather(*asked)
            told = [(await client.get("/api/statistics")).json() for client in clients]
    assert Counter(answer.status_code for answer in answers) == {200: CALLERS}
    assert {answer.json()["transcript"] for answer in answers} == {"x"}
    assert loopback.pages() == ["watch", "player", "timedtext"]
    assert sorted(statistics["loads"] for statistics in told) == [1, 1, 1, 2]
    sources = Counter(answer.json()["source"] for answer in answers)
    assert sources["youtube"] >= 1
    assert sources["cache"] >= 3, "the other three have it from Redis"


async def test_a_busy_process_does_not_take_its_redis_for_dead(own_redis: RedisServer) -> None:
    """Time in which our own event loop did not get to run is not Redis's; a dead one is found out still."""
    loop = asyncio.get_running_loop()
    link = RedisLink(own_redis.url, name="busy")
    handle = loop.call_soon(lambda: None)

    def keep_busy() -> None:  # as hundreds of requests that came at once
        nonlocal handle
        time.sleep(0.05)
        handle = loop.call_soon(keep_busy)

    async def ping(redis: Redis) -> None:
        await redis.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]  # for both kinds

    keep_busy()
    for _ in range(3):
        await link.ask(ping)
    own_redis.freeze()
    with pytest.raises(ServiceUnavailable):
        await link.ask(ping)
    own_redis.thaw()
    handle.cancel()
    await link.aclose()


class Callers:
    """Ask for what memory never has, without pause: Redis is asked for each, then the database."""

    def __init__(self, client: httpx2.AsyncClient, how_many: int = 4) -> None:
        self._client = client
        self._numbers = count()
        self.answered = 0
        self.failed: list[str] = []
        self.redis: Counter[str] = Counter()
        """What was said of Redis."""
        self._tasks = [asyncio.create_task(self._call()) for _ in range(how_many)]

    async def until(self, what: str, enough: Callable[[Counter[str]], bool]) -> None:
        """Wait until what was said of Redis from now on is enough."""
        self.redis.clear()
        await wait_until(what, lambda: enough(self.redis) or any(task.done() for task in self._tasks))
        assert not any(task.done() for task in self._tasks)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _call(self) -> None:
        while True:
            code = f"zz-{next(self._numbers)}"  # `en` has been found, so nobody asks YouTube for it
            answer = await self._client.get(f"/api/transcript/{ID}?languages=en&languages={code}")
            self.answered += 1
            if answer.status_code != 200 or answer.json()["transcript"] != "Tom & Ann again":
                self.failed.append(answer.text)
            for part in answer.headers.get("server-timing", "").split(", "):
                tier, said = part.split(";")[:2]
                if tier == "cache":
                    self.redis[said.removeprefix('desc="').removesuffix('"')] += 1
            await asyncio.sleep(0.005)


@pytest.mark.slow
async def test_a_redis_in_trouble_fails_no_request_and_does_not_slow_health(
    loopback: LoopbackYouTube, tmp_path: Path, own_redis: RedisServer
) -> None:
    """Killed, frozen, started and thawed under load; it is used again without a restart of ours.

    The aim for health's p99 is 10 ms; what is asserted is 100 ms, and what a busy machine adds to everything.
    """
    loopback.videos[ID] = TALK
    with Server(tmp_path, **environment(loopback, tmp_path / "data", own_redis)) as server:
        await server.ready()
        async with crowd(server.url) as (client,):
            assert (await client.get(f"/api/transcript/{ID}?languages=en")).json()["source"] == "youtube"
            callers = Callers(client)
            await callers.until("Redis is used", lambda said: said["miss"] > 50)
            with HealthProbe(server.url) as probe:
                for disturb, mend in (
                    (own_redis.stop, own_redis.start),
                    (own_redis.freeze, own_redis.thaw),
                ):
                    await asyncio.to_thread(disturb)
                    await callers.until("it is left alone", lambda said: said["skipped"] > 100)
                    health = (await client.get("/health")).json()
                    assert (health["status"], health["tiers"]["redis"]) == ("degraded", "unhealthy")
                    await asyncio.to_thread(mend)
                    await callers.until("it is used again", lambda said: said["miss"] > 50)
                health = (await client.get("/health")).json()
                assert (health["status"], health["tiers"]["redis"]) == ("healthy", "healthy")
                found = await probe.end()
            await callers.end()
        assert server.alive
    print(json.dumps({"answered": callers.answered, "health": found}))
    assert callers.failed == []
    assert found["failed"] == 0
    assert found["p99"] < HEALTH_MS + found["late"], found
    assert fetches(loopback)[ID] == 1


@pytest.mark.slow
async def test_health_answers_at_once_while_a_hundred_fetches_hang(
    loopback: LoopbackYouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so does what is in memory.

    The aim for health's p99 is 10 ms; what is asserted is 100 ms, and what a busy machine adds to everything.
    """
    monkeypatch.setattr("loopback_youtube.LIMIT", 60.0)
    loopback.videos[ID] = TALK
    with Server(tmp_path, **environment(loopback, tmp_path / "data")) as server:
        await server.ready()
        async with crowd(server.url) as (client,):
            await client.get(f"/api/transcript/{ID}")
            loopback.everywhere["watch"] = (Reply(mood="hang"),)
            waiting = [asyncio.create_task(client.get(f"/api/transcript/{each}")) for each in video_ids(100)]

            async def under_way() -> int:
                return int((await client.get("/api/statistics")).json()["under_way"])

            async with asyncio.timeout(30):
                while await under_way() < 100 or loopback.most_at_once < 8:  # noqa: ASYNC110  # over HTTP
                    await asyncio.sleep(0.02)
            with HealthProbe(server.url) as probe:
                for _ in range(150):
                    answer = await client.get(f"/api/transcript/{ID}")
                    assert answer.json()["source"] == "memory"
                    await asyncio.sleep(0.005)
                assert not any(task.done() for task in waiting), "they must have hung all the time"
                assert await under_way() == 100
                found = await probe.end()
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            loopback.release()
    print(json.dumps({"health": found}))
    assert (found["asked"] > 50, found["failed"]) == (True, 0)
    assert found["p99"] < HEALTH_MS + found["late"], found
