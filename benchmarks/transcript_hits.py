"""Transcripts: what a cached hit costs, `/health` while YouTube hangs, a crowd for one cold video.

Batuta and its naive peer, one after the other in one run, each alone with a Redis of its own; YouTube is the
tests' server on loopback. A hit is one of memory at Batuta and one of Redis at the peer, which has no memory.
`python -m benchmarks.transcript_hits` prints the figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

import httpx2
import redis.asyncio

from batuta.logs import log_to_stderr
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.redis import redis_server
from batuta.transcripts import TranscriptOrchestrator, get_session
from batuta.transcripts.app import open_transcripts
from benchmarks import naive_transcripts
from benchmarks.figures import Figure
from benchmarks.load import CONNECTIONS, SECONDS, Load, bear
from benchmarks.programs import House, free_port, start

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "transcripts"))
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video

VIDEO = "dQw4w9WgXcQ"
PATH = f"/api/transcript/{VIDEO}"
CUES = {"an answer of 15 kB": 124, "15 kB of text": 366}
"""Captions of YouTube's usual length, so that the answer, or its text alone, has 15 kB."""
LIMIT_MS = 0.15
LIMIT_MICROSECONDS = 5.0
LIMIT_HEALTH_MS = 10.0
ROUNDS = 21
CALLS = 1000
HANGING = 100
CHECKS = 1000
AT_ONCE = 1000
PAGE_SECONDS = 0.05
"""YouTube takes so long for each of the three pages of a fetch."""
CROWD_SECONDS = 120
SERVERS = 4
PAUSE_SECONDS = 0.001
"""Between two checks."""
SETTLED_SECONDS = 0.5
UNPACED = {
    "TRANSCRIPT_THREADS": "64",
    "TRANSCRIPT_REQUESTS_PER_SECOND": "1000",
    "TRANSCRIPT_REQUEST_BURST": "1000",
}
"""So that many hang at YouTube, and do not wait here for their turn."""

Serve = Callable[[Mapping[str, str]], Awaitable[House]]


class YouTubeHere(LoopbackYouTube):
    """For crowds: takes its time for every page, and lets many connections wait to be accepted."""

    def __init__(self, page_seconds: float = 0) -> None:
        super().__init__()
        self._page_seconds = page_seconds
        self._server.socket.listen(AT_ONCE)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        time.sleep(self._page_seconds)
        super().answer(handler)

    def settled(self) -> Callable[[], bool]:
        """Says whether somebody asks and for a while nobody has begun to."""
        last, since = 0, time.monotonic()

        def look() -> bool:
            nonlocal last, since
            if self.most_at_once != last:
                last, since = self.most_at_once, time.monotonic()
            return last > 0 and time.monotonic() - since > SETTLED_SECONDS

        return look


@dataclass(frozen=True)
class Hits:
    """What cached hits cost a server."""

    got: Load
    posted: Load | None
    """None where there is no `wrk`."""
    size: int


@dataclass(frozen=True)
class Health:
    """How long `/health` took: p99, but for the longest while the fetches began."""

    before_ms: float
    beginning_ms: float
    hanging_ms: float
    at_youtube: int


@dataclass(frozen=True)
class Crowd:
    """What became of many requests for one cold video."""

    fetches: int
    seconds: float


async def batuta(environment: Mapping[str, str]) -> House:
    """`batuta serve transcripts`, in a folder of its own, limits on requests off."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "RATE_LIMIT_PER_MINUTE": "0",
        "RATE_LIMIT_SUBMITS_PER_MINUTE": "0",
        "TRANSCRIPT_YOUTUBE_ORIGIN": environment["YOUTUBE_ORIGIN"],
        **environment,
    }
    command = ["-m", "batuta", "serve", "transcripts", "--port", str(port)]
    return House(await start(command, settings, f"{url}/health"), url)


async def naive(environment: Mapping[str, str]) -> House:
    """The peer."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["-m", "benchmarks.naive_transcripts", str(port)]
    return House(await start(command, environment, f"{url}/health"), url)


@asynccontextmanager
async def servers(
    serve: Serve, youtube: LoopbackYouTube, count: int = 1, more: Mapping[str, str] = MappingProxyType({})
) -> AsyncGenerator[list[House]]:
    """So many servers for the length of the block, all with one empty Redis, each with its own folder."""
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as folder, redis_server(Path(folder)) as server:
        async with AsyncExitStack() as stack:
            running: list[House] = []
            for number in range(count):
                data = Path(folder, str(number))
                told = {
                    "REDIS_URL": server.url,
                    "YOUTUBE_ORIGIN": youtube.url,
                    "BATUTA_DATA": str(data),
                    **more,
                }
                running.append(await serve(told))
                stack.callback(running[-1].kill)
            yield running


def video(cues: int) -> Video:
    """A video with so many captions of 40 characters or so."""
    lines = ((3.0 * cue, 2.8, f"in cue {cue} it was the age of foolishness") for cue in range(cues))
    return Video(captions=(Caption("en", tuple(lines)),))


async def hits(serve: Serve, cues: int) -> Hits:
    """Cached hits, asked for as fast as they are answered."""
    with YouTubeHere().running() as youtube:
        youtube.videos[VIDEO] = video(cues)
        async with servers(serve, youtube) as (house,):
            async with httpx2.AsyncClient(base_url=house.url) as client:
                first = (await client.get(PATH)).raise_for_status()
                again = (await client.get(PATH)).raise_for_status()
            assert len(first.json()["segments"]) == cues
            assert again.json()["source"] != "youtube", again.json()["source"]
            return Hits(await bear(house, PATH), await posted(house), len(again.content))


async def posted(house: House) -> Load | None:
    """As `benchmarks.load.bear`, by POST, which `wrk` is told to do by a script."""
    if not shutil.which("wrk"):
        return None
    body = json.dumps({"url": f"https://www.youtube.com/watch?v={VIDEO}"})
    script = f'wrk.method = "POST"\nwrk.body = [[{body}]]\nwrk.headers["Content-Type"] = "application/json"\n'
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-s", file.name, f"{house.url}/api/transcript"]
        await asyncio.to_thread(_wrk, [*command, "-d1s"])  # warm
        before = house.cpu_seconds()
        answers, elapsed = await asyncio.to_thread(_wrk, [*command, f"-d{SECONDS}s"])
    return Load(answers / elapsed, (house.cpu_seconds() - before) / answers * 1000)


def _wrk(command: list[str]) -> tuple[int, float]:
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if "Non-2xx" in output or "Socket errors" in output or found is None:
        raise RuntimeError(output)
    return int(found[1]), float(found[2])


async def show_hits(what: str, cues: int) -> None:
    """GET and POST, ours and the peer's."""
    ours, peer = await hits(batuta, cues), await hits(naive, cues)
    pairs = {"GET": (ours.got, peer.got), "POST": (ours.posted, peer.posted)}
    for method, (found, other) in pairs.items():
        if found is None or other is None:
            print(f"{method} of a cached transcript: not measured, install wrk")
            continue
        Figure(
            f"{method} of a cached transcript ({what}), CPU of the server",
            found.cpu_ms,
            "ms",
            LIMIT_MS,
            ordinary="0.56-0.62 ms, about 1,450 req/s",
            naive=other.cpu_ms,
        ).show()
        print(f"  {found.per_second:,.0f} req/s; the naive peer {other.per_second:,.0f} req/s;", end=" ")
        print(f"one process, {CONNECTIONS} connections, answers of {ours.size:,} and {peer.size:,} bytes")


async def core_microseconds(settings: Settings) -> float:
    """CPU time of a hit in memory by the async core, with the transcript's parts in hand."""
    database = Database.of_settings(settings)
    await database.create_tables()
    try:
        async with open_transcripts(settings, database) as transcripts:
            await transcripts.get(VIDEO)

            async def hit() -> None:
                outcome = await transcripts.get(VIDEO)
                assert outcome.transcript is not None
                assert outcome.source == "memory"

            return await microseconds(hit)
    finally:
        await database.aclose()


async def naive_microseconds(redis_url: str) -> float:
    """The peer's hit, without its server: Redis asked, the JSON made a model."""
    async with redis.asyncio.from_url(redis_url) as cache:
        key = naive_transcripts.key_of(VIDEO, None)
        found = await asyncio.to_thread(naive_transcripts.fetch, VIDEO, None)
        await cache.set(key, found.model_dump_json())

        async def hit() -> None:
            assert await naive_transcripts.cached(cache, key) is not None

        return await microseconds(hit, CALLS // 10)


def synchronous_microseconds() -> float:
    """CPU time of a hit through the seed's own class, as the seed's examples have it."""
    session = get_session()
    orchestrator = TranscriptOrchestrator(session=next(session))
    assert orchestrator.get_transcript(VIDEO) is not None

    def hit() -> None:
        assert orchestrator.get_transcript(VIDEO) is not None

    found = statistics.median(_microseconds(hit) for _ in range(ROUNDS))
    session.close()
    return found


async def microseconds(call: Callable[[], Awaitable[None]], calls: int = CALLS) -> float:
    """CPU time of one call in this process, median of the rounds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(calls):
            await call()
        rounds.append((time.process_time() - begun) / calls * 1e6)
    return statistics.median(rounds)


def _microseconds(call: Callable[[], None]) -> float:
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begun) / CALLS * 1e6


def show_in_process() -> None:
    """Hits without HTTP; the threads that a hit may keep busy are counted with it."""
    log_to_stderr("WARNING")
    with (
        tempfile.TemporaryDirectory(prefix="batuta-bench-") as folder,
        redis_server(Path(folder)) as server,
        YouTubeHere().running() as youtube,
    ):
        youtube.videos[VIDEO] = video(CUES["an answer of 15 kB"])
        os.environ |= {
            "REDIS_URL": server.url,
            "BATUTA_DATA": str(Path(folder, "data")),
            "TRANSCRIPT_YOUTUBE_ORIGIN": youtube.url,
            "YOUTUBE_ORIGIN": youtube.url,
        }
        peer = asyncio.run(naive_microseconds(server.url))
        found = {
            "async core": asyncio.run(core_microseconds(Settings())),
            "TranscriptOrchestrator": synchronous_microseconds(),
        }
        for name, value in found.items():
            Figure(f"hit in memory, {name}, CPU time", value, "µs", LIMIT_MICROSECONDS, naive=peer).show()


class Connection:
    """A connection of HTTP/1.1 that is kept; one request at a time."""

    def __init__(self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = urlsplit(house.url).netloc
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, house: House) -> Self:
        """A connection to the server, open."""
        where = urlsplit(house.url)
        return cls(house, *await asyncio.open_connection(where.hostname, where.port, limit=1024 * 1024))

    async def get(self, path: str) -> int:
        """The status of the answer, whose body is read."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None, head
        await self._reader.readexactly(int(length[1]))
        return int(head.split()[1])

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def connections(houses: Sequence[House], count: int) -> AsyncGenerator[list[Connection]]:
    """So many of them for the length of the block, to each server its share."""
    found = [await Connection.to(houses[number % len(houses)]) for number in range(count)]
    try:
        yield found
    finally:
        for connection in found:
            connection.close()


async def checks(connection: Connection, enough: Callable[[int], bool]) -> list[float]:
    """Milliseconds of one `/health` after the other until there are enough, in order of size."""
    found: list[float] = []
    while not enough(len(found)):
        begun = time.perf_counter()
        assert await connection.get("/health") == 200
        found.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    return sorted(found)


def p99(found: list[float]) -> float:
    return found[len(found) * 99 // 100]


async def health(serve: Serve) -> Health:
    """How the server answers before, while many fetches begin, and while they hang."""
    with YouTubeHere().running() as youtube:
        youtube.everywhere["watch"] = (Reply(mood="hang"),)
        async with (
            servers(serve, youtube, more=UNPACED) as (house,),
            connections([house], HANGING) as asking,
            connections([house], 1) as (checking,),
            asyncio.TaskGroup() as group,
        ):
            before = await checks(checking, lambda count: count == CHECKS)
            fetches = [
                group.create_task(each.get(f"/api/transcript/{number:011}"))
                for number, each in enumerate(asking)
            ]
            settled = youtube.settled()
            beginning = await checks(checking, lambda _: settled())
            hanging = await checks(checking, lambda count: count == CHECKS)
            assert not any(fetch.done() for fetch in fetches), "a fetch ended before the last check"
            for fetch in fetches:
                fetch.cancel()
    return Health(p99(before), beginning[-1], p99(hanging), youtube.most_at_once)


async def show_health() -> None:
    """Ours and the peer's."""
    found, peer = await health(batuta), await health(naive)
    Figure(
        f"/health while {HANGING} cold fetches hang, p99 of {CHECKS:,}",
        found.hanging_ms,
        "ms",
        LIMIT_HEALTH_MS,
        naive=peer.hanging_ms,
    ).show()
    for name, each in (("Batuta", found), ("the naive peer", peer)):
        print(f"  {name}: p99 before {each.before_ms:.3g} ms, the longest while they began", end=" ")
        print(
            f"{each.beginning_ms:.3g} ms; {each.at_youtube} hung at YouTube, the others waited for a thread"
        )


async def crowd(serve: Serve, count: int) -> Crowd:
    """Many at once ask that many servers for one video that nobody has asked for before."""
    with YouTubeHere(PAGE_SECONDS).running() as youtube:
        youtube.videos[VIDEO] = video(CUES["an answer of 15 kB"])
        async with (
            servers(serve, youtube, count) as houses,
            connections(houses, AT_ONCE) as asking,
            asyncio.timeout(CROWD_SECONDS),
        ):
            begun = time.perf_counter()
            answers = await asyncio.gather(*(each.get(PATH) for each in asking))
            seconds = time.perf_counter() - begun
        assert set(answers) == {200}, Counter(answers)
        return Crowd(youtube.pages().count("watch"), seconds)


async def show_crowd(count: int) -> None:
    """Ours and the peer's."""
    found, peer = await crowd(batuta, count), await crowd(naive, count)
    where = "one server" if count == 1 else f"{count} servers with one Redis"
    Figure(
        f"fetches from YouTube for {AT_ONCE:,} requests at once for one cold video, {where}",
        found.fetches,
        "fetches",
        1,
        naive=peer.fetches,
    ).show()
    print(f"  all answered after {found.seconds:.2f} s; the naive peer's after {peer.seconds:.2f} s")


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a thousand connections, here and there
    for what, cues in CUES.items():
        asyncio.run(show_hits(what, cues))
    asyncio.run(show_health())
    for count in (1, SERVERS):
        asyncio.run(show_crowd(count))
    show_in_process()


if __name__ == "__main__":
    main()
