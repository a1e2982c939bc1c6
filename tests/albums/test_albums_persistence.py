"""What was saved is there again; a bad file, a full disk or another process does not change that."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest
from albums_parts import caches, config, track

from batuta.albums import AlbumCacheService, CacheOrchestrator, CachesFailed
from batuta.albums.conflicts import Change
from batuta.albums.entry_file import DELETIONS_SECONDS
from batuta.testing.clock import VirtualClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]
YEARS = Path("cache/album_years.csv.sqlite")
RESULTS = Path("cache/cache.json.sqlite")
VALUES = [
    None,
    True,
    1,
    1.5,
    "text\n\u2028",
    "\ud800",
    [1, [2]],
    {"a": {"b": []}},
    (1, (2,)),
    {3: "c", (4,): 5},
]


async def test_everything_comes_back_as_it_was(tmp_path: Path, clock: VirtualClock) -> None:
    """Tracks, tuples, keys that are no strings, None, halves of characters."""
    async with caches(tmp_path, clock) as one:
        await one.store_album_year("Björk", "\ud800", "1993", 90)
        await one.set_cached_api_result("Björk", "Debut", "itunes", "1993", metadata={"x": ["\n"]})
        one.set("list", VALUES)
        one.set(("t", 1), {"$batuta": ["track", 1]}, ttl=60)
        one.set("tracks_Björk", [track(genre="Pop")])
        entry = await one.get_album_year_entry_from_cache("Björk", "\ud800")
        result = await one.get_cached_api_result("Björk", "Debut", "itunes")
        ends = dict(one.cache)
    async with caches(tmp_path, clock) as other:
        assert await other.get_album_year_entry_from_cache("björk", "\ud800") == entry
        assert await other.get_cached_api_result("björk", "debut", "itunes") == result
        assert other.get("list") == VALUES
        assert other.get(("t", 1)) == {"$batuta": ["track", 1]}
        assert other.get("tracks_björk") == [track(genre="Pop")]
        assert dict(other.cache) == ends
        clock.advance(60)
        assert other.get(("t", 1)) is None


async def test_deletions_persist(tmp_path: Path) -> None:
    """One by one, by track, and all at once; what is stored after that stays."""
    async with caches(tmp_path) as one:
        for album in ("Debut", "Post", "Homogenic"):
            await one.store_album_year("Björk", album, "1993")
            await one.set_cached_api_result("Björk", album, "itunes", "1993")
            one.set(album, 1)
    async with caches(tmp_path) as two:
        await two.invalidate_for_track(track(album="Debut"))
        two.invalidate("Debut")
    async with caches(tmp_path) as three:
        assert {entry.album for entry in three.album_years_cache.values()} == {"Post", "Homogenic"}
        assert {entry.album for entry in three.api_cache.values()} == {"Post", "Homogenic"}
        assert set(three.cache) == {"Post", "Homogenic"}
        await three.clear()
        three.set("after", 1)
    async with caches(tmp_path) as four:
        assert (len(four.album_years_cache), len(four.api_cache), list(four.cache)) == (0, 0, ["after"])


async def test_two_processes_on_one_folder_do_not_lose_each_others_writes(tmp_path: Path) -> None:
    """Each sees what the other saved at its own next save."""
    async with caches(tmp_path) as one, caches(tmp_path) as other:
        for number in range(30):
            await one.store_album_year("one", str(number), "1993")
            await other.store_album_year("other", str(number), "1994")
            await asyncio.gather(one.save_cache(), other.save_cache())
        await one.save_cache()
        assert len(one.album_years_cache) == 60
        await other.invalidate_album_cache("one", "3")
        await other.save_cache()
        await one.save_cache()
        assert await one.get_album_year("one", "3") is None
        await one.invalidate_all_albums()
        await other.store_album_year("other", "new", "2000")
        await one.save_cache()
        await other.save_cache()
        assert [entry.album for entry in other.album_years_cache.values()] == ["new"]
    async with caches(tmp_path) as later:
        assert [entry.album for entry in later.album_years_cache.values()] == ["new"]


async def test_between_processes_the_more_confident_and_the_newer_stand(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """Also where the other one saved later."""
    async with caches(tmp_path, clock) as one, caches(tmp_path, clock) as other:
        await one.store_album_year("a", "b", "1993", 90)
        await one.set_cached_api_result("a", "b", "itunes", "old")
        one.set("key", "old")
        clock.advance(1)
        await other.store_album_year("a", "b", "2001", 10)
        await other.set_cached_api_result("a", "b", "itunes", "2002")
        other.set("key", "new")
        await other.save_cache()
        await one.save_cache()
        await other.save_cache()
        for process in (one, other):
            assert await process.get_album_year("a", "b") == "1993"
            result = await process.get_cached_api_result("a", "b", "itunes")
            assert result is not None
            assert result.year == "2002"
            assert process.get("key") == "new"


async def test_an_invalidation_reaches_what_another_process_has_not_saved_yet(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """What was concluded before it is stale, whoever concluded it."""
    async with caches(tmp_path, clock) as one, caches(tmp_path, clock) as other:
        await one.store_album_year("a", "b", "1993", 90)
        await one.set_cached_api_result("a", "b", "itunes", "1993")
        clock.advance(1)
        await other.invalidate_for_track(track("a", "b"))
        await other.save_cache()
        await one.save_cache()
        assert (len(one.album_years_cache), len(one.api_cache)) == (0, 0)


async def test_who_slept_through_deletions_reads_everything_again(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """Deletions are told for a day; after that the sleeper begins anew, and keeps its own changes."""
    years = AlbumCacheService(config(tmp_path), now=clock.now)
    await years.initialize()
    for album in ("kept", "deleted"):
        await years.store_album_year("a", album, "1993")
    await years.save_to_disk()
    async with caches(tmp_path, clock) as other:
        await other.invalidate_album_cache("a", "deleted")
    clock.advance(DELETIONS_SECONDS + 1)
    async with caches(tmp_path, clock) as other:
        lines, _ = other.album_service._mirror.file.page(0, 10)
        assert [line[2] is None for line in lines] == [False]
    await years.store_album_year("a", "mine", "1994")
    await years.save_to_disk()
    assert {entry.album for entry in years.album_years_cache.values()} == {"kept", "mine"}
    await years.shutdown()


@pytest.mark.parametrize("content", [b"", b"[]", b"garbage" * 1000, b"SQLite format 3\0" + b"x" * 5000])
async def test_a_file_that_is_none_does_not_stop_the_start(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is set aside with a message, the others load, and saving works again."""
    async with caches(tmp_path) as one:
        await one.store_album_year("Björk", "Debut", "1993")
        await one.set_cached_api_result("Björk", "Debut", "itunes", "1993")
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"{YEARS}{suffix}").unlink(missing_ok=True)
    (tmp_path / YEARS).write_bytes(content)
    async with caches(tmp_path) as two:
        assert len(two.album_years_cache) == 0
        assert await two.get_cached_api_result("Björk", "Debut", "itunes") is not None
        await two.store_album_year("Björk", "Post", "1995")
    async with caches(tmp_path) as three:
        assert await three.get_album_year("Björk", "Post") == "1995"
    aside = list((tmp_path / "cache").glob("album_years.csv.sqlite.damaged-*"))
    assert len(aside) == bool(content)
    assert bool(content) is (str(YEARS) in caplog.text and ".damaged-" in caplog.text)


@pytest.mark.parametrize("seed", range(6))
async def test_the_rest_of_a_damaged_file_is_kept(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What is read after bytes in the middle were overwritten is right, and most of it is there."""
    async with caches(tmp_path) as one:
        for number in range(2000):
            await one.store_album_year("Artist", f"Album {number}", str(1900 + number % 100))
    chance = random.Random(seed)
    damaged = bytearray((tmp_path / YEARS).read_bytes())
    start = chance.randrange(20_000, len(damaged) - 3000)
    damaged[start : start + 3000] = chance.randbytes(3000)
    (tmp_path / YEARS).write_bytes(damaged)
    async with caches(tmp_path) as two:
        found = {entry.album: entry.year for entry in two.album_years_cache.values()}
        assert all(year == str(1900 + int(album.split()[1]) % 100) for album, year in found.items())
        await two.store_album_year("Artist", "new", "2020")
        await two.save_cache()
        assert len(found) > 1000, caplog.text
    async with caches(tmp_path) as three:
        assert await three.get_album_year("Artist", "new") == "2020"


async def test_a_file_damaged_while_it_is_used_is_written_anew(tmp_path: Path) -> None:
    """What is in memory is the truth."""
    async with caches(tmp_path) as one:
        for number in range(500):
            await one.store_album_year("Artist", f"Album {number}", "1993")
        await one.save_cache()
        await one.album_service._mirror.aclose()
        (tmp_path / YEARS).write_bytes(b"garbage" * 500)
        await one.store_album_year("Artist", "new", "2020")
        await one.save_cache()
    async with caches(tmp_path) as two:
        assert len(two.album_years_cache) == 501


async def test_a_folder_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    """With everything that is in memory."""
    async with caches(tmp_path / "data") as one:
        await one.store_album_year("Artist", "Album", "1993")
        await one.save_cache()
        shutil.rmtree(tmp_path / "data")
        await one.store_album_year("Artist", "new", "2020")
        await one.save_cache()
    async with caches(tmp_path / "data") as two:
        assert len(two.album_years_cache) == 2


async def test_what_a_failed_save_did_not_write_the_next_one_does(tmp_path: Path) -> None:
    """Stored, deleted and cleared alike; the caller is told of each failure."""
    (tmp_path / "data").mkdir()
    async with caches(tmp_path / "data") as one:
        await one.store_album_year("Artist", "old", "1993")
        one.set("old", 1)
        await one.save_cache()
        (tmp_path / "data" / "cache").rename(tmp_path / "away")
        (tmp_path / "data" / "cache").write_text("not a folder", encoding="utf-8")
        await one.invalidate_album_cache("Artist", "old")
        await one.store_album_year("Artist", "new", "1994")
        one.generic_service.invalidate_all()
        one.set("new", 2)
        with pytest.raises(CachesFailed, match=r"AlbumCacheService .*GenericCacheService"):
            await one.save_cache()
        (tmp_path / "data" / "cache").unlink()
        (tmp_path / "away").rename(tmp_path / "data" / "cache")
    async with caches(tmp_path / "data") as two:
        assert [entry.album for entry in two.album_years_cache.values()] == ["new"]
        assert list(two.cache) == ["new"]


async def test_a_folder_that_cannot_be_used_fails_the_start_by_name(tmp_path: Path) -> None:
    """Every service is named, and where to look."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"AlbumCacheService.*ApiCacheService.*GenericCacheService"):
        await caches(tmp_path / "file").initialize()


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """The message says what to do."""
    async with caches(tmp_path) as one:
        await one.store_album_year("Artist", "Album", "1993")
    with sqlite3.connect(tmp_path / YEARS) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(CachesFailed, match="version 99"):
        await caches(tmp_path).initialize()


async def test_a_cancelled_save_goes_on(tmp_path: Path) -> None:
    """Its caller has left, what was to be saved is saved."""
    async with caches(tmp_path) as one:
        await one.store_album_year("Artist", "Album", "1993")
        saving = asyncio.create_task(one.save_cache())
        await asyncio.sleep(0)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        await one.save_cache()
        assert one.album_service.get_stats()["unsaved"] == 0
    async with caches(tmp_path) as two:
        assert len(two.album_years_cache) == 1


async def test_a_value_without_a_written_form_lives_in_memory_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once in the log, an older value on the disk does not come back, and the others are saved."""
    circle: list[object] = []
    circle.append(circle)
    async with caches(tmp_path) as one:
        one.set("object", "old")
        await one.save_cache()
        one.set("object", object())
        one.set("circle", circle)
        one.set("plain", 1)
        await one.save_cache()
        assert type(one.get("object")) is object
        assert "memory only" in caplog.text
    async with caches(tmp_path) as two:
        assert list(two.cache) == ["plain"]


async def test_saving_without_having_loaded_loses_nothing(tmp_path: Path) -> None:
    """Neither what is on the disk nor what is new."""
    async with caches(tmp_path) as one:
        await one.store_album_year("Artist", "old", "1993")
    two = caches(tmp_path)
    await two.store_album_year("Artist", "new", "1994")
    await two.save_cache()
    await two.shutdown()
    async with caches(tmp_path) as three:
        assert len(three.album_years_cache) == 2


async def test_the_disk_keeps_no_more_generic_entries_than_the_memory(tmp_path: Path) -> None:
    """The newest ones; what was evicted does not come back with an older value."""
    async with caches(tmp_path, max_generic_entries=10) as one:
        one.set("key", "old")
        await one.save_cache()
        one.set("key", "new")
        for number in range(25):
            one.set(number, number)
        await one.save_cache()
        assert one.generic_service._mirror.unsaved == 0
    async with caches(tmp_path) as two:
        assert [value for value, _ in two.cache.values()] == list(range(15, 25))


async def test_a_change_of_many_is_one_transaction(tmp_path: Path, clock: VirtualClock) -> None:
    """Where one row cannot be written, none is."""
    years = AlbumCacheService(config(tmp_path), now=clock.now)
    await years.initialize()
    good = Change("a" * 64, '[1.0,1,"1","a","b"]', 1.0)
    bad = Change("b" * 64, "[]", "no number")  # type: ignore[arg-type]
    with pytest.raises(struct.error, match="float"):
        years._mirror.file.write([good, bad], 0, clock.now())
    assert years._mirror.file.page(0, 10)[0] == []
    await years.shutdown()


async def test_another_loop_may_go_on_with_the_caches(
    tmp_path: Path, orchestrator: CacheOrchestrator
) -> None:
    """After a shutdown they can be started again."""
    await orchestrator.shutdown()
    await orchestrator.initialize()
    await orchestrator.store_album_year("Artist", "Album", "1993")
    await orchestrator.save_cache()
    assert (tmp_path / YEARS).is_file()
    assert (tmp_path / RESULTS).is_file()
