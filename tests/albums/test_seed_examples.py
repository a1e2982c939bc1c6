"""What the seed's page promises, with the import path changed."""

from __future__ import annotations

import asyncio
import inspect
import logging
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import AsyncMock, patch

import pytest
from albums_parts import caches, track

from batuta.albums import (
    AlbumCacheEntry,
    AppConfig,
    CachedApiResult,
    CacheEvent,
    CacheEventType,
    CacheOrchestrator,
    CacheServiceProtocol,
    TrackDict,
)

pytestmark = pytest.mark.anyio

ASYNC = {
    "initialize": [],
    "get_album_year": ["artist", "album"],
    "store_album_year": ["artist", "album", "year", "confidence=0"],
    "get_async": ["key_data", "compute_func=None"],
    "set_async": ["key_data", "value", "ttl=None"],
    "invalidate_for_track": ["track"],
    "save_all_to_disk": [],
    "invalidate_all": [],
    "load_cache": [],
    "save_cache": [],
    "get_last_run_timestamp": [],
    "get_album_year_from_cache": ["artist", "album"],
    "get_album_year_entry_from_cache": ["artist", "album"],
    "store_album_year_in_cache": ["artist", "album", "year", "confidence=0"],
    "invalidate_album_cache": ["artist", "album"],
    "invalidate_all_albums": [],
    "sync_cache": [],
    "get_cached_api_result": ["artist", "album", "source"],
    "set_cached_api_result": ["artist", "album", "source", "year", "*metadata=None", "*is_negative=False"],
    "clear": [],
    "shutdown": [],
}
PLAIN = {"set": ["key_data", "value", "ttl=None"], "get": ["key_data"], "invalidate": ["key_data"]}


def parameters(name: str) -> list[str]:
    """As the seed writes them: a default behind `=`, a star before what is given by name only."""
    told = []
    for one in list(inspect.signature(getattr(CacheOrchestrator, name)).parameters.values())[1:]:
        star = "*" if one.kind is one.KEYWORD_ONLY else ""
        default = "" if one.default is one.empty else f"={one.default}"
        told.append(f"{star}{one.name}{default}")
    return told


@pytest.mark.parametrize("name", [*ASYNC, *PLAIN])
def test_every_method_has_the_seeds_signature(name: str) -> None:
    """Names, order, defaults, and whether it is awaited."""
    assert parameters(name) == (ASYNC | PLAIN)[name]
    assert inspect.iscoroutinefunction(getattr(CacheOrchestrator, name)) is (name in ASYNC)


def test_the_properties_and_the_static_method_are_the_seeds() -> None:
    """`cache`, `album_years_cache`, `api_cache`; `generate_album_key` needs no instance."""
    for name in ("cache", "album_years_cache", "api_cache"):
        assert isinstance(inspect.getattr_static(CacheOrchestrator, name), property)
    assert isinstance(inspect.getattr_static(CacheOrchestrator, "generate_album_key"), staticmethod)
    assert CacheOrchestrator.generate_album_key(" Björk", "DEBUT") == CacheOrchestrator.generate_album_key(
        "bjo\u0308rk ", "debut"
    )


def test_the_orchestrator_satisfies_its_protocol(tmp_path: Path) -> None:
    """The protocol can be checked at run time, and something else does not satisfy it."""
    assert isinstance(caches(tmp_path), CacheServiceProtocol)
    assert not isinstance(object(), CacheServiceProtocol)


def test_the_seeds_constructor_takes_a_configuration_and_a_logger(tmp_path: Path) -> None:
    """The services are there under the seed's names."""
    logger = logging.getLogger("of the caller")
    orchestrator = CacheOrchestrator(AppConfig(logs_base_dir=tmp_path), logger)
    assert orchestrator.logger is logger
    assert orchestrator.album_service.logger is logger
    assert type(orchestrator.api_service).__name__ == "ApiCacheService"
    assert type(orchestrator.generic_service).__name__ == "GenericCacheService"


async def test_initialize_names_every_service_that_failed(tmp_path: Path) -> None:
    """And starts the others."""
    orchestrator = caches(tmp_path)
    with (
        patch.object(orchestrator.album_service, "initialize", AsyncMock(side_effect=OSError("no disk"))),
        patch.object(orchestrator.generic_service, "initialize", AsyncMock(side_effect=ValueError("bad"))),
        pytest.raises(RuntimeError, match=r"initialization failed for: AlbumCacheService .*Generic") as told,
    ):
        await orchestrator.initialize()
    assert "ApiCacheService" not in str(told.value)
    await orchestrator.shutdown()


async def test_the_services_start_side_by_side(tmp_path: Path) -> None:
    """Each waits until all three have begun."""
    orchestrator = caches(tmp_path)
    begun = asyncio.Barrier(3)

    async def initialize() -> None:
        async with asyncio.timeout(5):
            await begun.wait()

    with (
        patch.object(orchestrator.album_service, "initialize", initialize),
        patch.object(orchestrator.api_service, "initialize", initialize),
        patch.object(orchestrator.generic_service, "initialize", initialize),
    ):
        await orchestrator.initialize()
    await orchestrator.shutdown()


async def test_a_failed_save_is_told_to_the_caller_and_the_others_are_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged and raised, by the name of the service."""
    async with caches(tmp_path) as orchestrator:
        await orchestrator.store_album_year("Björk", "Debut", "1993")
        broken = AsyncMock(side_effect=OSError("disk full"))
        with (
            patch.object(orchestrator.api_service, "save_to_disk", broken),
            pytest.raises(RuntimeError, match=r"ApiCacheService \(disk full\)"),
        ):
            await orchestrator.save_all_to_disk()
        assert "disk full" in caplog.text
        assert orchestrator.album_service.get_stats()["unsaved"] == 0


async def test_values_are_stored_and_found_under_every_name_of_the_seed(
    orchestrator: CacheOrchestrator,
) -> None:
    """The older names do what the newer ones do."""
    await orchestrator.store_album_year_in_cache("Björk", "Debut", "1993", 90)
    assert await orchestrator.get_album_year("Björk", "Debut") == "1993"
    assert await orchestrator.get_album_year_from_cache("Björk", "Debut") == "1993"
    entry = await orchestrator.get_album_year_entry_from_cache("Björk", "Debut")
    assert entry == AlbumCacheEntry("Björk", "Debut", "1993", entry.timestamp, 90) if entry else False
    assert orchestrator.album_years_cache[orchestrator.generate_album_key("Björk", "Debut")] == entry
    orchestrator.set("key", "value")
    await orchestrator.set_async("other", 2, 60)
    assert (orchestrator.get("key"), await orchestrator.get_async("other")) == ("value", 2)
    assert orchestrator.cache["key"][0] == "value"
    orchestrator.invalidate("key")
    assert orchestrator.get("key") is None
    await orchestrator.invalidate_album_cache("Björk", "Debut")
    assert await orchestrator.get_album_year("Björk", "Debut") is None


async def test_a_computed_value_is_that_of_the_future_that_the_function_gives(
    orchestrator: CacheOrchestrator,
) -> None:
    """The seed's `compute_func` is a function that gives a future."""

    async def work() -> str:
        return "computed"

    assert await orchestrator.get_async("key", lambda: asyncio.create_task(work())) == "computed"
    assert orchestrator.get("key") == "computed"


async def test_an_api_result_has_the_seeds_shape(orchestrator: CacheOrchestrator) -> None:
    """Its response is the year and the metadata; metadata cannot say another year."""
    await orchestrator.set_cached_api_result(
        "Björk", "Debut", "MusicBrainz", "1993", metadata={"score": 98, "year": "2001"}
    )
    result = await orchestrator.get_cached_api_result("björk", "debut", "musicbrainz")
    assert isinstance(result, CachedApiResult)
    assert (result.artist, result.album, result.source) == ("Björk", "Debut", "MusicBrainz")
    assert (result.year, result.ttl) == ("1993", None)
    assert result.api_response == {"score": 98, "year": "1993"}
    assert list(result.model_dump()) == [
        "artist", "album", "year", "source", "timestamp", "ttl", "metadata", "api_response",
    ]  # fmt: skip


async def test_a_changed_track_is_told_as_an_event(orchestrator: CacheOrchestrator) -> None:
    """TRACK_MODIFIED with the track's id, artist and album, after everything was forgotten."""
    heard: list[CacheEvent] = []
    events = orchestrator.api_service.event_manager
    events.register_event_handler(CacheEventType.TRACK_MODIFIED, heard.append)
    await orchestrator.invalidate_for_track(track(" Björk ", "Debut"))
    assert [(event.track_id, event.metadata) for event in heard] == [
        ("7", {"artist": "Björk", "album": "Debut"})
    ]
    await orchestrator.invalidate_for_track(track(album=""))
    assert len(heard) == 1


async def test_a_track_without_an_id_is_as_good_as_another(orchestrator: CacheOrchestrator) -> None:
    """The event has no id then."""
    heard: list[CacheEvent] = []
    events = orchestrator.api_service.event_manager
    events.register_event_handler(CacheEventType.TRACK_MODIFIED, heard.append)
    await orchestrator.invalidate_for_track(track(id=""))
    assert [event.track_id for event in heard] == [None]


async def test_the_last_run_is_the_epoch_if_there_was_none(orchestrator: CacheOrchestrator) -> None:
    """1970-01-01, in UTC."""
    assert await orchestrator.get_last_run_timestamp() == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_track_keeps_fields_that_the_seed_does_not_name() -> None:
    """They are in its dump."""
    dumped = TrackDict(id="1", name="n", artist="a", album="b", genre="Pop").model_dump()  # type: ignore[call-arg]
    assert dumped == {
        "id": "1",
        "name": "n",
        "artist": "a",
        "album": "b",
        "original_artist": None,
        "genre": "Pop",
    }


async def test_clear_and_invalidate_all_forget_everything(orchestrator: CacheOrchestrator) -> None:
    """In all three caches."""
    for forget in (orchestrator.clear, orchestrator.invalidate_all):
        await orchestrator.store_album_year("a", "b", "1999")
        await orchestrator.set_cached_api_result("a", "b", "discogs", "1999")
        orchestrator.set("key", 1)
        await forget()
        sizes = (orchestrator.cache, orchestrator.album_years_cache, orchestrator.api_cache)
        assert [len(one) for one in sizes] == [0, 0, 0]
        assert orchestrator.api_service.get_stats()["total_albums"] == 0
