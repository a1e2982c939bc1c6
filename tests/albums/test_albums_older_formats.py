"""Files of older versions are taken over as far as they can be read, and can be written again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from albums_parts import DAY, START, caches, track
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batuta.albums.older_formats import CHUNK, Unreadable, _items
from batuta.errors import NotFound, StorageError
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
RESULT = {
    "artist": "Björk", "album": "Debut", "year": "1993", "source": "musicbrainz", "timestamp": START - 5,
    "ttl": None, "metadata": {"a": 1}, "api_response": {"year": "1993"},
}  # fmt: skip


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / "cache" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def test_an_older_csv_is_imported_when_it_appears(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """With or without the last two columns; rows that cannot be used are told and passed over."""
    put(tmp_path, "album_years.csv", '\ufeffartist,album,year\nBjörk,"Debut, live",1993\n,Post,1995\n')
    async with caches(tmp_path, clock) as one:
        entry = await one.get_album_year_entry_from_cache("björk", "debut, live")
        assert entry is not None
        assert (entry.year, entry.timestamp, entry.confidence) == ("1993", START, 0)
        assert "line 3 is passed over" in caplog.text
    full = (
        "artist,album,year,timestamp,confidence\na,b,1999,{},85\na,old,1999,1.0,85\na,bad,1999,yesterday,1\n"
    )
    put(tmp_path, "album_years.csv", full.format(START - DAY))
    async with caches(tmp_path, clock) as two:
        entry = await two.get_album_year_entry_from_cache("a", "b")
        assert entry is not None
        assert (entry.timestamp, entry.confidence) == (START - DAY, 85)
        assert await two.get_album_year("Björk", "Debut, live") == "1993"
        assert await two.get_album_year("a", "old") is None
        assert await two.get_album_year("a", "bad") is None


async def test_an_older_cache_json_is_imported(tmp_path: Path, clock: VirtualClock) -> None:
    """Keys are made anew; a failure that was kept for good by the older version lives for an hour."""
    failed = {**RESULT, "album": "Post", "year": None, "timestamp": START - 3599}
    older = {**RESULT, "album": "Gling-Gló", "year": None, "timestamp": START - 3601}
    content = {"x": RESULT, "y": failed, "z": older, "bad": {"artist": 1}, "worse": []}
    put(tmp_path, "cache.json", json.dumps(content, indent=2))
    async with caches(tmp_path, clock) as one:
        result = await one.get_cached_api_result("BJÖRK", "debut", "MusicBrainz")
        assert result is not None
        assert result.model_dump() == RESULT
        assert await one.get_cached_api_result("Björk", "Post", "musicbrainz") is not None
        assert await one.get_cached_api_result("Björk", "Gling-Gló", "musicbrainz") is None
        clock.advance(1)
        assert await one.get_cached_api_result("Björk", "Post", "musicbrainz") is None


async def test_an_older_generic_json_is_imported(tmp_path: Path, clock: VirtualClock) -> None:
    """What has expired is not."""
    content = {"key": {"value": [1], "expires_at": START + 10}, "gone": {"value": 1, "expires_at": START}}
    put(tmp_path, "generic_cache.json", json.dumps(content))
    async with caches(tmp_path, clock) as one:
        assert dict(one.cache) == {"key": ([1], START + 10)}


async def test_what_was_imported_once_stays_deleted(tmp_path: Path, clock: VirtualClock) -> None:
    """The file is imported again when it is another one, and a deletion stands against what is older."""
    csv = "artist,album,year,timestamp\na,b,1999,{0}\na,c,1999,{0}\n"
    put(tmp_path, "album_years.csv", csv.format(START - 1))
    async with caches(tmp_path, clock) as one:
        await one.invalidate_album_cache("a", "b")
    async with caches(tmp_path, clock) as two:
        assert [entry.album for entry in two.album_years_cache.values()] == ["c"]
    put(tmp_path, "album_years.csv", csv.format(START - 1) + f"a,d,1999,{START - 1}\n")
    async with caches(tmp_path, clock) as three:
        assert sorted(entry.album for entry in three.album_years_cache.values()) == ["c", "d"]
        await three.export_files(tmp_path / "cache")
        await three.invalidate_all_albums()
    async with caches(tmp_path, clock) as four:
        assert len(four.album_years_cache) == 0


async def test_an_import_overwrites_nothing_newer_or_more_confident(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """Whichever way it comes."""
    async with caches(tmp_path, clock) as one:
        await one.store_album_year("a", "sure", "1993", 90)
        await one.store_album_year("a", "newer", "1993", 50)
        content = (
            f"artist,album,year,timestamp,confidence\na,sure,2001,{START},50\na,newer,2001,{START - 1},50\n"
        )
        path = put(tmp_path / "other", "album_years.csv", content)
        assert await one.import_files(path.parent) == {"album_years.csv": 2}
        assert await one.get_album_year("a", "sure") == "1993"
        assert await one.get_album_year("a", "newer") == "1993"


async def test_what_is_exported_can_be_imported(tmp_path: Path, clock: VirtualClock) -> None:
    """The three files of the older version, equal in content."""
    async with caches(tmp_path / "one", clock) as one:
        await one.store_album_year("Björk", 'Debut,\n"live"', "1993", 90)
        await one.set_cached_api_result("Björk", "Debut", "itunes", "1993", metadata={"é": ["\ud800"]})
        one.set("key", {"a": [1, None]}, 60)
        one.set("tracks_Björk", [track()])
        one.set("object", object())
        written = await one.export_files(tmp_path / "out")
        assert written == {"album_years.csv": 1, "cache.json": 1, "generic_cache.json": 2}
        assert json.loads((tmp_path / "out" / "generic_cache.json").read_text(encoding="utf-8"))["key"] == {
            "value": {"a": [1, None]},
            "expires_at": START + 60,
        }
        async with caches(tmp_path / "two", clock) as two:
            await two.import_files(tmp_path / "out")
            assert dict(two.album_years_cache) == dict(one.album_years_cache)
            assert dict(two.api_cache) == dict(one.api_cache)
            assert two.get("key") == {"a": [1, None]}
            assert two.get("tracks_Björk") == [track().model_dump()]


@pytest.mark.parametrize("content", ["", " \n", "[]", "{}", " [ ] "])
async def test_an_older_file_without_entries_does_not_stop_the_start(tmp_path: Path, content: str) -> None:
    """It is left where it is."""
    paths = [put(tmp_path, name, content) for name in ("cache.json", "generic_cache.json")]
    paths.append(put(tmp_path, "album_years.csv", "" if content in ("[]", "{}", " [ ] ") else content))
    async with caches(tmp_path) as one:
        assert (len(one.cache), len(one.api_cache), len(one.album_years_cache)) == (0, 0, 0)
    assert all(path.is_file() for path in paths)


async def test_a_damaged_older_file_is_set_aside_and_what_can_be_read_is_kept(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The others load; the message says where it is now."""
    whole = json.dumps({"x": RESULT, "y": {**RESULT, "album": "Post"}})
    path = put(tmp_path, "cache.json", whole[:-30])
    put(tmp_path, "generic_cache.json", b"\xff\xfe garbage")
    put(tmp_path, "album_years.csv", "artist,album,year\na,b,1999\n")
    async with caches(tmp_path, clock) as one:
        assert [result.album for result in one.api_cache.values()] == ["Debut"]
        assert await one.get_album_year("a", "b") == "1999"
    assert not path.exists()
    assert len(list(path.parent.glob("*.json.damaged-*"))) == 2
    assert "cache.json.damaged-" in caplog.text


async def test_asked_for_imports_say_what_is_wrong(tmp_path: Path, clock: VirtualClock) -> None:
    """A file that is not there, and one that is damaged."""
    async with caches(tmp_path, clock) as one:
        with pytest.raises(NotFound, match=r"album_years\.csv is not there"):
            await one.import_files(tmp_path / "nowhere")
        damaged = put(tmp_path / "other", "album_years.csv", "band,record\na,b\n")
        with pytest.raises(StorageError, match="no column album, artist, year"):
            await one.import_files(damaged.parent)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.text(), json_values, max_size=6), st.sampled_from([None, 2]), st.data())
def test_members_are_read_a_little_at_a_time_as_if_read_at_once(
    tmp_path: Path, content: dict[str, object], indent: int | None, data: st.DataObject
) -> None:
    """Whatever is in them; and a file that ends early gives a part and then says so."""
    path = tmp_path / "cache.json"
    text = json.dumps(content, indent=indent)
    path.write_text(text, encoding="utf-8")
    assert dict(_items(path)) == content
    cut = data.draw(st.integers(1, len(text) - 1))
    path.write_text(text[:cut], encoding="utf-8")
    read: dict[str, object] = {}
    with pytest.raises(Unreadable):
        read.update(_items(path))
    for key, value in read.items():
        assert content[key] == value


def test_a_value_larger_than_what_is_read_at_a_time_is_read(tmp_path: Path) -> None:
    """Numbers at the border included."""
    content = {"long": "x" * (CHUNK * 3), **{f"n{number}": number * 10**9 for number in range(20_000)}}
    path = tmp_path / "cache.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert dict(_items(path)) == content
