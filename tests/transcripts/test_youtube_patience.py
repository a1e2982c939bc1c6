"""Slow, endless and hostile answers: a fetch ends in time, gives its thread back, and is left in peace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from loopback_youtube import AS_USUAL, LoopbackYouTube, Reply, Video
from pydantic import SecretStr

from batuta.clients.deadline import deadline
from batuta.errors import InvalidRequest
from batuta.testing.clock import VirtualClock
from batuta.transcripts.blockade import Blockade
from batuta.transcripts.browser import Limits
from batuta.transcripts.causes import TranscriptUnavailable, YouTubeFailed, YouTubeTimeout
from batuta.transcripts.models import Cause
from batuta.transcripts.pacing import Pace
from batuta.transcripts.proxies import proxy_config
from batuta.transcripts.youtube import YouTube

pytestmark = pytest.mark.anyio

ID = "dQw4w9WgXcQ"
AT_ONCE = Pace(per_second=1e6)


@asynccontextmanager
async def fetcher(loopback: LoopbackYouTube, **parts: object) -> AsyncIterator[YouTube]:
    """A fetcher with these parts in the place of the usual ones."""
    found = YouTube(**{"origin": loopback.url, "pace": AT_ONCE, "threads": 1, **parts})
    try:
        yield found
    finally:
        loopback.release()
        await found.aclose()


async def cause(youtube: YouTube) -> Cause:
    with pytest.raises(TranscriptUnavailable) as caught:
        await youtube.fetch(ID)
    return caught.value.cause


async def hung(loopback: LoopbackYouTube) -> None:
    """Return when a request hangs."""
    assert await asyncio.to_thread(loopback.hanging.wait, 5)


@pytest.mark.parametrize("page", ["watch", "player", "timedtext"])
async def test_silence_ends_a_fetch(loopback: LoopbackYouTube, page: str) -> None:
    """After the read time-out, whichever page it is, and the thread is free for the next."""
    loopback.videos[ID] = Video(replies={page: (Reply(mood="hang"), AS_USUAL)})
    async with fetcher(loopback, limits=Limits(read=0.2, whole=5)) as youtube:
        assert await cause(youtube) is Cause.TIMEOUT
        assert (await youtube.fetch(ID)).transcript == "hello world"


async def test_a_byte_now_and_then_does_not_hold_a_fetch(loopback: LoopbackYouTube) -> None:
    """Each byte comes within the read time-out; the whole does not."""
    loopback.videos[ID] = Video(replies={"watch": (Reply(body="x" * 5000, mood="drip"), AS_USUAL)})
    async with fetcher(loopback, limits=Limits(read=1, whole=0.4)) as youtube:
        with pytest.raises(YouTubeTimeout, match=r"all that is needed within 0\.4 s"):  # so says the thread
            await youtube.fetch(ID)


async def test_the_caller_s_deadline_holds(loopback: LoopbackYouTube) -> None:
    """It is earlier than the fetcher's own; and such haste is no strike against YouTube."""
    loopback.videos[ID] = Video(replies={"watch": (Reply(mood="hang"),)})
    async with fetcher(loopback, threads=8) as youtube:
        for _ in range(6):
            with deadline(0.05), pytest.raises(YouTubeTimeout):
                await youtube.fetch(ID)
        assert youtube.blockade.standing.strikes == 0


async def test_a_fetch_that_waits_for_a_thread_waits_no_longer_than_its_deadline(
    loopback: LoopbackYouTube,
) -> None:
    """The threads are all taken."""
    loopback.videos[ID] = Video(replies={"watch": (Reply(mood="hang"),)})
    async with fetcher(loopback) as youtube:
        first = asyncio.create_task(cause(youtube))
        await hung(loopback)
        with deadline(0.05), pytest.raises(YouTubeTimeout, match="places"):
            await youtube.fetch(ID)
        loopback.release()
        assert await first is Cause.NETWORK


async def test_a_cancelled_fetch_gives_its_thread_back(loopback: LoopbackYouTube) -> None:
    """The answer that was being read is cut off, long before its time-out."""
    loopback.videos[ID] = Video(replies={"player": (Reply(body="x" * 1000, mood="stall"), AS_USUAL)})
    async with fetcher(loopback, limits=Limits(read=30, whole=60)) as youtube:
        task = asyncio.create_task(youtube.fetch(ID))
        await hung(loopback)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            assert (await youtube.fetch(ID)).transcript == "hello world"
    assert loopback.pages() == ["watch", "player", "watch", "player", "timedtext"]


async def test_an_answer_without_end_is_not_read_to_its_end(loopback: LoopbackYouTube) -> None:
    """More than the limit is YouTube's failure; the next answer is read from its own beginning."""
    loopback.videos[ID] = Video(replies={"player": (Reply(body="x" * 20_000), AS_USUAL)})
    async with fetcher(loopback, limits=Limits(bytes=10_000)) as youtube:
        with pytest.raises(YouTubeFailed, match="more than 10000 bytes"):
            await youtube.fetch(ID)
        assert (await youtube.fetch(ID)).transcript == "hello world"


async def test_closing_ends_what_is_under_way(loopback: LoopbackYouTube) -> None:
    """Within moments, while a body is coming."""
    loopback.videos[ID] = Video(replies={"watch": (Reply(body="x" * 100_000, mood="drip"),)})
    youtube = YouTube(origin=loopback.url, pace=AT_ONCE, limits=Limits(read=30, whole=60))
    task = asyncio.create_task(cause(youtube))
    await hung(loopback)
    async with asyncio.timeout(2):
        await youtube.aclose()
    assert await task is Cause.TIMEOUT
    with pytest.raises(YouTubeTimeout, match="closed"):
        await youtube.fetch(ID)


async def test_the_loop_is_free_while_fetches_hang(loopback: LoopbackYouTube) -> None:
    """A hundred of them, and a turn of the loop takes milliseconds."""
    loopback.videos[ID] = Video(replies={"watch": (Reply(mood="hang"),)})
    async with fetcher(loopback, threads=8) as youtube:
        tasks = [asyncio.create_task(youtube.fetch(ID)) for _ in range(100)]
        await hung(loopback)
        slowest = 0.0
        for _ in range(50):
            begun = time.monotonic()
            await asyncio.sleep(0)
            slowest = max(slowest, time.monotonic() - begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert slowest < 0.1


async def test_requests_keep_the_pace(loopback: LoopbackYouTube) -> None:
    """Three fetches are nine requests; after a burst of three, six intervals pass."""
    loopback.videos[ID] = Video()
    async with fetcher(loopback, threads=3, pace=Pace(per_second=30, burst=3)) as youtube:
        begun = time.monotonic()
        await asyncio.gather(*(youtube.fetch(ID) for _ in range(3)))
        assert time.monotonic() - begun >= 6 / 30 - 0.001


async def test_after_a_refusal_nobody_asks_until_its_time_is_over(loopback: LoopbackYouTube) -> None:
    """Then one does, and all may again."""
    clock = VirtualClock()
    loopback.videos[ID] = Video(replies={"watch": (Reply(429, headers={"Retry-After": "120"}), AS_USUAL)})
    async with fetcher(loopback, blockade=Blockade(clock=clock)) as youtube:
        assert await cause(youtube) is Cause.RATE_LIMITED
        clock.advance(119)
        with pytest.raises(TranscriptUnavailable) as caught:
            await youtube.fetch("AAAAAAAAAAA")
        assert (caught.value.cause, caught.value.retry_after) == (Cause.RATE_LIMITED, 1.0)
        assert len(loopback.asked) == 1
        clock.advance(1)
        assert (await youtube.fetch(ID)).transcript == "hello world"
        assert youtube.blockade.standing.cause is None


async def test_a_cancelled_probe_does_not_wedge_the_breaker(loopback: LoopbackYouTube) -> None:
    """Whoever asks next is the probe."""
    clock = VirtualClock()
    pages = (Reply(429, headers={"Retry-After": "60"}), Reply(mood="hang"), AS_USUAL)
    loopback.videos[ID] = Video(replies={"watch": pages})
    async with fetcher(loopback, threads=3, blockade=Blockade(clock=clock)) as youtube:
        assert await cause(youtube) is Cause.RATE_LIMITED
        clock.advance(60)
        probe = asyncio.create_task(youtube.fetch(ID))
        await hung(loopback)
        assert await cause(youtube) is Cause.RATE_LIMITED  # one probe at a time
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        assert (await youtube.fetch(ID)).transcript == "hello world"


def webshare(port: int, retries: int = 3) -> object:
    """The library's own class for rotating proxies, leading to a port of ours."""
    found = proxy_config(
        webshare_username="someone", webshare_password=SecretStr("secret"), webshare_locations=["de", " us"]
    )
    assert found is not None
    found.domain_name, found.proxy_port, found._retries_when_blocked = "127.0.0.1", port, retries
    return found


async def test_requests_go_through_the_operator_s_proxy(
    loopback: LoopbackYouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user and the places that Webshare wants; a proxy of the environment does not come first."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    loopback.videos[ID] = Video()
    async with fetcher(loopback, origin="http://youtube.test", proxy=webshare(loopback.port)) as youtube:
        assert (await youtube.fetch(ID)).transcript == "hello world"
    first = loopback.asked[0]
    assert first.target == f"http://youtube.test/watch?v={ID}"
    assert first.headers["Proxy-Authorization"] == "Basic c29tZW9uZS1ERS1VUy1yb3RhdGU6c2VjcmV0"
    assert first.headers["Connection"] == "close"


async def test_behind_rotating_proxies_a_block_is_tried_again(loopback: LoopbackYouTube) -> None:
    """Pages by the library, captions by us; the next address may be welcome."""
    slow = Reply(429, headers={"Retry-After": "3600"})
    loopback.videos[ID] = Video(replies={"watch": (slow, slow, AS_USUAL), "timedtext": (slow, AS_USUAL)})
    proxy = webshare(loopback.port)
    async with fetcher(loopback, origin="http://youtube.test", proxy=proxy) as youtube:
        assert (await youtube.fetch(ID)).transcript == "hello world"
    assert loopback.pages() == ["watch", "watch", "watch", "player", "timedtext", "timedtext"]
    assert len({asked.connection for asked in loopback.asked}) == 6  # an address comes with a connection


async def test_a_proxy_s_password_is_in_no_message(loopback: LoopbackYouTube) -> None:
    """Nobody listens there."""
    proxy = webshare(9)
    async with fetcher(loopback, origin="http://youtube.test", proxy=proxy) as youtube:
        with pytest.raises(TranscriptUnavailable) as caught:
            await youtube.fetch(ID)
    assert caught.value.cause is Cause.NETWORK
    assert "secret" not in caught.value.message
    assert "someone" not in caught.value.message


async def test_proxies_come_from_complete_settings() -> None:
    """Half a login, or two kinds of proxy, is refused with the names of the settings."""
    assert proxy_config() is None
    generic = proxy_config(http_url=SecretStr("http://user:pw@proxy:1"))
    assert generic is not None
    assert generic.to_requests_dict()["https"] == "http://user:pw@proxy:1"
    with pytest.raises(InvalidRequest, match="TRANSCRIPT_PROXY_WEBSHARE_PASSWORD"):
        proxy_config(webshare_username="someone")
    with pytest.raises(InvalidRequest, match="not both"):
        proxy_config(
            webshare_username="a", webshare_password=SecretStr("b"), https_url=SecretStr("http://p:1")
        )
