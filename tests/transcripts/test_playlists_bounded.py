"""Playlists: bounded in every way, in time, size, pace, and in what they may do to others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yt_dlp.globals
from loopback_playlists import (
    BROWSE,
    PAGE,
    LoopbackPlaylists,
    Playlist,
    ids,
)
from loopback_youtube import AS_USUAL, Reply
from playlist_stage import AT_ONCE, LIST, OTHER, cause, failure, hung, read, reader
from pydantic import SecretStr

from batuta.clients.deadline import deadline
from batuta.errors import InvalidRequest
from batuta.transcripts import playlists as module
from batuta.transcripts.browser import Limits
from batuta.transcripts.causes import YouTubeFailed, YouTubeTimeout
from batuta.transcripts.models import Cause
from batuta.transcripts.pacing import Pace
from batuta.transcripts.playlists import Playlists
from batuta.transcripts.proxies import proxy_config

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)


@pytest.fixture
def pages() -> Iterator[LoopbackPlaylists]:
    with LoopbackPlaylists().running() as server:
        yield server


@pytest.mark.parametrize("text", ["", "WL", "dQw4w9WgXcQ", f"https://www.youtube.com/playlist?list={LIST}"])
async def test_what_is_no_playlist_id_asks_nobody(pages: LoopbackPlaylists, text: str) -> None:
    """An address is none either: `video_ids.playlist_id` finds the id in it."""
    assert await cause(pages, text) is Cause.INVALID_ID
    assert not pages.asked


async def test_a_limit_below_one_is_refused(pages: LoopbackPlaylists) -> None:
    """With the number."""
    with pytest.raises(InvalidRequest, match="up to 0 videos"):
        await read(pages, limit=0)


@pytest.mark.parametrize("page", [PAGE, BROWSE])
async def test_silence_is_a_timeout(pages: LoopbackPlaylists, page: str) -> None:
    """After the read time-out, without another try, and the thread is free for the next."""
    pages.playlists[LIST] = Playlist(ids(150))
    pages.everywhere[page] = (Reply(mood="hang"), AS_USUAL)
    async with reader(pages, threads=1, limits=Limits(read=0.2, whole=5)) as playlists:
        assert (await failure(playlists)).cause is Cause.TIMEOUT
        assert pages.pages().count(page) == 1
        assert (await playlists.videos(LIST)).video_ids == ids(150)


async def test_the_whole_has_one_deadline(pages: LoopbackPlaylists) -> None:
    """A byte now and then is within the read time-out, and does not help."""
    pages.everywhere[PAGE] = (Reply(body="x" * 5000, mood="drip"),)
    async with reader(pages, limits=Limits(read=5, whole=0.3)) as playlists:
        begun = time.monotonic()
        error = await failure(playlists)
        assert time.monotonic() - begun < 3
    assert error.cause is Cause.TIMEOUT
    assert "0.3 s" in error.message  # so says the thread, which has ended


async def test_the_caller_s_deadline_comes_first(pages: LoopbackPlaylists) -> None:
    """It is earlier than the reader's own."""
    pages.everywhere[PAGE] = (Reply(mood="hang"),)
    async with reader(pages) as playlists:
        begun = time.monotonic()
        with deadline(0.05):
            assert (await failure(playlists)).cause is Cause.TIMEOUT
        assert time.monotonic() - begun < 3


async def test_whoever_waits_for_a_thread_waits_no_longer_than_its_deadline(
    pages: LoopbackPlaylists,
) -> None:
    """The threads are all taken; the error says so, and names the playlist."""
    pages.everywhere[PAGE] = (Reply(mood="hang"),)
    async with reader(pages, threads=1) as playlists:
        first = asyncio.create_task(failure(playlists))
        await hung(pages)
        with deadline(0.05), pytest.raises(YouTubeTimeout, match=f"{OTHER}.*places"):
            await playlists.videos(OTHER)
        pages.release()
        await first


async def test_a_cancelled_caller_s_thread_asks_no_more(pages: LoopbackPlaylists) -> None:
    """It was told that the connection broke, and would have tried again."""
    pages.everywhere[PAGE] = (Reply(mood="hang"), AS_USUAL)
    async with reader(pages, limits=Limits(read=30, whole=60)) as playlists:
        task = asyncio.create_task(playlists.videos(LIST))
        await hung(pages)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pages.release()
        await asyncio.to_thread(playlists._threads.shutdown)
        assert pages.pages() == [PAGE]


async def test_a_cancelled_caller_s_thread_is_free_again_at_once(pages: LoopbackPlaylists) -> None:
    """The page that was coming is cut off, long before its time-out."""
    pages.playlists[LIST] = Playlist(ids(3))
    pages.everywhere[PAGE] = (Reply(body="x" * 1000, mood="stall"), AS_USUAL)
    async with reader(pages, threads=1, limits=Limits(read=30, whole=60)) as playlists:
        task = asyncio.create_task(playlists.videos(LIST))
        await hung(pages)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(3):
            assert (await playlists.videos(LIST)).video_ids == ids(3)


async def test_closing_ends_what_is_under_way(pages: LoopbackPlaylists) -> None:
    """Within moments, while a page is coming; and then nothing is begun."""
    pages.everywhere[PAGE] = (Reply(body="x" * 100_000, mood="drip"),)
    playlists = Playlists(AT_ONCE, origin=pages.url, limits=Limits(read=30, whole=60))
    task = asyncio.create_task(failure(playlists))
    await hung(pages)
    async with asyncio.timeout(3):
        await playlists.aclose()
    assert (await task).cause is Cause.TIMEOUT
    assert "closed" in (await failure(playlists)).message


async def test_a_page_without_end_is_not_read_to_its_end(pages: LoopbackPlaylists) -> None:
    """More than the limit is YouTube's failure, and is not tried again."""
    pages.everywhere[PAGE] = (Reply(body="x" * 20_000),)
    async with reader(pages, limits=Limits(bytes=10_000)) as playlists:
        with pytest.raises(YouTubeFailed, match="more than 10000 bytes"):
            await playlists.videos(LIST)
    assert pages.pages() == [PAGE]


async def test_requests_keep_the_pace_they_share(pages: LoopbackPlaylists) -> None:
    """Two readers at one pace: six requests after a burst of two are four intervals."""
    pages.playlists[LIST] = Playlist(ids(6), page=2)
    pace = Pace(per_second=20, burst=2)
    async with reader(pages, pace=pace) as one, reader(pages, pace=pace) as other:
        begun = time.monotonic()
        await asyncio.gather(one.videos(LIST), other.videos(LIST))
        assert time.monotonic() - begun >= 4 / 20 - 0.001
    assert len(pages.asked) == 6


async def test_a_turn_that_comes_too_late_is_a_timeout(pages: LoopbackPlaylists) -> None:
    """It is known at once, and nobody waits for it."""
    pages.playlists[LIST] = Playlist(ids(4), page=2)
    async with reader(pages, pace=Pace(per_second=0.01, burst=1)) as playlists:
        assert "turn would come too late" in (await failure(playlists)).message
    assert pages.pages() == [PAGE]


async def test_the_loop_is_free_while_playlists_are_read(pages: LoopbackPlaylists) -> None:
    """A turn of it takes milliseconds while others hang."""
    pages.everywhere[PAGE] = (Reply(mood="hang"),)
    async with reader(pages) as playlists:
        tasks = [asyncio.create_task(playlists.videos(LIST)) for _ in range(50)]
        await hung(pages)
        slowest = 0.0
        for _ in range(50):
            begun = time.monotonic()
            await asyncio.sleep(0)
            slowest = max(slowest, time.monotonic() - begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert slowest < 0.1
    assert pages.most_at_once <= 2


def webshare(port: int, retries: int = 3) -> object:
    """The library's own class for rotating proxies, leading to a port of ours."""
    found = proxy_config(webshare_username="someone", webshare_password=SecretStr("secret"))
    assert found is not None
    found.domain_name, found.proxy_port, found._retries_when_blocked = "127.0.0.1", port, retries
    return found


async def test_requests_go_through_the_operator_s_proxy(
    pages: LoopbackPlaylists, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its user and password; a proxy of the environment does not come first."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    pages.playlists[LIST] = Playlist(ids(150))
    async with reader(pages, origin="http://youtube.test", proxy=webshare(pages.port)) as playlists:
        assert (await playlists.videos(LIST)).video_ids == ids(150)
    assert pages.asked[0].target == f"http://youtube.test/playlist?list={LIST}"
    assert all("Proxy-Authorization" in asked.headers for asked in pages.asked)


async def test_behind_rotating_proxies_a_block_is_tried_again(pages: LoopbackPlaylists) -> None:
    """As often as the proxy's settings say: the next address may be welcome."""
    pages.playlists[LIST] = Playlist(ids(150))
    pages.everywhere = {PAGE: (Reply(429), AS_USUAL), BROWSE: (Reply(403), Reply(403), AS_USUAL)}
    proxy = webshare(pages.port, retries=3)
    async with reader(pages, origin="http://youtube.test", proxy=proxy) as playlists:
        assert (await playlists.videos(LIST)).video_ids == ids(150)
        pages.everywhere = {PAGE: (Reply(429),)}
        pages.asked.clear()
        assert (await failure(playlists)).cause is Cause.RATE_LIMITED
    assert pages.pages() == [PAGE] * 3


async def test_a_proxy_s_password_is_in_no_message(pages: LoopbackPlaylists) -> None:
    """Nobody listens there."""
    async with reader(pages, origin="http://youtube.test", proxy=webshare(9)) as playlists:
        error = await failure(playlists)
    assert error.cause is Cause.NETWORK
    assert "secret" not in error.message
    assert "someone" not in error.message


async def test_yt_dlp_s_own_settings_are_left_alone(
    pages: LoopbackPlaylists, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No configuration is read, no plugin looked for, no file written, and no cookie kept."""
    settings = tmp_path / "yt-dlp" / "config"
    settings.parent.mkdir()
    settings.write_text("--proxy http://127.0.0.1:9\n--playlist-end 1\n")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    pages.playlists[LIST] = Playlist(ids(150))
    assert (await read(pages)).video_ids == ids(150)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [settings]
    assert yt_dlp.globals.plugin_dirs.value == []
    assert {asked.headers["Cookie"] for asked in pages.asked} == {"PREF=hl=en&tz=UTC; SOCS=CAI"}
