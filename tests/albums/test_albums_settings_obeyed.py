"""Each field of the configuration takes effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from albums_parts import caches, config
from pydantic import ValidationError

from batuta.albums import AppConfig, CacheOrchestrator, IncrementalRunTracker
from batuta.errors import StorageError
from batuta.testing.clock import VirtualClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what it waits for happens in a thread, by a clock
            await asyncio.sleep(0.005)


async def saved(folder: Path, **settings: object) -> set[str]:
    """Every file there is after each cache was saved once."""
    async with caches(folder, **settings) as one:
        await one.store_album_year("a", "b", "1999")
        await one.set_cached_api_result("a", "b", "itunes", "1999")
        one.set("key", 1)
    return {str(path.relative_to(folder)) for path in folder.rglob("*.sqlite")}


def test_every_field_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The folder is that of all data."""
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path))
    assert AppConfig().logs_base_dir == tmp_path / "albums"
    assert AppConfig().generic_ttl_seconds == 900
    assert AppConfig().max_generic_entries == 10_000


async def test_every_file_lies_under_the_base_folder(tmp_path: Path) -> None:
    """`logs_base_dir`."""
    folder = tmp_path / "a" / "b"
    assert await saved(folder) == {
        "cache/album_years.csv.sqlite",
        "cache/cache.json.sqlite",
        "cache/generic_cache.json.sqlite",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_each_cache_file_lies_where_it_is_set(tmp_path: Path) -> None:
    """`album_years_cache_file`, `api_cache_file`, `generic_cache_file`; another file has another content."""
    places = {
        "album_years_cache_file": "y/years.csv",
        "api_cache_file": "api.json",
        "generic_cache_file": "g/g.json",
    }
    assert await saved(tmp_path, **places) == {"y/years.csv.sqlite", "api.json.sqlite", "g/g.json.sqlite"}
    for name in places:
        async with caches(tmp_path, **{**places, name: "other"}) as one:
            sizes = [len(one.album_years_cache), len(one.api_cache), len(one.cache)]
        assert sizes == [int(name != other) for other in places]
        for path in tmp_path.glob("other.*"):
            path.unlink()
    (tmp_path / "new.csv").write_text("artist,album,year\na,new,1999\n", encoding="utf-8")
    async with caches(tmp_path, album_years_cache_file="new.csv") as one:
        assert await one.get_album_year("a", "new") == "1999"


def test_two_caches_in_one_file_are_refused(tmp_path: Path) -> None:
    """They would read each other's entries."""
    with pytest.raises(ValidationError, match="a file of its own"):
        config(tmp_path, api_cache_file="x", generic_cache_file="x")


async def test_the_last_run_is_kept_where_it_is_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`logging.last_incremental_run_file`; times without a zone are UTC, garbage counts as never run."""
    settings = config(tmp_path, logging={"last_incremental_run_file": "runs/last.log"})
    tracker = IncrementalRunTracker(settings)
    path = tmp_path / "runs" / "last.log"
    assert tracker.get_last_run_file_path() == str(path)
    assert await tracker.get_last_run_timestamp() is None
    begun = datetime.now(UTC)
    await tracker.update_last_run_timestamp()
    told = await CacheOrchestrator(settings).get_last_run_timestamp()
    assert timedelta(0) <= told - begun < timedelta(minutes=1)
    assert path.is_file()
    path.write_text("2024-05-06 07:08:09\n", encoding="utf-8")
    assert await tracker.get_last_run_timestamp() == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    path.write_text("soon", encoding="utf-8")
    assert await CacheOrchestrator(settings).get_last_run_timestamp() == datetime(1970, 1, 1, tzinfo=UTC)
    assert "counts as never run" in caplog.text
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match=r"last\.log cannot be written"):
        await tracker.update_last_run_timestamp()


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"caching": {"default_ttl_seconds": 7}}, 7),
        ({"cache_ttl_seconds": 5}, 5),
        ({"cache_ttl_seconds": 5, "caching": {"default_ttl_seconds": 7}}, 5),
    ],
)
async def test_a_generic_value_lives_as_long_as_is_set(
    tmp_path: Path, clock: VirtualClock, settings: dict[str, object], seconds: int
) -> None:
    """`cache_ttl_seconds`, else `caching.default_ttl_seconds`."""
    async with caches(tmp_path, clock, **settings) as one:
        one.set("key", 1)
        clock.advance(seconds - 1)
        assert one.get("key") == 1
        clock.advance(1)
        assert one.get("key") is None


async def test_expired_entries_are_swept_as_often_as_is_set(tmp_path: Path, clock: VirtualClock) -> None:
    """`caching.cleanup_interval_seconds`: nobody asked for the entry, and it is gone."""
    async with caches(tmp_path, clock, caching={"cleanup_interval_seconds": 0.01}) as one:
        one.set("key", 1)
        clock.advance(901)
        await until(lambda: len(one.cache) == 0)


async def test_changes_are_saved_as_often_as_is_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`caching.autosave_interval_seconds`; one that failed is logged and tried again."""
    async with (
        caches(tmp_path, caching={"autosave_interval_seconds": 0.01}) as one,
        caches(tmp_path) as other,
    ):
        await one.store_album_year("a", "b", "1999")
        await until(lambda: one.album_service.get_stats()["unsaved"] == 0)
        await other.load_cache()
        assert await other.get_album_year("a", "b") == "1999"
        (tmp_path / "cache").rename(tmp_path / "away")
        (tmp_path / "cache").write_text("", encoding="utf-8")
        await one.store_album_year("a", "c", "1999")
        await until(lambda: "tried again" in caplog.text)
        (tmp_path / "cache").unlink()
        (tmp_path / "away").rename(tmp_path / "cache")
        await until(lambda: one.album_service.get_stats()["unsaved"] == 0)


async def test_as_many_generic_entries_are_kept_as_is_set(tmp_path: Path) -> None:
    """`max_generic_entries`."""
    async with caches(tmp_path, max_generic_entries=2) as one:
        for key in "abc":
            one.set(key, key)
        assert list(one.cache) == ["b", "c"]


async def test_a_negative_result_may_be_set_not_to_be_kept(tmp_path: Path) -> None:
    """`caching.negative_result_ttl` of 0."""
    async with caches(tmp_path, caching={"negative_result_ttl": 0}) as one:
        await one.set_cached_api_result("a", "b", "itunes", None, is_negative=True)
        assert await one.get_cached_api_result("a", "b", "itunes") is None


@pytest.mark.parametrize(
    "settings",
    [{"max_generic_entries": 0}, {"cache_ttl_seconds": 0}, {"caching": {"cleanup_interval_seconds": 0}}],
)
def test_what_no_cache_could_do_is_refused(tmp_path: Path, settings: dict[str, object]) -> None:
    """When it is said, not when it is needed."""
    with pytest.raises(ValidationError):
        config(tmp_path, **settings)
