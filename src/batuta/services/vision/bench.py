"""What one file needs while an engine works on it: a folder of its own for a while, and a limit of time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from batuta.errors import DeadlineExceeded, EngineCrashed, InvalidRequest, PayloadTooLarge, ServiceUnavailable

LEFT_SECONDS: Final = 3600.0
"""A folder as old as this was left by a killed process: nothing here takes minutes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A file with what was given, and the name of one to be made beside it."""

    given: Path
    made: Path


class Bench:
    """Places for files in one folder, which several processes may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def place(self, content: bytes, made: str) -> AsyncGenerator[Place]:
        """A place with the content, and a file to be called `made`; gone afterwards."""
        folder = await asyncio.to_thread(self._new)
        try:
            place = Place(folder / "given", folder / made)
            await asyncio.to_thread(place.given.write_bytes, content)
            yield place
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def clean(self) -> None:
        """Delete what killed processes left; call it in a thread."""
        for left in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)

    def _new(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._folder))


async def limited(work: Coroutine[Any, Any, T], seconds: float, doing: str) -> T:
    """The result of an engine; raises `DeadlineExceeded` past `seconds`, when its process is killed.

    An engine that dies is `ServiceUnavailable`: the same file would most likely kill the next one, too.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineExceeded(f"{doing} took longer than {seconds:g} s") from None
    except EngineCrashed as error:
        raise ServiceUnavailable(f"{doing} failed: {error}") from error


def check_size(content: bytes, most: int, what: str) -> None:
    """Raise `PayloadTooLarge`, or `InvalidRequest` for nothing at all."""
    if not content:
        raise InvalidRequest("the file is empty")
    if len(content) > most:
        raise PayloadTooLarge(f"{what} may have {most} bytes; this one has {len(content)}")
