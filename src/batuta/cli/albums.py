"""`batuta albums`: the years of albums, the caches behind them, and a music folder's tags."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from batuta.albums.app import open_albums
from batuta.albums.keys import folded
from batuta.albums.orchestrator import CacheOrchestrator
from batuta.albums.resolver import Resolution
from batuta.albums.runs import IncrementalRunTracker
from batuta.albums.scanning import Finding, Library, Scan, Skipped, albums_of, read_library
from batuta.cli.screen import print_document, say, stderr
from batuta.cli.stopping import stopped_by_signal
from batuta.errors import BatutaError, Cancelled, InvalidRequest, NotFound
from batuta.settings import Settings

UPSTREAM: Final = 3
_PIPE_COLUMNS: Final = 1000
"""A program that reads a table wants one line a row."""
_MOST_TOLD: Final = 20

app = App(name="albums", help="Years of albums, and the tags of a music folder.")

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
Flag = Annotated[bool, Parameter(negative="")]
Name = Annotated[str, Parameter(allow_leading_hyphen=True)]
OptionalName = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
All = Annotated[bool, Parameter(name="--all", negative="")]


@app.command
async def year(artist: Name, album: Name, *, refresh: Flag = False, as_json: AsJson = False) -> int:
    """The year an album first came out, how sure that is, and what each source said.

    Parameters
    ----------
    artist
        As on the cover; spelling of capitals does not matter.
    album
        Its title.
    refresh
        Ask the sources although the year is known.
    as_json
        Print one JSON document on stdout.
    """
    try:
        async with open_albums(Settings()) as albums:
            with stderr.status("asking the sources…"):
                found = await albums.years.resolve(artist, album, refresh=refresh)
    except BatutaError as error:
        if as_json:
            print_document(_json({"status": "failed", "error": error.to_dict()}))
        elif error.retry_after is not None:
            say(f"asking again may help in {math.ceil(error.retry_after)} s")
        raise
    if as_json:
        print_document(_json(_resolution(found)))
        return 0 if found.year else 1
    since = "" if found.kept_at is None else f", known since {found.kept_at.astimezone():%Y-%m-%d}"
    told = f"{found.year}  {found.confidence} %{since}" if found.year else "no source knows a year"
    print_document(f"{told}  ({_shown(found.artist)}: {_shown(found.album)})")
    rows = [(said.source, str(said.year or "-"), said.text) for said in found.said]
    if rows:
        print_document(_table(("source", "year", "what it said"), rows))
    if found.stays is not None:
        say(f"what is kept is still {found.stays.year}, since that is surer ({found.stays.confidence} %)")
    return 0 if found.year else 1


@app.command
async def stats(*, as_json: AsJson = False) -> int:
    """How much the caches hold.

    Parameters
    ----------
    as_json
        Print one JSON document on stdout.
    """
    async with open_albums(Settings()) as albums:
        caches = albums.caches
        years, answers = caches.album_service.get_stats(), caches.api_service.get_stats()
        generic, last = caches.generic_service.get_stats(), await caches.get_last_run_timestamp()
    if as_json:
        told = {"album": years, "api": answers, "generic": generic, "last_run": last.isoformat()}
        print_document(_json(told))
        return 0
    rows = [
        ("album years", str(years["total_albums"]), years["cache_file"]),
        ("sources' answers", str(answers["total_entries"]), answers["cache_file"]),
        ("generic", str(generic["total_entries"]), generic["cache_file"]),
    ]
    print_document(_table(("cache", "entries", "file"), rows))
    when = f"{last.astimezone():%Y-%m-%d %H:%M}" if last.timestamp() > 0 else "never"
    print_document(f"a music folder was last gone through: {when}")
    return 0


@app.command
async def invalidate(
    artist: OptionalName = None, album: OptionalName = None, *, everything: All = False
) -> int:
    """Forget an album's year and what the sources said about it.

    Parameters
    ----------
    artist
        With an album: that album. Alone: every album of the artist.
    album
        Alone, as --album: every album of that title.
    everything
        Forget every entry of all caches.
    """
    if everything == (artist is not None or album is not None):
        raise InvalidRequest("give ARTIST and ALBUM, one of --artist and --album, or --all")
    async with open_albums(Settings()) as albums:
        count = 0
        if everything:
            await albums.caches.invalidate_all()
        elif artist is not None and album is not None:
            count = _forget(albums.caches, artist, album)
        else:
            count = sum(_forget(albums.caches, *one) for one in _known(albums.caches, artist, album))
    if everything:
        say("every entry was forgotten")
        return 0
    say(f"{count} {'album was' if count == 1 else 'albums were'} forgotten")
    return 0


@app.command(name="export")
async def export_files(folder: Path) -> int:
    """Write the caches as files of the older format: album_years.csv, cache.json, generic_cache.json.

    Parameters
    ----------
    folder
        Where to; it is made if need be.
    """
    async with open_albums(Settings()) as albums:
        _print_counts(await albums.caches.export_files(folder))
    return 0


@app.command(name="import")
async def import_files(folder: Path) -> int:
    """Take over files of the older format, except where something newer is known or their time is over.

    Parameters
    ----------
    folder
        Where album_years.csv, cache.json or generic_cache.json lie.
    """
    async with open_albums(Settings()) as albums:
        _print_counts(await albums.caches.import_files(folder))
    return 0


@app.command
async def scan(
    folder: Path, *, write: Flag = False, limit: int | None = None, as_json: AsJson = False
) -> int:
    """Read the tags of a music folder and compare their years with those that the sources know.

    Parameters
    ----------
    folder
        Where the music lies: mp3, flac, m4a, ogg, opus, wma, wav.
    write
        Write the year into the files whose year is missing or another one, where we are 70 % sure of it.
        Without it no file is changed.
    limit
        Look at so many albums only, the first by name.
    as_json
        Print one JSON document on stdout.
    """
    if limit is not None and limit < 1:
        raise InvalidRequest(f"--limit needs at least 1, not {limit}")
    going: Scan | None = None
    try:
        async with stopped_by_signal(), open_albums(Settings()) as albums:
            library = await _read(folder)
            found, nameless = albums_of(library.tracks)
            chosen = found[:limit]
            going = Scan(albums.years, write=write, folder=folder)
            with _bar("asking for years", len(chosen)) as move:
                findings = await going.run(chosen, lambda _: move())
            whole = len(chosen) == len(found) and not any(_may_help(finding) for finding in findings)
            if whole:  # a part of the library is no run over it
                await IncrementalRunTracker(albums.caches.config).update_last_run_timestamp()
    except Cancelled as stopped:
        raise Cancelled(_stopped(going)) from stopped
    _tell([*library.skipped, *nameless], "passed over")
    _tell(going.unwritten, "not written")
    for told in sorted({told for finding in findings for told in finding.not_asked}):
        say(_shown(told))
    outage = next((finding.error for finding in findings if _may_help(finding)), None)
    if outage is not None:
        say(_shown(outage.message))
    _print_findings(folder, findings, going, [*library.skipped, *nameless], as_json=as_json)
    say(_summary(findings, going))
    return _exit_code(findings, going)


async def _read(folder: Path) -> Library:
    with Progress(
        TextColumn("reading tags: {task.completed:.0f} files"), console=stderr, disable=not stderr.is_terminal
    ) as progress:
        bar = progress.add_task("")
        library = await read_library(folder, lambda count: progress.update(bar, completed=count))
    if not (library.tracks or library.skipped):
        raise NotFound(f"{folder} has no music in it: mp3, flac, m4a, ogg, opus, wma or wav")
    return library


def _print_findings(
    folder: Path, findings: Sequence[Finding], going: Scan, skipped: Sequence[Skipped], *, as_json: bool
) -> None:
    if as_json:
        told = {
            "folder": str(folder),
            "albums": [_finding(finding) for finding in findings],
            "passed_over": [{"file": str(one.path), "why": one.why} for one in skipped],
            "not_written": [{"file": str(one.path), "why": one.why} for one in going.unwritten],
        }
        print_document(_json(told))
    elif findings:
        rows = [_row(finding) for finding in findings]
        print_document(_table(("artist", "album", "in the tags", "year", "sure", "what differs"), rows))


def _row(finding: Finding) -> tuple[str, ...]:
    tagged = sorted(str(year) for year in finding.album.years if year is not None)
    year = "-" if finding.year is None else str(finding.year)
    sure = "-" if finding.year is None else f"{finding.confidence} %"
    names = (finding.album.artist, finding.album.title)
    return (*names, ", ".join(tagged) or "-", year, sure, _what_differs(finding))


def _what_differs(finding: Finding) -> str:
    if finding.error is not None:  # an outage has one cause for many albums, which is told once
        return "not known now" if _may_help(finding) else finding.error.message
    if finding.year is None:
        return "no source that was asked knows it" if finding.not_asked else "no source knows it"
    if not finding.differing:
        return ""
    without = sum(track.tags.year is None for track in finding.differing)
    other = len(finding.differing) - without
    parts = [f"{other} with another year"] * (other > 0) + [f"{without} without a year"] * (without > 0)
    told = f"{' and '.join(parts)}, of {_files(len(finding.album.tracks))}"
    if finding.written:
        return f"{told}: {len(finding.written)} written"
    return told if finding.to_write else f"{told}: too unsure to write"


def _summary(findings: Sequence[Finding], going: Scan) -> str:
    differing = sum(bool(finding.differing) for finding in findings)
    if going.write:
        then = f"{_files(len(going.written))} written"
    else:
        count = sum(len(finding.to_write) for finding in findings)
        then = f"--write would change {_files(count)}"
    told = f"{_albums(len(findings))}, {differing} with a difference; {then}"
    unreached = sum(_may_help(finding) for finding in findings)
    return f"{told}; {unreached} could not be asked about now: run it again later" if unreached else told


def _stopped(going: Scan | None) -> str:
    if going is None:
        return "stopped while the tags were read: nothing was changed"
    done = f"{_albums(len(going.findings))} done, {_files(len(going.written))} written"
    return f"stopped: {done}, and that stays; the same command goes on from there"


def _exit_code(findings: Iterable[Finding], going: Scan) -> int:
    if any(_may_help(finding) for finding in findings):
        return UPSTREAM
    return 1 if going.unwritten else 0


def _may_help(finding: Finding) -> bool:
    """Whether another run may find what this one did not."""
    return finding.error is not None and finding.error.retryable


def _finding(finding: Finding) -> dict[str, Any]:
    album = finding.album
    return {
        "artist": album.artist,
        "album": album.title,
        "files": len(album.tracks),
        "years_in_tags": sorted(year for year in album.years if year is not None),
        "year": finding.year,
        "confidence": finding.confidence,
        "differing": [
            {"file": str(track.path), "date": track.tags.date or None} for track in finding.differing
        ],
        "to_write": [str(track.path) for track in finding.to_write],
        "written": [str(path) for path in finding.written],
        "error": None if finding.error is None else finding.error.to_dict(),
    }


def _resolution(found: Resolution) -> dict[str, Any]:
    return {
        "status": "ok" if found.year else "unknown",
        "artist": found.artist,
        "album": found.album,
        "year": found.year,
        "confidence": found.confidence,
        "origin": found.origin,
        "said": [
            {"source": said.source, "weight": said.weight.value, "year": said.year, "text": said.text}
            for said in found.said
        ],
        "kept_at": None if found.kept_at is None else found.kept_at.isoformat(),
        "stays": None
        if found.stays is None
        else {"year": found.stays.year, "confidence": found.stays.confidence},
    }


def _known(caches: CacheOrchestrator, artist: str | None, album: str | None) -> set[tuple[str, str]]:
    """The albums we know something about, of that artist or of that title."""
    wanted = (None if artist is None else folded(artist), None if album is None else folded(album))
    there = [*caches.album_years_cache.values(), *caches.api_cache.values()]
    names = {(folded(one.artist), folded(one.album)) for one in there}
    return {both for both in names if all(w in {None, name} for w, name in zip(wanted, both, strict=True))}


def _forget(caches: CacheOrchestrator, artist: str, album: str) -> bool:
    """Whether anything was known."""
    year_known = caches.album_service.forget(artist, album)
    return bool(caches.api_service.forget(artist, album)) or year_known


def _print_counts(counts: dict[str, int]) -> None:
    print_document(_table(("file", "entries"), [(name, str(count)) for name, count in counts.items()]))


def _tell(skipped: Sequence[Skipped], what: str) -> None:
    for one in skipped[:_MOST_TOLD]:
        place = "" if str(one.path) in one.why else f"{one.path} "
        say(_shown(f"{what}: {place}{one.why}"))
    if len(skipped) > _MOST_TOLD:
        say(f"{what}: {len(skipped) - _MOST_TOLD} more")


@contextmanager
def _bar(title: str, total: int) -> Generator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as progress:
        bar = progress.add_task(title, total=total)
        yield lambda: progress.advance(bar)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """As wide as the terminal; elsewhere a line a row."""
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    table = Table(*titles, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _shown(text: str) -> str:
    """The text without what could steer a terminal: names come out of files from anywhere."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _json(told: object) -> str:
    text = json.dumps(told, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file's name need not be text
        return json.dumps(told)
    return text


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _albums(count: int) -> str:
    return f"{count} album{'' if count == 1 else 's'}"
