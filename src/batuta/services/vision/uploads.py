"""Files sent ahead: kept for an hour under an id nobody can guess, in a folder that never overflows."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batuta.errors import InvalidRequest, NotFound, PayloadTooLarge, ServiceUnavailable, StorageError
from batuta.services.vision.kinds import HEAD_BYTES

LIFETIME_SECONDS: Final = 3600.0
MOST_BYTES: Final = 1024**3
MOST_FILES: Final = 2000
_ID_BYTES: Final = 16
_ID: Final = re.compile(r"[0-9a-f]{32}")
_PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent ahead, its size, and its beginning."""

    id: str
    size: int
    head: bytes


class Uploads:
    """The files of one folder, by id; several processes may share it."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` limits all files together."""
        self._folder = folder
        self._most_bytes = most_bytes

    async def keep(self, chunks: AsyncIterable[bytes], max_bytes: int) -> Upload:
        """Store the file; nothing is left of one that is larger than `max_bytes` or breaks off.

        Raises `PayloadTooLarge`, `ServiceUnavailable` when the folder is full, `InvalidRequest` for no bytes.
        """
        await asyncio.to_thread(self._make_room, max_bytes)
        name = secrets.token_hex(_ID_BYTES)
        part = self._folder / f"{name}{_PART}"
        try:
            head, size = await self._write(part, chunks, max_bytes)
            await asyncio.to_thread(part.rename, self._folder / name)
        except OSError as error:
            raise StorageError(f"the upload could not be kept: {error.strerror}") from error
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return Upload(name, size, head)

    async def read(self, upload_id: str) -> bytes:
        """The whole file; raises `NotFound` when there is none, or it is older than an hour."""
        found = None
        if _ID.fullmatch(upload_id):
            found = await asyncio.to_thread(self._read, self._folder / upload_id)
        if found is None:
            raise NotFound(
                f"there is no upload {upload_id[:64]!r}; one is kept for an hour: send the file again"
            )
        return found

    async def forget(self, upload_id: str) -> None:
        """Delete the file."""
        await asyncio.to_thread((self._folder / upload_id).unlink, missing_ok=True)

    def clean(self) -> None:
        """Delete what is older than an hour; call it in a thread."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):
                if _is_old(path):
                    path.unlink()

    async def _write(self, path: Path, chunks: AsyncIterable[bytes], max_bytes: int) -> tuple[bytes, int]:
        head, size = b"", 0
        with path.open("wb") as file:  # at once: what a cancelled thread opens nobody closes
            async for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise PayloadTooLarge(f"more than the {max_bytes} bytes allowed; nothing was kept")
                head = head if len(head) == HEAD_BYTES else (head + chunk)[:HEAD_BYTES]
                await asyncio.to_thread(file.write, chunk)
        if not size:
            raise InvalidRequest("the file is empty")
        return head, size

    def _make_room(self, size: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.clean()
        sizes = [_size(path) for path in self._folder.iterdir()]  # of uploads that are under way, too
        if len(sizes) >= MOST_FILES or sum(sizes) > self._most_bytes - size:
            raise ServiceUnavailable("too many files are waiting here: send it with the request itself", 60.0)

    def _read(self, path: Path) -> bytes | None:
        try:
            return None if _is_old(path) else path.read_bytes()
        except FileNotFoundError:
            return None


def _is_old(path: Path) -> bool:
    return path.stat().st_mtime < time.time() - LIFETIME_SECONDS


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
