"""The files of older versions, read and written a little at a time.

| file | content |
|---|---|
| `album_years.csv` | `artist,album,year,timestamp,confidence`; the last two may be absent |
| `cache.json` | an object of key → result of a source |
| `generic_cache.json` | an object of key → `{"value", "expires_at"}` |

A row that cannot be used is told and passed over. Where the file itself ends badly, `Unreadable` is raised
after what comes before the damage.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO, cast

from batuta.albums.config import FAILED_LOOKUP_SECONDS
from batuta.albums.models import AlbumCacheEntry, CachedApiResult
from batuta.albums.writing import replaced
from batuta.albums.years import SHOWN, parse_year, this_year

CHUNK: Final = 64 * 1024
COLUMNS: Final = ("artist", "album", "year", "timestamp", "confidence")
MOST_CONFIDENT: Final = 100
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
"""In the place of bytes that are no UTF-8: the name that they are part of is not known."""
MOST_WORDS: Final = 200
"""Characters of a reason."""
MOST_OF_ONE: Final = 64 * 1024 * 1024
"""Characters of one member: a file that has lost a quotation mark is not read into memory whole."""
_LENIENT: Final = "batuta-older-formats"
Skip = Callable[[str], None]
"""Told of each row that is passed over, and why: `line 3 is`."""


class Unreadable(Exception):
    """The file is not of its format from here on."""


def read_album_years(path: Path, now: float, skip: Skip) -> Iterator[AlbumCacheEntry]:
    """The entries of an `album_years.csv`; a row without a timestamp is as old as the file is read."""
    with _opened(path) as file:
        rows = csv.reader(file, skipinitialspace=True)
        try:
            columns = [name.strip() for name in next(rows, list[str]())]
        except csv.Error as error:
            raise Unreadable(str(error)) from error
        missing = set(COLUMNS[:3]) - set(columns)
        if missing and any(columns):
            raise Unreadable(f"it has no column {', '.join(sorted(missing))}")
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:  # a field longer than any name; the next line is another row
                skip(f"line {rows.line_num} is")
                continue
            entry = _album_year(dict(zip(columns, row, strict=False)), now)
            if entry is not None:
                yield entry
            elif row:
                skip(f"line {rows.line_num} is")


def read_api_results(path: Path, now: float, skip: Skip) -> Iterator[CachedApiResult]:
    """The results in a `cache.json`; one without a year and a lifetime is a failed lookup."""
    for key, value in _items(path):
        try:
            yield _api_result(cast("dict[str, Any]", value), now)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            skip(_why(key, error))


def read_generic(path: Path, skip: Skip) -> Iterator[tuple[str, object, float]]:
    """Key, value and end of life (seconds since 1970) of what is in a `generic_cache.json`."""
    for key, value in _items(path):
        try:
            entry = cast("dict[str, Any]", value)
            yield key, entry["value"], _time(entry["expires_at"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            skip(_why(key, error))


def write_album_years(path: Path, entries: Iterable[AlbumCacheEntry]) -> int:
    """Write an `album_years.csv`, and give how many rows it has; raises `OSError`."""
    count = 0
    with replaced(path) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for entry in entries:
            writer.writerow(
                (entry.artist, entry.album, entry.year, f"{entry.timestamp:.6f}", entry.confidence)
            )
            count += 1
    return count


def write_object(path: Path, items: Iterable[tuple[str, str]]) -> int:
    """Write an object, one member a line, and give how many; values are JSON already. Raises `OSError`."""
    count = 0
    with replaced(path) as file:
        file.write("{")
        for key, value in items:
            file.write(f"{',' if count else ''}\n  {json.dumps(key)}: {value}")
            count += 1
        file.write("\n}\n")
    return count


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", errors=_LENIENT, newline="")


def _marked(error: UnicodeError) -> tuple[str | bytes, int]:
    """Halves of characters as they are; in the place of what is no UTF-8 `UNKNOWN`."""
    try:
        return _halves(error)
    except UnicodeDecodeError as bad:
        return UNKNOWN, bad.start + 1


_halves: Final = codecs.lookup_error("surrogatepass")
codecs.register_error(_LENIENT, _marked)


def _why(key: str, error: Exception) -> str:
    told = str(error)
    return f"{key[:SHOWN]!r} ({type(error).__name__}: {told[:MOST_WORDS]}{'…' * (len(told) > MOST_WORDS)}) is"


def _time(value: object) -> float:
    moment = float(cast("float", value))
    if isinstance(value, bool) or not math.isfinite(moment):
        raise ValueError(f"{value!r} is no time")
    return moment


def _album_year(row: dict[str, str | None], now: float) -> AlbumCacheEntry | None:
    artist, album, year = ((row.get(name) or "").strip() for name in COLUMNS[:3])
    if not (artist and album) or UNKNOWN in artist + album or parse_year(year, this_year(now)) is None:
        return None
    try:
        timestamp = min(_time(row.get("timestamp") or now), now)
        confidence = int(float(row.get("confidence") or 0))
    except (ValueError, OverflowError):
        return None
    return AlbumCacheEntry(artist, album, year, timestamp, max(0, min(confidence, MOST_CONFIDENT)))


def _api_result(item: dict[str, Any], now: float) -> CachedApiResult:
    year = None if item.get("year") is None else str(item["year"]).strip()
    if year is not None and parse_year(year, this_year(now)) is None:
        year = None
    ttl = None if item.get("ttl") is None else int(_time(item["ttl"]))
    if year is None and ttl is None:
        ttl = FAILED_LOOKUP_SECONDS
    response = item.get("api_response")
    return CachedApiResult(
        artist=_text(item["artist"]),
        album=_text(item["album"]),
        year=year,
        source=_text(item["source"]),
        timestamp=min(_time(item.get("timestamp", 0.0)), now),
        ttl=ttl,
        metadata=dict(item.get("metadata") or {}),
        api_response=None if response is None else dict(response),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or UNKNOWN in value:
        raise TypeError(f"{value!r} is no name")
    return value.strip()


def _items(path: Path) -> Iterator[tuple[str, object]]:
    """The members of the one object in the file; an empty file and an empty list have none."""
    with _opened(path) as file:
        try:
            yield from _Members(file)
        except ValueError as error:
            raise Unreadable(str(error)) from error


class _Members:
    """The members of a JSON object, decoded one by one: reading it whole would stop every other thread."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder()
        self._of_any_number = json.JSONDecoder(parse_int=float)

    def __iter__(self) -> Iterator[tuple[str, object]]:
        first = self._sign()
        if first == "[" and self._sign() == "]" and not self._sign():
            return
        if first not in ("", "{"):
            raise ValueError("it is no JSON object")
        sign = self._peek() if first else ""
        if sign == "}":
            self._at += 1
        while first and sign != "}":
            key = self._value()
            if not isinstance(key, str) or self._sign() != ":":
                raise ValueError("a key was expected")
            value = self._value()
            sign = self._sign()
            if sign not in (",", "}"):  # before the value is believed: a number may have been cut
                raise ValueError("it ends in the middle" if not sign else f"{sign!r} was not expected")
            yield key, value
        if self._sign():
            raise ValueError("something follows the object")

    def _more(self) -> bool:
        if len(self._text) - self._at > MOST_OF_ONE:
            raise ValueError(f"something in it is longer than {MOST_OF_ONE} characters")
        chunk = "" if self._ended else self._file.read(max(CHUNK, len(self._text) - self._at))
        self._ended = not chunk
        self._text = self._text[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def _peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _sign(self) -> str:
        sign = self._peek()
        self._at += len(sign)
        return sign

    def _value(self) -> object:
        """The next value; None for one with a number of thousands of digits, which Python does not read."""
        self._peek()
        decoder = self._decoder
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise ValueError("a value is nested too deep") from error
            except json.JSONDecodeError:
                if not self._more():
                    raise
            except ValueError:
                decoder = self._of_any_number
            else:
                if end < len(self._text) or not self._more():  # a number may go on
                    self._at = end
                    return value if decoder is self._decoder else None
