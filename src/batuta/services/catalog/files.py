"""A shop's file read record by record: CSV in any dialect, JSON, or JSON lines, each also packed by gzip.

A file says what it is by its name (`.csv`, `.tsv`, `.txt`, `.json`, `.jsonl`, `.ndjson`, each also `.gz`) or
else by how it begins. Tables and lines are read one at a time, however long the file; a JSON document is read
whole.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast

from typing_extensions import Buffer, override

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.services.catalog.columns import has_title

LONGEST_LINE: Final = 1024 * 1024
"""Characters. The longest of Icecat's records has 16,000."""
MOST_COLUMNS: Final = 2000
LARGEST_DOCUMENT: Final = 64 * 1024 * 1024
"""Characters of a JSON document: about 50,000 products."""
ALWAYS_UNPACKED: Final = 64 * 1024 * 1024
MOST_UNPACKED: Final = 100
"""Bytes that a packed file may give for each of its own, beyond `ALWAYS_UNPACKED`; a shop's give 5 to 20."""

Format = Literal["table", "lines", "document"]
_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".txt": "table",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".json": "document",
}
_GZIP: Final = b"\x1f\x8b"
_SAMPLE: Final = 1024
"""Bytes among which no text has a zero."""
_DELIMITERS: Final = ",;\t|"
_LISTS: Final = ("products", "items")
_DAMAGED: Final = (OSError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that was left out, and why."""

    line: int
    """Of the file, from 1; in a JSON document the place in its list."""
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """What one record says, by the file's own names; the values are strings in a table, JSON's elsewhere."""

    line: int
    values: dict[str, object]


def records_in(path: Path) -> Iterator[Record | Fault]:
    """The records of a file in their order; a part that cannot be read is a fault, and reading goes on.

    Raises `InvalidRequest` before the first record for what is none of these files, `PayloadTooLarge` for a
    JSON document over `LARGEST_DOCUMENT`. A file that breaks off later ends with a fault.
    """
    if not path.is_file():
        raise InvalidRequest(f"{path} is no file: give the path of a CSV, JSON or JSON lines file")
    try:
        source = path.open("rb")
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be opened: {error}") from error
    with source:
        lines: _Lines | None = None
        try:
            lines = _Lines(_text(source, path))
            yield from _records(lines, path)
        except _DAMAGED as error:
            if lines is None or not lines.number:
                raise InvalidRequest(f"{path} cannot be read: {error}") from error
            yield Fault(lines.number + 1, f"the file breaks off: {error}")


class _LineTooLong(Exception):
    """A line over `LONGEST_LINE`; the next one can be read."""


class _Lines:
    """The lines of a text, each with its end; goes on after one that is too long."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._kept = ""
        self.number = 0
        """Of the line last given."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._kept = self._kept or self._text.readline(LONGEST_LINE), ""
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < LONGEST_LINE or line.endswith("\n"):
            return line
        while line and not line.endswith("\n"):
            line = self._text.readline(LONGEST_LINE)
        raise _LineTooLong(f"the line has more than {LONGEST_LINE} characters")

    def first(self) -> str:
        """How the first line begins that says something; it is still to be given."""
        while (line := self._text.readline(LONGEST_LINE)) and not line.strip():
            self.number += 1
        self._kept = line
        return line

    def rest(self, most: int) -> str:
        """What has not been given yet, no more than so many characters and one."""
        kept, self._kept = self._kept, ""
        return kept + self._text.read(max(0, most + 1 - len(kept)))


class _Unpacked(io.RawIOBase):
    """What a packed file holds, up to a limit in proportion to the file: a bomb is a damaged file."""

    def __init__(self, packed: BinaryIO, size: int) -> None:
        super().__init__()
        self._file = gzip.GzipFile(fileobj=packed, mode="rb")
        self._left = max(ALWAYS_UNPACKED, size * MOST_UNPACKED)

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        count = self._file.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise OSError(f"it unpacks to more than {MOST_UNPACKED} times its size: unpack it first")
        return count


def _text(source: BinaryIO, path: Path) -> io.TextIOWrapper:
    """The file's text: UTF-16 or UTF-8 by its mark, else UTF-8; other bytes stay to be seen (`_readable`)."""
    packed = source.read(2) == _GZIP
    source.seek(0)
    size = path.stat().st_size
    plain = io.BufferedReader(_Unpacked(source, size)) if packed else cast("io.BufferedReader", source)
    mark = plain.peek(_SAMPLE)[:_SAMPLE]
    if b"\0" in mark and not mark.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidRequest(
            f"{path} is no text: give CSV, JSON or JSON lines, or one of them packed by gzip"
        )
    if mark.startswith((b"\xff\xfe", b"\xfe\xff")):
        return io.TextIOWrapper(plain, encoding="utf-16", errors="replace", newline="")
    return io.TextIOWrapper(plain, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _records(lines: _Lines, path: Path) -> Iterator[Record | Fault]:
    """By what the name says, unless the file begins as another kind does."""
    first = lines.first()
    if not first:
        raise InvalidRequest(f"{path} is empty")
    begins = first.strip()[:1]
    suffixes = [suffix.casefold() for suffix in path.suffixes if suffix.casefold() != ".gz"]
    named = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    whole = _loads(first)
    if begins == "{" and isinstance(whole, dict):
        listed = any(isinstance(cast("dict[str, object]", whole).get(name), list) for name in _LISTS)
        return _of_document(lines, path) if listed else _of_lines(lines)
    if begins == "[" or (begins == "{" and named != "lines"):
        return _of_document(lines, path)
    if named == "lines":
        return _of_lines(lines)
    if named == "document":
        raise InvalidRequest(f"{path} is no JSON: it begins with {first.strip()[:20]!r}")
    return _of_table(lines, path)


def _of_lines(lines: _Lines) -> Iterator[Record | Fault]:
    while True:
        try:
            line = next(lines, None)
        except _LineTooLong as error:
            yield Fault(lines.number, str(error))
            continue
        if line is None:
            return
        if line.strip():
            yield _record(lines.number, _loads(line))


def _of_document(lines: _Lines, path: Path) -> Iterator[Record | Fault]:
    text = lines.rest(LARGEST_DOCUMENT)
    if len(text) > LARGEST_DOCUMENT:
        raise PayloadTooLarge(
            f"{path} is a JSON document of more than {LARGEST_DOCUMENT} characters: give JSON lines"
        )
    found = _loads(text)
    if isinstance(found, dict):
        named = cast("dict[str, object]", found)
        found = next((named[name] for name in _LISTS if isinstance(named.get(name), list)), None)
    if not isinstance(found, list):
        raise InvalidRequest(
            f"{path} has no list of products: give a JSON array, or one under {' or '.join(_LISTS)}"
        )
    for place, each in enumerate(cast("list[object]", found), start=1):
        yield _record(place, each)


def _of_table(lines: _Lines, path: Path) -> Iterator[Record | Fault]:
    delimiter, header = _header(lines)
    if not has_title(header):
        raise InvalidRequest(
            f"{path} is no table of products: no column `title` or `name` in {', '.join(header)[:100]!r}"
        )
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.number + 1
        try:
            row = next(rows, None)
        except (_LineTooLong, csv.Error) as error:
            yield Fault(line, str(error))
            continue
        if row is None:
            return
        if any(row):
            yield _row(line, header, row)


def _header(lines: _Lines) -> tuple[str, list[str]]:
    """The delimiter that parts the first line into most columns, and their names."""
    first = next(lines).lstrip()
    hint = re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE)  # what Excel writes for itself
    if hint:
        first = next(lines, "")
    parted = {sign: _parted(first, sign) for sign in (hint[1] if hint else _DELIMITERS)}
    delimiter = max(parted, key=lambda sign: len(parted[sign]))
    return delimiter, [name.strip() for name in parted[delimiter][:MOST_COLUMNS]]


def _parted(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []


def _row(line: int, header: list[str], row: list[str]) -> Record | Fault:
    """RFC 4180, section 2.4: each line has the same number of fields; empty ones may be beyond."""
    while len(row) > len(header) and not row[-1]:
        row.pop()
    if len(row) > len(header):
        return Fault(line, f"it has {len(row)} fields, the first line names {len(header)}: quote them")
    values: dict[str, object] = {}
    for name, value in zip(header, row, strict=False):
        if name and value:
            values.setdefault(name, _readable(value))
    return Record(line, values)


def _readable(value: str) -> str:
    """The value; bytes that are no UTF-8 are read as Windows-1252, which is what Excel writes."""
    if value.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in value):
        return value
    return value.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _record(line: int, found: object) -> Record | Fault:
    if isinstance(found, _Wrong):
        return Fault(line, found.reason)
    if not isinstance(found, dict):
        return Fault(line, f"it is {type(found).__name__}, not an object with a product's columns")
    named = cast("dict[str, object]", found)
    if len(named) > MOST_COLUMNS:
        return Fault(line, f"it has {len(named)} fields, {MOST_COLUMNS} are allowed")
    return Record(line, named)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Instead of a value: why there is none."""

    reason: str


def _loads(text: str) -> object:
    """JSON's value, or what is wrong with it (RFC 8259, section 8.1: JSON is UTF-8)."""
    try:
        text.encode()
        return json.loads(text)
    except UnicodeEncodeError:
        return _Wrong("it is not UTF-8")
    except (ValueError, RecursionError) as error:
        return _Wrong(f"it is no JSON: {error}")
