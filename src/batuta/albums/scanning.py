"""Going through a music folder: its files, its albums, which years in the tags differ from what is concluded.

    files → tags (in a thread) → albums → a year for each, a few at a time → what differs → written, if asked

`Finding` decides, and is pure; `Scan` does.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from batuta.albums.keys import UnifiedHashService
from batuta.albums.resolver import SURE, Resolution
from batuta.albums.scoring import Weight
from batuta.albums.tags import SUFFIXES, Tags, read_tags, write_year
from batuta.errors import BatutaError, InvalidRequest, StorageError, UnreadableMedia

MOST_FILES: Final = 200_000
DEEPEST: Final = 64
"""Folders within folders."""
AT_ONCE: Final = 4
"""Albums asked about side by side: more would only wait longer, the sources are asked at their pace."""
_BATCH: Final = 32
"""Files read before the loop gets its turn, and Ctrl-C its effect."""


@dataclass(frozen=True, slots=True)
class Track:
    """One file and its tags."""

    path: Path
    tags: Tags


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was passed over, or could not be written."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Album:
    """The files of one album, named as the first of them has it."""

    artist: str
    title: str
    tracks: tuple[Track, ...]

    @property
    def years(self) -> Counter[int | None]:
        """How many files say which year; None for those without one."""
        return Counter(track.tags.year for track in self.tracks)


@dataclass(frozen=True, slots=True)
class Library:
    """What is in a folder."""

    tracks: tuple[Track, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was concluded for an album, and what follows for its files."""

    album: Album
    resolution: Resolution | None = None
    """None where `error` says why there is none."""
    error: BatutaError | None = None
    written: tuple[Path, ...] = ()

    @property
    def year(self) -> int | None:
        """The year concluded."""
        year = None if self.resolution is None else self.resolution.year
        return Tags(date=year or "").year

    @property
    def not_asked(self) -> tuple[str, ...]:
        """Why sources were not asked: what the operator is to set."""
        said = () if self.resolution is None else self.resolution.said
        return tuple(one.text for one in said if one.weight is Weight.NOT_ASKED)

    @property
    def confidence(self) -> int:
        """0 to 100."""
        return 0 if self.resolution is None else self.resolution.confidence

    @property
    def differing(self) -> tuple[Track, ...]:
        """The files whose tags have no year or another one; a full date of the same year is no difference."""
        year = self.year
        return () if year is None else tuple(t for t in self.album.tracks if t.tags.year != year)

    @property
    def to_write(self) -> tuple[Track, ...]:
        """The files that the year is to be written into: those that differ, if we are sure enough of it."""
        return self.differing if self.confidence >= SURE else ()


class Years(Protocol):
    """Whoever knows the years of albums."""

    async def resolve(self, artist: str, album: str, *, refresh: bool = False) -> Resolution:
        """The year of an album; raises `BatutaError`."""
        ...


def albums_of(tracks: Iterable[Track]) -> tuple[list[Album], list[Skipped]]:
    """The albums by name, and the files whose tags name none; an album is one however its names are written.

    The album's artist counts; where there is none, the track's.
    """
    found: dict[str, list[Track]] = {}
    nameless: list[Skipped] = []
    for track in tracks:
        artist, title = _artist(track), track.tags.album
        if artist and title:
            found.setdefault(UnifiedHashService.hash_album_key(artist, title), []).append(track)
        else:
            nameless.append(Skipped(track.path, f"its tags name no {'album' if artist else 'artist'}"))
    albums = [Album(_artist(group[0]), group[0].tags.album, tuple(group)) for group in found.values()]
    return sorted(albums, key=lambda album: (album.artist.casefold(), album.title.casefold())), nameless


def _artist(track: Track) -> str:
    return track.tags.album_artist or track.tags.artist


def music_files(folder: Path, skip: Callable[[Skipped], None], most: int = MOST_FILES) -> Iterator[Path]:
    """The music files below the folder in order of their names, each once; hidden ones are not looked at.

    Links are followed; a folder that was seen is not entered again, so circles end. `skip` is told what
    cannot be read, and where the bounds are reached.
    """
    seen_folders: set[tuple[int, int]] = set()
    seen_files: set[str] = set()
    ahead = [(folder, 0)]
    while ahead:
        place, depth = ahead.pop()
        try:
            found = place.stat()
            if (found.st_dev, found.st_ino) in seen_folders:
                continue
            seen_folders.add((found.st_dev, found.st_ino))
            with os.scandir(place) as entries:
                there = sorted((entry for entry in entries if entry.name[0] != "."), key=lambda e: e.name)
        except OSError as error:
            skip(Skipped(place, f"cannot be opened ({error.strerror})"))
            continue
        folders = [place / entry.name for entry in there if _is_folder(entry)]
        if folders and depth >= DEEPEST:
            skip(Skipped(place, f"lies {DEEPEST} folders deep: what is below was not looked at"))
        else:
            ahead.extend((below, depth + 1) for below in reversed(folders))
        for entry in there:
            path = place / entry.name
            if path.suffix.lower() not in SUFFIXES or not _is_file(entry):
                continue
            real = os.path.realpath(path)
            if real in seen_files:
                continue
            if len(seen_files) >= most:
                skip(Skipped(place, f"is where {most} files were reached: scan its parts one by one"))
                return
            seen_files.add(real)
            yield path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


async def read_library(folder: Path, moved: Callable[[int], None] = lambda _: None) -> Library:
    """The folder's files with their tags; damaged ones are passed over. `moved` is given how many were read.

    Raises `InvalidRequest` for what is no folder.
    """
    if not await asyncio.to_thread(folder.is_dir):
        raise InvalidRequest(f"{folder} is not a folder: give the one that your music lies in")
    tracks: list[Track] = []
    skipped: list[Skipped] = []
    files = music_files(folder, skipped.append)
    while batch := await asyncio.to_thread(_read_some, files):
        tracks.extend(one for one in batch if isinstance(one, Track))
        skipped.extend(one for one in batch if isinstance(one, Skipped))
        moved(len(tracks))
    return Library(tuple(tracks), tuple(skipped))


def _read_some(files: Iterator[Path]) -> list[Track | Skipped]:
    return [_read(path) for path in islice(files, _BATCH)]


def _read(path: Path) -> Track | Skipped:
    try:
        return Track(path, read_tags(path))
    except UnreadableMedia as error:
        return Skipped(path, error.message)


@dataclass(slots=True)
class Scan:
    """Concludes a year for each album; what is done can be read at any time, also when it was stopped."""

    years: Years
    write: bool = False
    folder: Path | None = None
    """Files that links lead to from there, and that lie elsewhere, are not written."""
    findings: list[Finding] = field(default_factory=list[Finding])
    written: list[Path] = field(default_factory=list[Path])
    unwritten: list[Skipped] = field(default_factory=list[Skipped])

    async def run(
        self, albums: Sequence[Album], moved: Callable[[Finding], None] = lambda _: None
    ) -> list[Finding]:
        """A finding for each album, in their order; `moved` is given each when it is there.

        An album whose year cannot be had now does not stop the others.
        """
        found: dict[int, Finding] = {}
        ahead = iter(enumerate(albums))

        async def work() -> None:
            for number, album in ahead:
                found[number] = finding = await self._find(album)
                self.findings.append(finding)
                moved(finding)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
        return [found[number] for number in sorted(found)]

    async def _find(self, album: Album) -> Finding:
        try:
            resolution = await self.years.resolve(album.artist, album.title)
        except BatutaError as error:
            return Finding(album, error=error)
        finding = Finding(album, resolution)
        year = finding.year
        if not self.write or year is None:
            return finding
        paths = [track.path for track in finding.to_write]
        written = [path for path in paths if await self._write(path, year)]
        return Finding(album, resolution, written=tuple(written))

    async def _write(self, path: Path, year: int) -> bool:
        """Whether it was written; a file that has been begun is finished although we are to stop."""
        task = asyncio.create_task(asyncio.to_thread(self._write_one, path, year))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    def _write_one(self, path: Path, year: int) -> bool:
        try:
            if self.folder is not None and not path.resolve().is_relative_to(self.folder.resolve()):
                raise StorageError(f"{path} leads out of {self.folder}: scan the folder that it lies in")
            write_year(path, year)
        except BatutaError as error:
            self.unwritten.append(Skipped(path, error.message))
            return False
        self.written.append(path)
        return True
