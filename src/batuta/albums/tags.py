"""The tags of a music file: artist, album and date, read and written with mutagen.

A file is never written in place. The tags are changed in a copy beside it, which is read again, synced and
renamed over the file, so that a kill or a power cut at any moment leaves the old file or the new one, whole.
(mutagen's own `save` moves the sound within the file to make room: killed there, the file is damaged.)
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import mutagen
from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.id3 import TDRC, TYER
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from batuta.albums.writing import sync_folder
from batuta.errors import StorageError, UnreadableMedia

SUFFIXES: Final = frozenset({".mp3", ".flac", ".m4a", ".ogg", ".opus", ".wma", ".wav"})
_CHUNK_BYTES: Final = 1024 * 1024
_SAME_SECONDS: Final = 0.1
"""Some durations are estimated from the number of bytes."""
_YEAR: Final = re.compile(r"[0-9]{4}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says about itself; a field that is not there is an empty text."""

    artist: str = ""
    album_artist: str = ""
    album: str = ""
    date: str = ""
    """`2003-05-06`, `2003-05` or `2003`, but people write anything."""

    @property
    def year(self) -> int | None:
        """The year of the date; None where it has none."""
        found = _YEAR.match(self.date)
        return int(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class _Fields:
    """The names a kind of file has for them; of several the first that is there counts."""

    artist: tuple[str, ...]
    album_artist: tuple[str, ...]
    album: tuple[str, ...]
    date: tuple[str, ...]


_ID3: Final = _Fields(("TPE1",), ("TPE2",), ("TALB",), ("TDRC",))
_VORBIS: Final = _Fields(("artist",), ("albumartist", "album artist"), ("album",), ("date", "year"))
_FIELDS: Final[dict[type[Any], _Fields]] = {
    MP3: _ID3,
    WAVE: _ID3,
    FLAC: _VORBIS,
    OggVorbis: _VORBIS,
    OggOpus: _VORBIS,
    OggFLAC: _VORBIS,
    OggSpeex: _VORBIS,
    MP4: _Fields(("\xa9ART",), ("aART",), ("\xa9alb",), ("\xa9day",)),
    ASF: _Fields(("Author",), ("WM/AlbumArtist",), ("WM/AlbumTitle",), ("WM/Year",)),
}
_ID3_DATES: Final = ("TDRC", "TYER", "TDAT", "TIME")
"""The date in ID3v2.4 (4.2.5, TDRC), and in v2.3 (4.2.1: year, day and month, hour and minute)."""
_ID3V1_BYTES: Final = 128
_ID3V1_YEAR: Final = 93
"""Where its four digits of the year are."""


def read_tags(path: Path) -> Tags:
    """The tags of the file; raises `UnreadableMedia` for one that is damaged or no music file."""
    return _tags_of(_opened(path))


def write_year(path: Path, year: int) -> None:
    """Put the year in the place of the date in the tags; all else of the file stays as it is.

    ID3v2.3 stays v2.3; the older versions, which nobody writes any more, become v2.4. A link stays a link;
    another hard link to the file keeps the old tags. Raises `StorageError` where it cannot be written or
    would not come out right, and `UnreadableMedia`; the file is then as it was.
    """
    place = path.resolve()
    try:
        before = place.stat()
        if not os.access(place, os.W_OK):
            raise StorageError(f"{path} is read-only: it was left as it is")
        old = _opened(place)
        if old.tags is None:
            raise StorageError(f"{path} has no tags to put a year into")
        with _copy_beside(place) as copy:
            _change(cast("type[Any]", type(old)), copy, year, path)
            _check(old, copy, year, path)
            copy.flush()
            os.fsync(copy.fileno())
            if _print_of(place.stat()) != _print_of(before):
                raise StorageError(f"{path} was changed by somebody else meanwhile: it was left as that is")
            place.with_name(_spare_name(place)).replace(place)
        sync_folder(place.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror or error})") from error


def _opened(path: Path) -> Any:  # noqa: ANN401  # mutagen's classes have no types to speak of
    def load() -> Any:  # noqa: ANN401
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise EOFError("it is empty")
            return mutagen.File(file, options=list(_FIELDS))  # pyright: ignore[reportUnknownMemberType, reportPrivateImportUsage]

    file = _guarded(load, path)
    if file is None:
        raise UnreadableMedia(f"{path} is no music file of a kind we know")
    return file


def _guarded(work: Callable[[], Any], path: Path) -> Any:  # noqa: ANN401
    """What the work gives; a damaged file makes mutagen raise anything, which becomes `UnreadableMedia`."""
    try:
        return work()
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableMedia(f"{path} cannot be read ({why})") from error


def _tags_of(file: Any) -> Tags:  # noqa: ANN401
    fields = _FIELDS[type(file)]
    names = (fields.artist, fields.album_artist, fields.album, fields.date)
    return Tags(*(_text(file.tags, name) for name in names))


def _text(tags: Any, names: tuple[str, ...]) -> str:  # noqa: ANN401
    """The first value of the first of these fields that says something."""
    if tags is None:
        return ""
    for name in names:
        found = tags.get(name)
        values = getattr(found, "text", found)
        first = str(values[0]) if values else ""
        text = first.split("\0", 1)[0].encode("utf-8", "replace").decode("utf-8").strip()
        if text:
            return text
    return ""


def _change(kind: type[Any], copy: BinaryIO, year: int, path: Path) -> None:
    """Put the year into the copy's tags."""
    try:
        if _FIELDS[kind] is _ID3:
            _change_id3(kind, copy, str(year))
            return
        copy.seek(0)
        file = kind(copy)
        first, *others = _FIELDS[kind].date
        for name in (first, *(name for name in others if name in file)):
            file[name] = [str(year)]
        copy.seek(0)
        file.save(copy)
    except Exception as error:  # whatever a damaged file makes mutagen raise, the file itself is untouched
        raise StorageError(f"the tags of {path} cannot be written ({error}): they were left") from error


def _change_id3(kind: type[Any], copy: BinaryIO, year: str) -> None:
    # Untranslated: on the way from one version to the other mutagen renames frames (TORY), and drops those
    # that the other does not know and taggers write all the same (TSOP, the name for sorting, in v2.3).
    copy.seek(0)
    file = kind(copy, translate=False)
    version = tuple(file.tags.version[:2])
    if version not in {(2, 3), (2, 4)}:
        copy.seek(0)
        file = kind(copy)
    for name in _ID3_DATES:
        file.tags.delall(name)
    older = _id3v1(copy)
    copy.seek(0)
    if version == (2, 3):
        file.tags.add(TYER(encoding=0, text=[year]))
        file.save(copy, v2_version=3, v23_sep=None)
    else:
        file.tags.add(TDRC(encoding=3, text=[year]))
        file.save(copy)
    if older and _id3v1(copy):  # mutagen has made it anew, without what only the old one had
        copy.seek(-len(older), os.SEEK_END)
        copy.write(older[:_ID3V1_YEAR] + year.encode() + older[_ID3V1_YEAR + len(year) :])


def _id3v1(copy: BinaryIO) -> bytes:
    """The ID3v1 tag, the last 128 bytes of a file that has one."""
    copy.seek(0, os.SEEK_END)
    copy.seek(max(copy.tell() - _ID3V1_BYTES, 0))
    last = copy.read()
    return last if len(last) == _ID3V1_BYTES and last.startswith(b"TAG") else b""


def _check(old: Any, copy: BinaryIO, year: int, path: Path) -> None:  # noqa: ANN401
    """Raise `StorageError` unless the copy is the old file with another year."""

    def load() -> Any:  # noqa: ANN401
        copy.seek(0)
        return type(old)(copy)

    new = _guarded(load, path)
    same_length = abs(new.info.length - old.info.length) <= _SAME_SECONDS
    if _tags_of(new).date != str(year) or _others(new) != _others(old) or not same_length:
        raise StorageError(f"{path} would not come out right with another year: it was left as it is")


def _others(file: Any) -> tuple[list[str], int]:  # noqa: ANN401
    """All tags but the date, and the number of pictures that lie elsewhere."""
    dates = tuple(f"{name.lower()}=" for name in (*_FIELDS[type(file)].date, *_ID3_DATES))
    lines: list[str] = file.tags.pprint().splitlines()
    pictures = len(getattr(file, "pictures", ()))
    return sorted(line for line in lines if not line.lower().startswith(dates)), pictures


@contextmanager
def _copy_beside(place: Path) -> Generator[BinaryIO]:
    """A copy with the same rights, for one process at a time; it goes when the block fails.

    Its name depends on the file's alone: what a killed process has left is used by the next that writes it.
    """
    spare = place.with_name(_spare_name(place))
    number = os.open(spare, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "r+b") as copy:
        _take(copy, spare, place)
        try:
            copy.truncate(0)
            with place.open("rb") as whole:
                shutil.copyfileobj(whole, copy, _CHUNK_BYTES)
            with suppress(OSError):  # not ours: it will belong to whoever writes
                os.chown(spare, place.stat().st_uid, place.stat().st_gid)
            shutil.copystat(place, spare)
            yield copy
        except BaseException:
            spare.unlink(missing_ok=True)
            raise


def _take(copy: BinaryIO, spare: Path, place: Path) -> None:
    """Lock the copy; raises `StorageError` where another process has it, or has renamed it meanwhile.

    Also where it has a second name: it is a hard link to another file, which would be overwritten.
    """
    busy = StorageError(f"{place} is being written by another process: it was left to that one")
    try:
        fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        named, opened = spare.stat(), os.fstat(copy.fileno())
    except (BlockingIOError, FileNotFoundError):
        raise busy from None
    if (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino):
        raise busy
    if opened.st_nlink != 1:
        raise StorageError(f"{spare} is a link to another file: remove it, then {place} can be written")


def _spare_name(place: Path) -> str:
    digest = hashlib.sha256(os.fsencode(place.name)).hexdigest()
    return f".batuta-{digest[:16]}.part"


def _print_of(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns
