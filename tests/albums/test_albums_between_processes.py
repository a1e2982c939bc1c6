"""Two processes on one folder: what one forgets the other forgets, and what it stores afterwards stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from albums_parts import DAY, START, caches, track

from batuta.albums import CacheOrchestrator
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
Both = tuple[CacheOrchestrator, CacheOrchestrator]


@pytest.fixture
async def both(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Both]:
    async with caches(tmp_path, clock) as one, caches(tmp_path, clock) as other:
        yield one, other


async def fill(there: CacheOrchestrator, album: str = "b") -> None:
    await there.store_album_year("a", album, "1993", 50)
    await there.set_cached_api_result("a", album, "itunes", "1993")
    there.set(album, 1, ttl=1e6)


def sizes(there: CacheOrchestrator) -> tuple[int, int, int]:
    return len(there.album_years_cache), len(there.api_cache), len(there.cache)


async def test_what_the_other_had_saved_unseen_goes_with_everything(both: Both, clock: VirtualClock) -> None:
    """It does not come into memory by the save that deletes it."""
    one, other = both
    await fill(other)
    await other.save_cache()
    clock.advance(10)
    await one.invalidate_all()
    await one.save_cache()
    assert sizes(one) == (0, 0, 0)
    await other.save_cache()
    assert sizes(other) == (0, 0, 0)


async def test_what_the_other_has_not_saved_yet_goes_too(both: Both, clock: VirtualClock) -> None:
    """It was known before everything was forgotten."""
    one, other = both
    await fill(other)
    clock.advance(10)
    await one.invalidate_all()
    await one.save_cache()
    await other.save_cache()
    await one.save_cache()
    assert (sizes(one), sizes(other)) == ((0, 0, 0), (0, 0, 0))


async def test_what_the_other_stores_after_that_stays(
    both: Both, clock: VirtualClock, tmp_path: Path
) -> None:
    """Though it was saved before the one who forgot everything saved that."""
    one, other = both
    await one.invalidate_all()
    clock.advance(5)
    await fill(other)
    await other.save_cache()
    await one.save_cache()
    await other.save_cache()
    assert (sizes(one), sizes(other)) == ((1, 1, 1), (1, 1, 1))
    async with caches(tmp_path, clock) as later:
        assert sizes(later) == (1, 1, 1)


@pytest.mark.parametrize("saved", [False, True])
async def test_an_answer_of_a_source_nobody_else_has_heard_of_is_forgotten(
    *, both: Both, clock: VirtualClock, tmp_path: Path, saved: bool
) -> None:
    """By every process, whether it was on the disk already; what is answered after that is kept."""
    one, other = both
    await one.set_cached_api_result("a", "b", "deezer", "1990")
    await one.set_cached_api_result("a", "c", "deezer", "1990")
    if saved:
        await one.save_cache()
    clock.advance(1)
    await other.invalidate_for_track(track("a", "b"))
    await other.save_cache()
    for there in (one, other, one):
        await there.save_cache()
    assert [result.album for result in one.api_cache.values()] == ["c"]
    assert [result.album for result in other.api_cache.values()] == ["c"]
    clock.advance(1)
    await one.set_cached_api_result("a", "b", "deezer", "1991")
    await one.save_cache()
    async with caches(tmp_path, clock) as later:
        assert sorted(result.album for result in later.api_cache.values()) == ["b", "c"]


async def test_what_a_wrong_clock_has_stored_does_not_live_for_ever(tmp_path: Path) -> None:
    """A year ahead it has stored; set right, a lifetime is not a year longer. What is for good stays."""
    async with caches(tmp_path, VirtualClock(START + 400 * DAY)) as ahead:
        await fill(ahead)
        await ahead.set_cached_api_result("a", "b", "discogs", None)
        assert sizes(ahead) == (1, 2, 1)
    async with caches(tmp_path, VirtualClock(START)) as right:
        assert sizes(right) == (0, 1, 0)
        await fill(right)
    async with caches(tmp_path, VirtualClock(START + DAY)) as later:
        assert sizes(later) == (1, 1, 1)


async def test_a_clock_that_is_put_back_is_noticed_while_running(
    orchestrator: CacheOrchestrator, clock: VirtualClock
) -> None:
    """Minutes do not matter."""
    await fill(orchestrator)
    clock.advance(-600)
    assert await orchestrator.get_album_year("a", "b") == "1993"
    clock.advance(-1)
    assert await orchestrator.get_album_year("a", "b") is None


async def test_a_forgotten_album_reaches_what_a_wrong_clock_has_saved(tmp_path: Path) -> None:
    """Though that was saved "later"."""
    async with (
        caches(tmp_path, VirtualClock(START + 3600)) as ahead,
        caches(tmp_path, VirtualClock(START)) as right,
    ):
        await fill(ahead)
        await ahead.save_cache()
        await right.invalidate_album_cache("a", "b")
        await right.save_cache()
        assert await right.get_album_year("a", "b") is None
