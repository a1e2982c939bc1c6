"""A YouTube on loopback, the fetcher that asks it through the real library, and the tiers before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from loopback_youtube import LoopbackYouTube
from transcript_http_stage import Short
from transcript_stage import ID, TALK, Opened, opened_over, settings_of

from batuta.cache.shared import RedisLink
from batuta.settings import Settings
from batuta.testing.clock import VirtualClock
from batuta.testing.redis import RedisServer
from batuta.transcripts import hits
from batuta.transcripts.browser import Limits
from batuta.transcripts.kept import Kept
from batuta.transcripts.pacing import Pace
from batuta.transcripts.youtube import YouTube

UNHURRIED = Limits(connect=2, read=5, whole=10)


@pytest.fixture
def loopback() -> Iterator[LoopbackYouTube]:
    with LoopbackYouTube().running() as server:
        yield server


@pytest.fixture
async def youtube(loopback: LoopbackYouTube) -> AsyncIterator[YouTube]:
    pace = Pace(per_second=1e6)
    found = YouTube(threads=4, origin=loopback.url, pace=pace, limits=UNHURRIED, clock=VirtualClock())
    yield found
    loopback.release()
    await found.aclose()


@pytest.fixture
def clean_redis(redis: RedisServer) -> Iterator[RedisServer]:
    """Empty, and running again after a test that stopped it."""
    with redis.client() as client:
        client.flushall()
    yield redis
    try:
        with redis.client() as client:
            client.ping()
    except OSError:
        redis.start()


@pytest.fixture
def tiers(
    loopback: LoopbackYouTube, tmp_path: Path, clean_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Every tier is there; YouTube has the talk; Redis may be slow on a machine that is busy."""
    monkeypatch.setattr("batuta.cache.shared.RedisLink", partial(RedisLink, limit_seconds=5))
    loopback.videos[ID] = TALK
    return settings_of(loopback, tmp_path, clean_redis)


@pytest.fixture
def opened(tiers: Settings) -> Opened:
    """Opens another process's view: a memory of its own over the same Redis and database."""
    return lambda: opened_over(tiers)


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
