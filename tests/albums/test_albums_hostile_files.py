"""Whatever a file holds, the start goes on, what is known stays, and what can be read is read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from albums_parts import DAY, START, caches

from batuta.albums.older_formats import _Members
from batuta.errors import InvalidRequest
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
OK = '"ok": {"artist": "x", "album": "y", "source": "s", "year": "1999", "timestamp": 1, "ttl": null}'
NAMES = '"artist": "a", "album": "b", "source": "s"'
GENERIC = '"ok": {"value": 1, "expires_at": 9999999999}'


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / "cache" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def test_an_entry_whose_time_is_over_takes_nothing_away(tmp_path: Path, clock: VirtualClock) -> None:
    """Be it surer than the year, or newer than the answer."""
    async with caches(tmp_path, clock) as one:
        await one.set_cached_api_result("a", "b", "itunes", "1993")
        clock.advance(40 * DAY)
        await one.store_album_year("a", "b", "1993", 50)
        await one.save_cache()
        put(
            tmp_path / "other",
            "album_years.csv",
            f"artist,album,year,timestamp,confidence\na,b,2011,{START},90\n",
        )
        failed = {
            "artist": "a",
            "album": "b",
            "source": "itunes",
            "year": None,
            "timestamp": START + 1,
            "ttl": 60,
        }
        put(tmp_path / "other", "cache.json", json.dumps({"k": failed}))
        await one.import_files(tmp_path / "other" / "cache")
    async with caches(tmp_path, clock) as two:
        assert await two.get_album_year("a", "b") == "1993"
        assert await two.get_cached_api_result("a", "b", "itunes") is not None


@pytest.mark.parametrize(
    "bad",
    [
        f'{{{NAMES}, "ttl": Infinity}}',
        f'{{{NAMES}, "ttl": 1e999}}',
        f'{{{NAMES}, "ttl": 1{"0" * 400}}}',
        f'{{{NAMES}, "ttl": 1{"0" * 5000}}}',
        f'{{{NAMES}, "timestamp": 1{"0" * 400}}}',
        f'{{{NAMES}, "year": NaN}}',
    ],
    ids=range(6),
)
async def test_no_number_in_an_older_file_stops_the_start(tmp_path: Path, bad: str) -> None:
    """What follows is read."""
    path = put(tmp_path, "cache.json", f'{{"bad": {bad}, {OK}}}')
    value = bad.replace(NAMES, '"value": 1').replace("ttl", "expires_at").replace("timestamp", "expires_at")
    put(tmp_path, "generic_cache.json", f'{{"bad": {value}, {GENERIC}}}')
    async with caches(tmp_path) as one:
        assert [result.artist for result in one.api_cache.values()] == ["x"]
        assert list(one.cache) == ["ok"]
    assert path.is_file()


@pytest.mark.parametrize(
    "content",
    [
        b"artist, album, year\nx, y, 1990\nz,w,1991\n",
        "artist,album,year\nx,y,1990\nBj\u00f6rk,Debut,1993\nz,w,1991\n".encode("latin-1"),
        b"artist,album,year\n" + b"a" * 200_000 + b",b,1990\nx,y,1990\nz,w,1991\n",
    ],
    ids=["blanks", "latin-1", "endless"],
)
async def test_one_bad_line_of_a_csv_costs_no_other(tmp_path: Path, content: bytes) -> None:
    """Nor do blanks behind the commas cost anything."""
    put(tmp_path, "album_years.csv", content)
    async with caches(tmp_path) as one:
        assert {entry.artist: entry.year for entry in one.album_years_cache.values()} == {
            "x": "1990",
            "z": "1991",
        }


def test_a_value_without_an_end_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost quotation mark may have gigabytes behind it."""
    monkeypatch.setattr("batuta.albums.older_formats.MOST_OF_ONE", 100_000)
    path = tmp_path / "cache.json"
    path.write_text('{"k": "' + "x" * 1_000_000, encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        with pytest.raises(ValueError, match="longer than 100000"):
            list(_Members(file))
        assert file.tell() < 500_000


async def test_what_was_forgotten_does_not_come_back_by_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The older file was imported once; that it is not imported again is said, with the way to do it."""
    put(tmp_path, "album_years.csv", "artist,album,year\na,b,1990\nc,d,1991\n")
    async with caches(tmp_path) as one:
        await one.invalidate_album_cache("a", "b")
    kept = tmp_path / "cache" / "album_years.csv.sqlite"
    kept.write_bytes(b"x" * 100 + kept.read_bytes()[100:])
    for _ in range(2):
        async with caches(tmp_path) as two:
            assert await two.get_album_year("a", "b") is None
    assert "batuta albums import" in caplog.text


async def test_an_export_has_only_what_comes_back_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys that are no texts are left out and told, like a circle; an artist may be called All."""
    circle: list[object] = []
    circle.append(circle)
    async with caches(tmp_path / "one") as one:
        one.set(5, "number")
        one.set("5", "text")
        one.set(("a", "b"), "tuple")
        one.set("circle", circle)
        one.set("digits", 10**5000)
        one.set("tracks_All", ["of the artist"])
        assert (await one.export_files(tmp_path / "out"))["generic_cache.json"] == 2
    assert caplog.text.count("not exported") == 4
    async with caches(tmp_path / "two") as two:
        await two.import_files(tmp_path / "out")
        assert (two.get(5), two.get("5"), two.get("tracks_All")) == (None, "text", ["of the artist"])
        assert two.get("tracks_all") is None
    rights = stat.S_IMODE((tmp_path / "out" / "cache.json").stat().st_mode)
    (tmp_path / "any").touch()
    assert rights == stat.S_IMODE((tmp_path / "any").stat().st_mode)


async def test_a_key_or_lifetime_that_is_none_is_refused(tmp_path: Path) -> None:
    """By the error that says so."""
    circle: list[object] = []
    circle.append(circle)
    one = caches(tmp_path)
    for key in (10**5000, circle):
        with pytest.raises(InvalidRequest, match="has no JSON form"):
            one.set(key, 1)
    with pytest.raises(InvalidRequest, match="a lifetime of nan"):
        one.set("key", 1, ttl=float("nan"))


async def test_a_save_after_the_end_leaves_no_file_open(tmp_path: Path) -> None:
    """It is written all the same."""
    async with caches(tmp_path) as one:
        pass
    await one.store_album_year("a", "b", "1990")
    await one.save_cache()
    assert one.album_service._mirror.file._connection is None
    async with caches(tmp_path) as two:
        assert await two.get_album_year("a", "b") == "1990"
