"""A changed track makes exactly its own entries stale, however many change at once."""

from __future__ import annotations

import time

import pytest
from albums_parts import track

from batuta.albums import CacheEvent, CacheEventType, CacheOrchestrator, EventDrivenCacheManager

pytestmark = pytest.mark.anyio
SOURCES = ("musicbrainz", "itunes", "discogs", "a source of the caller's")


async def fill(orchestrator: CacheOrchestrator, artist: str, album: str) -> None:
    await orchestrator.store_album_year(artist, album, "1993", 90)
    for source in SOURCES:
        await orchestrator.set_cached_api_result(artist, album, source, "1993")


async def known(orchestrator: CacheOrchestrator, artist: str, album: str) -> tuple[bool, int]:
    """Whether the year is known, and how many sources' answers."""
    year = await orchestrator.get_album_year(artist, album)
    results = [await orchestrator.get_cached_api_result(artist, album, source) for source in SOURCES]
    return year is not None, len([one for one in results if one is not None])


async def test_exactly_what_the_track_makes_stale_is_forgotten(orchestrator: CacheOrchestrator) -> None:
    """Its lists of tracks, its album's year, every source's answer; nothing else."""
    await fill(orchestrator, "Björk", "Debut")
    await fill(orchestrator, "Björk", "Post")
    for key in ("tracks_all", "tracks_Björk", "tracks_The Sugarcubes", "tracks_Moloko", "raw"):
        orchestrator.set(key, [track()])
    await orchestrator.invalidate_for_track(track("BJO\u0308RK ", "debut", original_artist="the sugarcubes"))
    assert await known(orchestrator, "Björk", "Debut") == (False, 0)
    assert await known(orchestrator, "Björk", "Post") == (True, len(SOURCES))
    assert orchestrator.get("tracks_all") is None
    assert orchestrator.get("tracks_Björk") is None
    assert orchestrator.get("tracks_The Sugarcubes") is None
    assert orchestrator.get("tracks_Moloko") == [track()]
    assert orchestrator.get("raw") == [track()]


async def test_a_track_without_an_album_makes_its_lists_stale_only(orchestrator: CacheOrchestrator) -> None:
    """There is no album to forget."""
    await fill(orchestrator, "Björk", "")
    orchestrator.set("tracks_Björk", [])
    await orchestrator.invalidate_for_track(track(album="  "))
    assert orchestrator.get("tracks_Björk") is None
    assert await known(orchestrator, "Björk", "") == (True, len(SOURCES))


async def test_the_list_of_an_artist_called_all_goes_with_its_tracks(orchestrator: CacheOrchestrator) -> None:
    """Though its key looks like that of the snapshot."""
    orchestrator.set("tracks_ALL", ["of the artist"])
    orchestrator.set("tracks_all", ["of everybody"])
    assert orchestrator.get("tracks_ALL") == ["of the artist"]
    await orchestrator.invalidate_for_track(track("all"))
    assert (orchestrator.get("tracks_ALL"), orchestrator.get("tracks_all")) == (None, None)


async def test_no_event_is_dropped_however_many_come_at_once(orchestrator: CacheOrchestrator) -> None:
    """Five thousand before anybody else has a turn."""
    for number in range(5000):
        await orchestrator.set_cached_api_result("Björk", f"Album {number}", "discogs", "1993")
        await orchestrator.store_album_year("Björk", f"Album {number}", "1993")
    events = orchestrator.api_service.event_manager
    for number in range(5000):
        names = {"artist": "Björk", "album": f"Album {number}"}
        events.emit_event(CacheEvent(CacheEventType.TRACK_REMOVED, str(number), metadata=names))
    assert len(orchestrator.api_cache) == 0
    assert len(orchestrator.album_years_cache) == 0


@pytest.mark.parametrize(
    ("kind", "album_stale", "lists_stale"),
    [
        (CacheEventType.TRACK_ADDED, False, True),
        (CacheEventType.TRACK_REMOVED, True, True),
        (CacheEventType.TRACK_MODIFIED, True, True),
        (CacheEventType.FINGERPRINT_CHANGED, True, True),
        (CacheEventType.LIBRARY_SYNC, False, True),
        (CacheEventType.MANUAL_INVALIDATION, True, True),
    ],
)
async def test_each_event_makes_stale_what_its_table_says(
    orchestrator: CacheOrchestrator, kind: CacheEventType, *, album_stale: bool, lists_stale: bool
) -> None:
    """The table in `events.py`."""
    await fill(orchestrator, "Björk", "Debut")
    orchestrator.set("tracks_Björk", [])
    orchestrator.set("raw", 1)
    event = CacheEvent(kind, "7", "print", {"artist": "Björk", "album": "Debut"})
    orchestrator.api_service.event_manager.emit_event(event)
    assert await known(orchestrator, "Björk", "Debut") == (
        (False, 0) if album_stale else (True, len(SOURCES))
    )
    assert (orchestrator.get("tracks_Björk") is None) is lists_stale
    assert orchestrator.get("raw") == 1


async def test_a_manual_invalidation_that_names_nothing_forgets_everything(
    orchestrator: CacheOrchestrator,
) -> None:
    """In all three caches."""
    await fill(orchestrator, "Björk", "Debut")
    orchestrator.set("raw", 1)
    orchestrator.api_service.event_manager.emit_event(CacheEvent(CacheEventType.MANUAL_INVALIDATION))
    assert await known(orchestrator, "Björk", "Debut") == (False, 0)
    assert orchestrator.get("raw") is None


def test_a_handler_that_fails_does_not_silence_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """And is told."""
    heard: list[CacheEvent] = []

    def fail(event: CacheEvent) -> None:
        raise ValueError(f"cannot bear {event.track_id}")

    events = EventDrivenCacheManager()
    for handler in (fail, heard.append):
        events.register_event_handler(CacheEventType.TRACK_ADDED, handler)
    events.emit_event(CacheEvent(CacheEventType.TRACK_ADDED, "7"))
    assert len(heard) == 1
    assert "cannot bear 7" in caplog.text


async def test_forgetting_an_album_costs_the_same_in_a_large_cache(orchestrator: CacheOrchestrator) -> None:
    """CPU of 200 invalidations among 200 and among 20,000 entries; a scan would take 100 times as long."""

    async def cost(filler: int) -> float:
        await orchestrator.clear()
        for number in range(filler):
            await orchestrator.set_cached_api_result("Filler", f"Album {number}", "discogs", "1993")
        for number in range(200):
            await orchestrator.set_cached_api_result("Björk", f"Album {number}", "discogs", "1993")
        begun = time.process_time()
        for number in range(200):
            await orchestrator.api_service.invalidate_for_album("Björk", f"Album {number}")
        took = time.process_time() - begun
        assert len(orchestrator.api_cache) == filler
        return took

    small = min([await cost(0) for _ in range(3)])
    assert await cost(20_000) < small * 10
