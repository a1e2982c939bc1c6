"""Going through a music folder: which files, which albums, what differs, what is written into real files."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from albums_music import CODECS, album, date_of, music, old_mp3_tags, print_of, sound, tag
from mutagen.id3 import ID3

from batuta.albums import scanning
from batuta.albums.resolver import Resolution
from batuta.albums.scanning import (
    Album,
    Finding,
    Scan,
    Skipped,
    Track,
    albums_of,
    music_files,
    read_library,
)
from batuta.albums.tags import Tags, _spare_name, read_tags, write_year
from batuta.errors import BatutaError, InvalidRequest, ServiceUnavailable, StorageError, UnreadableMedia


def track(artist: str, title: str, date: str = "", album_artist: str = "", name: str = "a.mp3") -> Track:
    return Track(Path(name), Tags(artist, album_artist, title, date))


def finding(year: str | None, confidence: int, *dates: str) -> Finding:
    tracks = tuple(track("A", "B", date, name=f"{number}.mp3") for number, date in enumerate(dates))
    return Finding(Album("A", "B", tracks), Resolution("A", "B", year, confidence, "sources", ()))


def files(found: tuple[Track, ...]) -> list[str]:
    return [str(one.path) for one in found]


class Knows:
    """Knows one year of every album, or fails as told."""

    def __init__(self, year: str = "1991", confidence: int = 90, error: BatutaError | None = None) -> None:
        self.year, self.confidence, self.error = year, confidence, error
        self.asked: list[tuple[str, str]] = []

    async def resolve(self, artist: str, album: str, *, refresh: bool = False) -> Resolution:
        self.asked.append((artist, album))
        if self.error is not None and artist == "Unlucky":
            raise self.error
        return Resolution(artist, album, self.year, self.confidence, "sources", ())


# Pure


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2003-05-06", 2003),
        ("2003", 2003),
        ("", None),
        ("06.05.2003", None),
        ("20030506", None),
        ("c. 2003", None),
    ],
)
def test_a_date_begins_with_its_year(date: str, year: int | None):
    """Only what is surely a year counts as one; anything else is no year and may be set right."""
    assert Tags(date=date).year == year


def test_tracks_of_one_album_come_together():
    """The album's artist counts before the track's, however the names are written; albums go by name."""
    found, nameless = albums_of(
        [
            track("Guest", "Now", album_artist="Various"),
            track("Other", "NOW ", album_artist="various"),
            track("Björk", "Debut"),
            track("BJO\u0308RK", "debut"),
        ]
    )
    assert [(one.artist, one.title, len(one.tracks)) for one in found] == [
        ("Björk", "Debut", 2),
        ("Various", "Now", 2),
    ]
    assert nameless == []


def test_what_names_no_album_is_told():
    """A file without an artist or album is passed over with the reason."""
    found, nameless = albums_of([track("", "Now", name="x.mp3"), track("A", "", name="y.mp3")])
    assert found == []
    assert nameless == [
        Skipped(Path("x.mp3"), "its tags name no artist"),
        Skipped(Path("y.mp3"), "its tags name no album"),
    ]


def test_a_missing_or_other_year_differs_and_a_full_date_of_it_does_not():
    """Of 1991, the dates 1991 and 1991-09-24 are right."""
    found = finding("1991", 90, "1991", "1991-09-24", "", "2011", "2011-09-27")
    assert files(found.differing) == ["2.mp3", "3.mp3", "4.mp3"]
    assert found.to_write == found.differing


@pytest.mark.parametrize(("confidence", "written"), [(70, ["0.mp3"]), (69, [])])
def test_a_year_is_written_from_70_up(confidence: int, written: list[str]):
    """A less sure one differs and is left."""
    found = finding("1991", confidence, "")
    assert files(found.to_write) == written
    assert files(found.differing) == ["0.mp3"]


def test_without_a_year_nothing_differs():
    """Nobody's knowing it is no reason to change a file, and neither is an outage."""
    assert finding(None, 0, "", "2011").differing == ()
    assert Finding(Album("A", "B", (track("A", "B"),)), error=ServiceUnavailable("down")).to_write == ()


# Files


def test_folders_in_circles_are_walked_once(tmp_path: Path):
    """Links are followed, no file comes twice, other files and hidden ones do not come."""
    for name in ("one/b.FLAC", "one/a.mp3", "two/c.opus", ".hidden/d.mp3", "one/._a.mp3", "one/cover.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "one/up").symlink_to(tmp_path)
    (tmp_path / "one/itself").symlink_to("itself")
    (tmp_path / "two/again.mp3").symlink_to(tmp_path / "one/a.mp3")
    (tmp_path / "two/nowhere.mp3").symlink_to(tmp_path / "gone.mp3")
    os.mkfifo(tmp_path / "two/pipe.mp3")
    (tmp_path / "two/folder.mp3").mkdir()
    told: list[Skipped] = []
    found = [str(path.relative_to(tmp_path)) for path in music_files(tmp_path, told.append)]
    assert found == ["one/a.mp3", "one/b.FLAC", "two/c.opus"]
    assert told == []


def test_bounds_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the walk ends early, a person learns where."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for name in ("1.mp3", "2.mp3", "3.mp3"):
        (deep.parent / name).touch()
    told: list[Skipped] = []
    assert len(list(music_files(tmp_path, told.append, most=2))) == 2
    monkeypatch.setattr(scanning, "DEEPEST", 1)
    assert len(list(music_files(tmp_path, told.append))) == 3
    assert [one.path for one in told] == [deep.parent, deep.parent]


@pytest.mark.anyio
async def test_damaged_files_are_passed_over(tmp_path: Path):
    """The others are read; of the damaged ones each is told."""
    good = tag(music(tmp_path / "good.flac"), "Nirvana", "Nevermind", "1991")
    for name, data in (
        ("empty.mp3", b""),
        ("page.m4a", b"<html>"),
        ("cut.flac", good.read_bytes()[:60]),
        ("junk.ogg", os.urandom(4000)),
        ("cut.wav", b"RIFF\xff\xff"),
    ):
        (tmp_path / name).write_bytes(data)
    library = await read_library(tmp_path)
    assert [one.path for one in library.tracks] == [good]
    assert {one.path.name for one in library.skipped} == {
        "empty.mp3",
        "page.m4a",
        "cut.flac",
        "junk.ogg",
        "cut.wav",
    }


@pytest.mark.anyio
async def test_a_folder_is_needed(tmp_path: Path):
    """What is none is refused by name."""
    with pytest.raises(InvalidRequest, match="nowhere is not a folder"):
        await read_library(tmp_path / "nowhere")


# Tags of real files


@pytest.mark.parametrize("suffix", CODECS)
def test_a_year_is_written_and_nothing_else(suffix: str, tmp_path: Path):
    """In every kind of file: another program reads the year, the sound and the other tags are the same."""
    path = tag(music(tmp_path / f"a.{suffix}"), "Nirvana", "Nevermind", "2011-09-27")
    path.chmod(0o640)
    before, heard, written_at = read_tags(path), sound(path), path.stat().st_mtime_ns
    assert before == Tags("Nirvana", "", "Nevermind", "2011-09-27")
    write_year(path, 1991)
    assert date_of(path) == "1991"
    assert read_tags(path) == Tags("Nirvana", "", "Nevermind", "1991")
    assert sound(path) == heard
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mtime_ns > written_at  # players look for changed files by it
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", CODECS)
def test_a_missing_year_is_added(suffix: str, tmp_path: Path):
    """A file without a date gets one."""
    path = tag(music(tmp_path / f"a.{suffix}"), "Nirvana", "Nevermind")
    assert read_tags(path).date == ""
    write_year(path, 1991)
    assert date_of(path) == "1991"


def test_old_tags_stay_old(tmp_path: Path):
    """ID3v2.3 stays v2.3 and keeps frames it does not know; ID3v1 keeps what it alone has."""
    path = old_mp3_tags(music(tmp_path / "a.mp3"), "Nirvana", "Nevermind", "2011")
    heard = sound(path)
    write_year(path, 1991)
    tags = ID3(path, translate=False)
    assert tags.version == (2, 3, 0)
    assert str(tags["TYER"]) == "1991"
    assert str(tags["TSOP"]) == "Sorted, Under"
    assert str(tags["TORY"]) == "1990"  # which v2.4 calls TDOR
    last = path.read_bytes()[-128:]
    assert last[93:97] == b"1991"
    assert last[97:117] == b"a comment of its own"
    assert sound(path) == heard


def test_a_link_stays_a_link(tmp_path: Path):
    """The file behind it gets the year."""
    path = tag(music(tmp_path / "store" / "a.flac"), "Nirvana", "Nevermind")
    link = tmp_path / "link.flac"
    link.symlink_to(path)
    write_year(link, 1991)
    assert link.is_symlink()
    assert date_of(path) == "1991"


def test_a_file_that_changes_meanwhile_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What another program writes while we do is not lost."""
    path = tag(music(tmp_path / "a.flac"), "Nirvana", "Nevermind")
    sync = os.fsync

    def another_program(number: int) -> None:
        sync(number)
        tag(path, "Nirvana", "In Utero")

    monkeypatch.setattr(os, "fsync", another_program)
    with pytest.raises(StorageError, match="changed by somebody else"):
        write_year(path, 1991)
    assert read_tags(path).album == "In Utero"
    assert list(tmp_path.iterdir()) == [path]


def test_what_would_not_come_out_right_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A copy that lost a tag never takes the file's place."""
    path = tag(music(tmp_path / "a.flac"), "Nirvana", "Nevermind")
    before = path.read_bytes()
    from mutagen.flac import FLAC  # noqa: PLC0415

    save = FLAC.save

    def forgetful(self: FLAC, *arguments: object, **options: object) -> None:
        del self["title"]
        save(self, *arguments, **options)

    monkeypatch.setattr(FLAC, "save", forgetful)
    with pytest.raises(StorageError, match="not come out right"):
        write_year(path, 1991)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


MOMENTS = {
    "while copying": "2011",
    "while saving": "2011",
    "before the rename": "2011",
    "after the rename": "1991",
}
KILLED = """
import os, pathlib, shutil, signal, sys
import mutagen.flac
from batuta.albums import tags
def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
def half(self, file, **options):
    file.truncate(file.seek(0, 2) // 2)
    file.flush()
    die()
def write(moment):
    match moment:
        case "while copying": shutil.copystat = die
        case "while saving": mutagen.flac.FLAC.save = half
        case "before the rename": pathlib.Path.replace = die
        case "after the rename": tags.sync_folder = die
    tags.write_year(pathlib.Path(moment, "a.flac"), 1991)
for moment in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            write(moment)
        finally:
            os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_kill_leaves_a_whole_file(tmp_path: Path):
    """Killed at any step it is the old file or the new one, and the next writing leaves nothing behind."""
    paths = {
        moment: tag(music(tmp_path / moment / "a.flac"), "Nirvana", "Nevermind", "2011") for moment in MOMENTS
    }
    heard = {moment: sound(path) for moment, path in paths.items()}
    command = [sys.executable, "-c", KILLED, *MOMENTS]
    ended = subprocess.run(command, cwd=tmp_path, timeout=60, check=True, capture_output=True, text=True)
    assert ended.stdout.split() == [str(-signal.SIGKILL)] * len(MOMENTS)
    assert {moment: date_of(path) for moment, path in paths.items()} == MOMENTS
    assert {moment: sound(path) for moment, path in paths.items()} == heard
    assert sorted(found.path for found in _tracks(tmp_path)) == sorted(paths.values())
    for path in paths.values():
        write_year(path, 1991)
        assert date_of(path) == "1991"
        assert list(path.parent.iterdir()) == [path]


def test_one_process_at_a_time_writes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Who comes second leaves the file to the first, whose writing is not disturbed."""
    path = tag(music(tmp_path / "a.flac"), "Nirvana", "Nevermind", "2011")
    sync, second = os.fsync, []

    def meanwhile(number: int) -> None:
        sync(number)
        if not second:
            second.append(None)
            with pytest.raises(StorageError, match="another process"):
                write_year(path, 1967)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_year(path, 1991)
    assert second
    assert date_of(path) == "1991"


def test_a_text_is_no_music(tmp_path: Path):
    """It is said which file it was."""
    path = tmp_path / "a.mp3"
    path.write_text("nothing to hear")
    with pytest.raises(UnreadableMedia, match=r"a\.mp3"):
        write_year(path, 1991)
    assert path.read_text() == "nothing to hear"


def test_a_link_under_the_copy_s_name_is_not_written_through(tmp_path: Path):
    """Whoever laid it there would have another file overwritten; both stay as they are."""
    path = tag(music(tmp_path / "a.flac"), "Nirvana", "Nevermind", "2011")
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    os.link(precious, tmp_path / _spare_name(path))
    with pytest.raises(StorageError, match="is a link to another file"):
        write_year(path, 1991)
    assert (precious.read_text(), date_of(path)) == ("precious", "2011")


def test_an_empty_file_is_called_empty(tmp_path: Path):
    """Not what a parser makes of it."""
    path = tmp_path / "a.flac"
    path.touch()
    with pytest.raises(UnreadableMedia, match="it is empty"):
        read_tags(path)


def _tracks(folder: Path) -> tuple[Track, ...]:
    return asyncio.run(read_library(folder)).tracks


# The going


@pytest.mark.anyio
async def test_years_are_written_where_they_differ(tmp_path: Path):
    """Each album is asked about once; right files are not touched."""
    paths = album(tmp_path, "Nirvana", "Nevermind", "1991-09-24", "", "2011")
    untouched = print_of(paths[0])
    years = Knows()
    going = Scan(years, write=True)
    albums, _ = albums_of((await read_library(tmp_path)).tracks)
    [found] = await going.run(albums)
    assert years.asked == [("Nirvana", "Nevermind")]
    assert sorted(found.written) == sorted(going.written) == paths[1:]
    assert [date_of(path) for path in paths] == ["1991-09-24", "1991", "1991"]
    assert print_of(paths[0]) == untouched


@pytest.mark.anyio
async def test_a_link_that_leads_out_of_the_folder_is_not_written_through(tmp_path: Path):
    """It is told; a link within the folder is as good as a file."""
    [outside] = album(tmp_path / "outside", "Nirvana", "Nevermind", "2011")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link.flac").symlink_to(outside)
    going = Scan(Knows(), write=True, folder=tmp_path / "music")
    albums, _ = albums_of((await read_library(tmp_path / "music")).tracks)
    await going.run(albums)
    assert ["leads out of" in one.why for one in going.unwritten] == [True]
    assert date_of(outside) == "2011"


@pytest.mark.anyio
async def test_an_outage_does_not_stop_the_others(tmp_path: Path):
    """The album it hit has the error; the findings come in the albums' order."""
    del tmp_path
    albums, _ = albums_of([track("Unlucky", "X"), track("Lucky", "Y"), track("Zappa", "Z")])
    found = await Scan(Knows(error=ServiceUnavailable("down"))).run(albums)
    assert [(one.album.artist, one.year, one.error is None) for one in found] == [
        ("Lucky", 1991, True),
        ("Unlucky", None, False),
        ("Zappa", 1991, True),
    ]


@pytest.mark.anyio
async def test_a_file_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is told and stays as it was."""
    paths = album(tmp_path, "Nirvana", "Nevermind", "2011", "2011")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != paths[0] and access(path, mode))
    going = Scan(Knows(), write=True)
    albums, _ = albums_of((await read_library(tmp_path)).tracks)
    await going.run(albums)
    assert going.written == [paths[1]]
    assert [one.path for one in going.unwritten] == [paths[0]]
    assert date_of(paths[0]) == "2011"


@pytest.mark.anyio
async def test_stopping_finishes_the_file_that_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is done is known at the end, and nothing goes on behind it."""
    paths = album(tmp_path, "Nirvana", "Nevermind", "2011", "2011")
    going = Scan(Knows(), write=True)
    albums, _ = albums_of((await read_library(tmp_path)).tracks)
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def writes(path: Path, year: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        write_year(path, year)

    monkeypatch.setattr(scanning, "write_year", writes)
    task = asyncio.create_task(going.run(albums))
    async with asyncio.timeout(20):
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert going.written == [paths[0]]
    assert [date_of(path) for path in paths] == ["1991", "2011"]
