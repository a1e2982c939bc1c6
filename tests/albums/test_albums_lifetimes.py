"""Every entry lives as long as its kind, and a confident year is not overwritten by a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from albums_parts import DAY, caches

from batuta.albums import CacheOrchestrator
from batuta.errors import InvalidRequest
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
BJORK = ("Björk", "Debut")


async def test_an_album_year_lives_for_30_days(orchestrator: CacheOrchestrator, clock: VirtualClock) -> None:
    """Until the last second, not longer."""
    await orchestrator.store_album_year(*BJORK, "1993")
    clock.advance(30 * DAY - 1)
    assert await orchestrator.get_album_year(*BJORK) == "1993"
    clock.advance(1)
    assert await orchestrator.get_album_year(*BJORK) is None


async def test_a_less_confident_year_never_overwrites_a_valid_one(
    orchestrator: CacheOrchestrator, clock: VirtualClock
) -> None:
    """An equal or greater confidence does, and so does any once the old one has expired."""
    await orchestrator.store_album_year(*BJORK, "1993", 80)
    await orchestrator.store_album_year(*BJORK, "2001", 79)
    assert await orchestrator.get_album_year(*BJORK) == "1993"
    await orchestrator.store_album_year(*BJORK, "1994", 80)
    assert await orchestrator.get_album_year(*BJORK) == "1994"
    clock.advance(30 * DAY)
    await orchestrator.store_album_year(*BJORK, "2001", 1)
    assert await orchestrator.get_album_year(*BJORK) == "2001"


@pytest.mark.parametrize(
    ("year", "confidence", "said"), [(" ", 50, "is no year"), ("1993", -1, "from 0"), ("1993", 101, "to 100")]
)
async def test_what_is_no_year_is_refused(
    orchestrator: CacheOrchestrator, year: str, confidence: int, said: str
) -> None:
    """And nothing is stored."""
    with pytest.raises(InvalidRequest, match=said):
        await orchestrator.store_album_year(*BJORK, year, confidence)
    assert await orchestrator.get_album_year(*BJORK) is None


async def test_a_positive_result_does_not_expire(
    orchestrator: CacheOrchestrator, clock: VirtualClock
) -> None:
    """Not in ten years."""
    await orchestrator.set_cached_api_result(*BJORK, "musicbrainz", "1993-07-05")
    clock.advance(3650 * DAY)
    result = await orchestrator.get_cached_api_result(*BJORK, "musicbrainz")
    assert result is not None
    assert result.year == "1993-07-05"


@pytest.mark.parametrize("year", [None, "", "<!DOCTYPE html>", "429 Too Many Requests", "99"])
async def test_a_failure_lives_for_an_hour(
    orchestrator: CacheOrchestrator, clock: VirtualClock, year: str | None
) -> None:
    """Also one that came as the text of an error page in the place of the year."""
    await orchestrator.set_cached_api_result(*BJORK, "discogs", year)
    clock.advance(3599)
    assert await orchestrator.get_cached_api_result(*BJORK, "discogs") is not None
    clock.advance(1)
    assert await orchestrator.get_cached_api_result(*BJORK, "discogs") is None


async def test_a_negative_result_has_a_lifetime_of_its_own(tmp_path: Path, clock: VirtualClock) -> None:
    """Though a year came with it."""
    async with caches(tmp_path, clock, caching={"negative_result_ttl": 100}) as orchestrator:
        await orchestrator.set_cached_api_result(*BJORK, "itunes", "1993", is_negative=True)
        clock.advance(99)
        result = await orchestrator.get_cached_api_result(*BJORK, "itunes")
        assert result is not None
        assert result.year is None
        clock.advance(1)
        assert await orchestrator.get_cached_api_result(*BJORK, "itunes") is None


async def test_a_generic_value_lives_for_15_minutes_or_as_told(
    orchestrator: CacheOrchestrator, clock: VirtualClock
) -> None:
    """None is a value, and one with no time left is none."""
    orchestrator.set("default", 1)
    orchestrator.set("short", 2, ttl=10)
    orchestrator.set("none", None)
    orchestrator.set("never", 3, ttl=0)
    assert orchestrator.get("never") is None
    clock.advance(10)
    assert (orchestrator.get("short"), orchestrator.get("default")) == (None, 1)
    assert orchestrator.generic_service.holds("none")
    clock.advance(890)
    assert orchestrator.get("default") is None
    assert not orchestrator.generic_service.holds("none")


async def test_the_least_recently_used_goes_first(tmp_path: Path, clock: VirtualClock) -> None:
    """A value that was looked at stays."""
    async with caches(tmp_path, clock, max_generic_entries=3) as orchestrator:
        for key in "abc":
            orchestrator.set(key, key)
        assert orchestrator.get("a") == "a"
        orchestrator.set("d", "d")
        assert list(orchestrator.cache) == ["c", "a", "d"]
        assert orchestrator.generic_service.get_stats()["evictions"] == 1


async def test_ten_thousand_generic_entries_are_kept(orchestrator: CacheOrchestrator) -> None:
    """And not one more."""
    for number in range(10_005):
        orchestrator.set(f"key {number}", number)
    assert len(orchestrator.cache) == 10_000
    assert "key 4" not in orchestrator.cache


async def test_sweeping_forgets_exactly_what_has_expired(
    orchestrator: CacheOrchestrator, clock: VirtualClock
) -> None:
    """In each of the three caches, on the disk too."""
    await orchestrator.store_album_year(*BJORK, "1993")
    await orchestrator.set_cached_api_result(*BJORK, "discogs", None)
    await orchestrator.set_cached_api_result(*BJORK, "itunes", "1993")
    orchestrator.set("key", 1)
    await orchestrator.save_cache()
    clock.advance(3600)
    services = (orchestrator.album_service, orchestrator.api_service, orchestrator.generic_service)
    assert [await service.cleanup_expired() for service in services] == [0, 1, 1]
    assert [one.source for one in orchestrator.api_cache.values()] == ["itunes"]
    clock.advance(30 * DAY)
    assert await orchestrator.album_service.cleanup_expired() == 1
    await orchestrator.save_cache()
    lines, _ = orchestrator.album_service._mirror.file.page(0, 100)
    assert lines == []
