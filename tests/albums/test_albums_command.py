"""`batuta albums`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from albums_music import album, date_of, music, print_of, tag
from albums_parts import caches
from sources_loopback import CONTACT, SILENCE, TOKEN, Loopback, Says

from batuta.albums import CacheOrchestrator
from batuta.cli.main import run
from batuta.testing.servers import serving

SECONDS = 20.0
DOWN = Says(status=503, headers={"Retry-After": "900"})
"""Longer than anybody waits for another attempt."""


class Sources:
    """The three services, served by a thread: the command has the event loop."""

    def __init__(self) -> None:
        self.loopback = Loopback()
        self.url = ""
        self.loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loopback.let_go)
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        self.loop.close()

    def _run(self) -> None:
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with serving(self.loopback) as self.url:
            self._up.set()
            await self._end.wait()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    return tmp_path / "data" / "albums"


@pytest.fixture
def sources(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The sources the command asks."""
    del data
    with Sources() as there:
        monkeypatch.setenv("MUSICBRAINZ_URL", f"{there.url}/ws/2")
        monkeypatch.setenv("ITUNES_URL", there.url)
        monkeypatch.setenv("DISCOGS_URL", there.url)
        monkeypatch.setenv("DISCOGS_TOKEN", TOKEN)
        monkeypatch.setenv("ALBUMS_CONTACT", CONTACT)
        yield there.loopback


def known(data: Path, *albums: tuple[str, str, str, int]) -> None:
    """Have these years in the caches."""

    async def store() -> None:
        async with caches(data) as there:
            for one in albums:
                await there.store_album_year(*one)

    asyncio.run(store())


def kept(data: Path) -> set[tuple[str, str, str]]:
    """The years in the caches."""

    async def look() -> set[tuple[str, str, str]]:
        async with caches(data) as there:
            return {(one.artist, one.album, one.year) for one in there.album_years_cache.values()}

    return asyncio.run(look())


def last_run(data: Path) -> float:
    async def look() -> float:
        async with caches(data) as there:
            return (await there.get_last_run_timestamp()).timestamp()

    return asyncio.run(look())


# year


def test_a_year_is_told_with_its_reasons(sources: Loopback, capsys: pytest.CaptureFixture[str]):
    """On stdout: the year, how sure, a line for each source."""
    assert run(["albums", "year", "Nirvana", "Nevermind"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1991  9")
    assert [line.split()[:2] for line in lines[2:]] == [
        ["discogs", "1991"],
        ["itunes", "1991"],
        ["musicbrainz", "1991"],
    ]
    assert len(sources.requests) == 3


def test_a_known_year_asks_nobody(sources: Loopback, data: Path, capsys: pytest.CaptureFixture[str]):
    """It is one JSON document with `--json`; `--refresh` asks all the same."""
    known(data, ("Nirvana", "Nevermind", "1990", 60))
    assert run(["albums", "year", "nirvana", "NEVERMIND", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["year"], told["confidence"], told["origin"]) == ("1990", 60, "cache")
    assert sources.requests == []
    assert run(["albums", "year", "Nirvana", "Nevermind", "--refresh", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["year"], told["origin"], told["stays"]) == ("1991", "sources", None)
    known(data, ("Nirvana", "Nevermind", "1990", 99))
    assert run(["albums", "year", "Nirvana", "Nevermind", "--refresh"]) == 0
    assert "still 1990, since that is surer (99 %)" in capsys.readouterr().err
    assert {said["source"] for said in told["said"]} == {"musicbrainz", "itunes", "discogs"}
    assert len(sources.requests) == 6


@pytest.mark.usefixtures("sources")
def test_a_year_nobody_knows_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    """It is said, and what each source said."""
    assert run(["albums", "year", "Nobody Whatsoever", "Xyzzy"]) == 1
    out = capsys.readouterr().out
    assert "no source knows a year" in out
    assert out.count("does not know the album") == 3


def test_an_outage_is_exit_code_3(sources: Loopback, capsys: pytest.CaptureFixture[str]):
    """It is never "no year"; the line on stderr names the sources, the document the cause."""
    sources.always = DOWN
    assert run(["albums", "year", "Nirvana", "Nevermind", "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "service_unavailable"
    assert len(err.strip().splitlines()) == 1
    assert all(name in err for name in ("musicbrainz", "itunes", "discogs"))
    assert TOKEN not in out + err
    assert run(["albums", "year", "Nirvana", "Nevermind"]) == 3
    assert "asking again may help in 900 s" in capsys.readouterr().err


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["year", "Nirvana"], "album"),
        (["year", " ", "Nevermind"], "artist needs 1 to 500"),
        (["invalidate"], "--all"),
        (["invalidate", "Nirvana", "--all"], "--all"),
        (["scan", "nowhere"], "nowhere is not a folder"),
        (["scan", ".", "--limit", "0"], "--limit"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_use_is_exit_code_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    """One line that says what is wrong."""
    assert run(["albums", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


# The caches


def test_stats_count_what_is_kept(data: Path, capsys: pytest.CaptureFixture[str]):
    """A table for people, the caches' own numbers as JSON."""
    known(data, ("Nirvana", "Nevermind", "1991", 90), ("Björk", "Debut", "1993", 90))
    assert run(["albums", "stats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:3] == ["album", "years", "2"]
    assert lines[-1].endswith("never")
    assert run(["albums", "stats", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["album"]["total_albums"] == 2
    assert told["last_run"] == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["NIRVANA", "nevermind"], {"Incesticide", "Hits", "Debut"}),
        (["--artist", "nirvana", "--album", "Hits"], {"Nevermind", "Incesticide", "Debut", "Hits"}),
        (["--artist", "nirvana"], {"Hits", "Debut"}),
        (["--album", "hits"], {"Nevermind", "Incesticide", "Debut"}),
        (["--all"], set()),
    ],
)
def test_exactly_what_is_named_is_forgotten(arguments: list[str], left: set[str], data: Path):
    """One album, an artist's, a title's, or everything; the next process does not know it either."""
    known(
        data,
        ("Nirvana", "Nevermind", "1991", 90),
        ("Nirvana", "Incesticide", "1992", 90),
        ("Björk", "Debut", "1993", 90),
        ("Queen", "Hits", "1981", 90),
    )
    assert run(["albums", "invalidate", *arguments]) == 0
    assert {title for _, title, _ in kept(data)} == left


def test_the_sources_answers_are_forgotten_too(data: Path):
    """An album that has answers and no year is found by its artist."""

    async def store(there: CacheOrchestrator) -> None:
        await there.set_cached_api_result("Nirvana", "Bleach", "discogs", None, is_negative=True)

    async def work(*, look: bool) -> int:
        async with caches(data) as there:
            if not look:
                await store(there)
            return len(there.api_cache)

    assert asyncio.run(work(look=False)) == 1
    assert run(["albums", "invalidate", "--artist", "nirvana"]) == 0
    assert asyncio.run(work(look=True)) == 0


def test_what_is_exported_can_be_imported(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The older files go into another data folder."""
    known(data, ("Nirvana", "Nevermind", "1991", 90))
    assert run(["albums", "export", str(tmp_path / "out")]) == 0
    assert "album_years.csv" in capsys.readouterr().out
    with (tmp_path / "out" / "album_years.csv").open(newline="") as file:
        assert [row["year"] for row in csv.DictReader(file)] == ["1991"]
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path / "other"))
    assert run(["albums", "import", str(tmp_path / "out")]) == 0
    assert kept(tmp_path / "other" / "albums") == {("Nirvana", "Nevermind", "1991")}


@pytest.mark.usefixtures("data")
def test_a_folder_without_older_files_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """It is said that nothing was imported."""
    assert run(["albums", "import", str(tmp_path)]) == 1
    assert "nothing was imported" in capsys.readouterr().err


# scan


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three albums: one with a wrong and a missing year, one right, one nobody is sure about."""
    album(tmp_path / "music" / "Nevermind", "Nirvana", "Nevermind", "2011-09-27", "", "1991-09-24")
    album(tmp_path / "music" / "Debut", "Björk", "Debut", "1993-07-05")
    album(tmp_path / "music" / "Demo", "Zzz", "Demo", "")
    return tmp_path / "music"


def know_the_library(data: Path) -> None:
    known(
        data,
        ("Nirvana", "Nevermind", "1991", 95),
        ("Björk", "Debut", "1993", 90),
        ("Zzz", "Demo", "2001", 69),
    )


def dates(library: Path) -> dict[str, str]:
    return {str(path.relative_to(library)): date_of(path) for path in library.rglob("*.flac")}


BEFORE = {
    "Nevermind/0.flac": "2011-09-27",
    "Nevermind/1.flac": "",
    "Nevermind/2.flac": "1991-09-24",
    "Debut/0.flac": "1993-07-05",
    "Demo/0.flac": "",
}
AFTER = {**BEFORE, "Nevermind/0.flac": "1991", "Nevermind/1.flac": "1991"}


@pytest.mark.usefixtures("sources")
def test_a_scan_tells_what_differs_and_changes_nothing(
    library: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    """A line for each album; damaged files are told; the run is noted."""
    know_the_library(data)
    (library / "broken.mp3").write_bytes(b"x" * 100)
    files = {path: print_of(path) for path in library.rglob("*") if path.is_file()}
    assert run(["albums", "scan", str(library)]) == 0
    out, err = capsys.readouterr()
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert lines["Björk"].split()[1:] == ["Debut", "1993", "1993", "90", "%"]
    assert "1 with another year and 1 without a year, of 3 files" in lines["Nirvana"]
    assert "1 without a year, of 1 file: too unsure to write" in lines["Zzz"]
    assert "broken.mp3" in err
    assert "3 albums, 2 with a difference; --write would change 2 files" in err
    assert {path: print_of(path) for path in library.rglob("*") if path.is_file()} == files
    assert last_run(data) > 0


@pytest.mark.usefixtures("sources")
def test_with_write_the_years_are_set_right(library: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """Only where the year differs and is sure; then there is nothing left to do."""
    know_the_library(data)
    assert run(["albums", "scan", str(library), "--write", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    written = [path for one in told["albums"] for path in one["written"]]
    assert written == [str(library / "Nevermind" / "0.flac"), str(library / "Nevermind" / "1.flac")]
    assert dates(library) == AFTER
    assert run(["albums", "scan", str(library), "--write"]) == 0
    assert "0 files written" in capsys.readouterr().err


def test_a_scan_asks_the_sources(sources: Loopback, tmp_path: Path, data: Path):
    """An album that is not known is asked about, and known from then on."""
    [path] = album(tmp_path / "music", "Nirvana", "Nevermind", "2011")
    assert run(["albums", "scan", str(tmp_path / "music"), "--write"]) == 0
    assert date_of(path) == "1991"
    assert len(sources.requests) == 3
    assert kept(data) == {("Nirvana", "Nevermind", "1991")}


def test_an_outage_in_a_scan_is_exit_code_3(
    sources: Loopback, library: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    """The albums that are known are done, the other is told."""
    known(data, ("Nirvana", "Nevermind", "1991", 95), ("Björk", "Debut", "1993", 90))
    sources.always = DOWN
    assert run(["albums", "scan", str(library), "--write"]) == 3
    out, err = capsys.readouterr()
    assert "not known now" in out
    assert "1 could not be asked about now" in err
    assert "'Demo'" in err  # and why
    assert dates(library) == AFTER
    assert last_run(data) == 0  # what could not be asked about has not been gone through


@pytest.mark.usefixtures("sources")
def test_what_the_operator_has_not_set_is_said_once(
    library: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A source that is not asked does not "not know" an album."""
    monkeypatch.delenv("DISCOGS_TOKEN")
    known(data, ("Nirvana", "Nevermind", "1991", 95), ("Björk", "Debut", "1993", 90))
    assert run(["albums", "scan", str(library)]) == 0
    out, err = capsys.readouterr()
    assert err.count("set DISCOGS_TOKEN") == 1
    assert "no source that was asked knows it" in out


@pytest.mark.usefixtures("sources")
def test_a_limit_looks_at_the_first_albums(library: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """A part of the folder is no run over it."""
    know_the_library(data)
    assert run(["albums", "scan", str(library), "--limit", "1", "--json"]) == 0
    assert [one["artist"] for one in json.loads(capsys.readouterr().out)["albums"]] == ["Björk"]
    assert last_run(data) == 0


@pytest.mark.usefixtures("sources")
def test_a_file_that_cannot_be_written_is_exit_code_1(
    library: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """It is named; the others are written."""
    know_the_library(data)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "0.flac" and access(path, mode))
    assert run(["albums", "scan", str(library), "--write"]) == 1
    assert "0.flac is read-only" in capsys.readouterr().err
    assert dates(library) == {**AFTER, "Nevermind/0.flac": "2011-09-27"}


@pytest.mark.usefixtures("data")
def test_a_folder_without_music_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """It is said what was looked for."""
    assert run(["albums", "scan", str(tmp_path)]) == 1
    assert "no music in it" in capsys.readouterr().err


@pytest.mark.usefixtures("sources")
def test_names_do_not_steer_the_terminal(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """Escape sequences in tags and bytes in file names that are no text are shown as what they are."""
    name = "\x1b[2J[red]evil"
    known(data, (name, "Album", "1999", 90))
    path = tag(music(tmp_path / "music" / "a.flac"), name, "Album")
    path.rename(os.fsdecode(os.fsencode(path.parent) + b"/\xff.flac"))
    (tmp_path / "music" / "\x1b[2J.mp3").write_bytes(b"x")
    assert run(["albums", "scan", str(tmp_path / "music")]) == 0
    out, err = capsys.readouterr()
    assert "\x1b[2J" not in out + err
    assert "[2J[red]evil" in out
    assert run(["albums", "scan", str(tmp_path / "music"), "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)["albums"]
    assert one["differing"][0]["file"].endswith("\udcff.flac")


def test_ctrl_c_leaves_what_is_done_and_says_so(
    sources: Loopback, library: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    """An album that waits for its source is given up; the others are written and the caches saved."""
    known(data, ("Nirvana", "Nevermind", "1991", 95), ("Björk", "Debut", "1993", 90))
    sources.always = SILENCE
    seen: list[bool] = []

    def person() -> None:
        done = waited_for(lambda: bool(sources.requests) and dates(library) == AFTER)
        seen.append(done)
        if done:  # the command still waits for a source: it has the signal's handler
            os.kill(os.getpid(), signal.SIGINT)

    watching = threading.Thread(target=person)
    watching.start()
    code = run(["albums", "scan", str(library), "--write"])
    watching.join(SECONDS)
    assert seen == [True]
    assert code == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(
        "stopped: [12] albums? done, 2 files written", err
    )  # the last may just be coming to its end
    assert not list(library.rglob(".batuta*"))
    assert kept(data) == {("Nirvana", "Nevermind", "1991"), ("Björk", "Debut", "1993")}
    assert last_run(data) == 0


def waited_for(happened: Callable[[], bool]) -> bool:
    """Whether it happened, half a source's time limit at most: what a thread waits for in files."""
    limit = time.monotonic() + 5
    while not happened():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True
