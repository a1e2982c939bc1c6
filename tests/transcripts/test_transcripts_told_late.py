"""An invalidation that Redis did not hear is told later, by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_youtube import LoopbackYouTube
from transcript_stage import ID, TALK, opened_over, settings_of

from batuta.testing.redis import RedisServer, redis_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_redis(worker_folder: Path) -> Iterator[RedisServer]:
    """One that may be frozen without anybody else's noticing."""
    with redis_server(worker_folder / "frozen") as server:
        yield server


async def test_after_redis_hung_an_invalidation_succeeds_again_though_nobody_asks_for_languages(
    loopback: LoopbackYouTube, tmp_path: Path, own_redis: RedisServer
) -> None:
    """Within seconds: both caches find out that Redis is back, the one of tracks too."""
    loopback.videos[ID] = TALK
    async with opened_over(settings_of(loopback, tmp_path, own_redis)) as (of, _):
        assert (await of.get(ID)).source == "youtube"
        own_redis.freeze()
        try:
            assert await of.invalidate(ID) is False
        finally:
            own_redis.thaw()
        async with asyncio.timeout(15):
            while not await of.invalidate(ID):  # noqa: ASYNC110  # nothing rings when Redis is back
                await asyncio.sleep(0.1)
        assert (await of.get(ID)).source == "youtube"
