"""Objects in a folder of this machine; links to them lead to ourselves."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from obstore.store import LocalStore

from batuta.errors import NotFound
from batuta.jobs.webhooks.secret import kept_secret
from batuta.services.gateway.keys import check_key
from batuta.services.gateway.links import Links
from batuta.services.gateway.objects import READ_BYTES, StoredObjects
from batuta.storage.artefacts import ABANDONED_SECONDS, CHUNK_BYTES

SECRET_FOLDER: Final = "links"  # noqa: S105  # where it is, not what it is
"""In the data folder. Not the secret of webhooks itself: their receivers know that one."""

_STAGED: Final = re.compile(r".*#\d+", re.DOTALL)
"""What obstore calls a file that is not whole yet."""


class FolderObjects(StoredObjects):
    """One file for each object, written beside its place, fsynced and renamed."""

    def __init__(self, folder: Path, links: Links) -> None:
        """The folder is made when it is not there; what killed processes left half written is removed."""
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        super().__init__(LocalStore(prefix=folder), part_bytes=CHUNK_BYTES)
        self._folder = folder
        self.links = links

    @classmethod
    def opened(cls, data: Path) -> FolderObjects:
        """`objects/` in the data folder, with a secret of its own kept beside it; blocks shortly."""
        return cls(data / "objects", Links(kept_secret(data / SECRET_FOLDER)))

    async def put(self, key: str, chunks: AsyncIterable[bytes], media_type: str) -> int:
        """See `Objects.put`; a folder keeps no types."""
        del media_type
        size = await self._write(key, chunks)
        with self._telling(key, "stored"):
            await asyncio.to_thread(_settle, self._folder / key)
        return size

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See `Objects.read`."""
        size = await self.size(key)
        stop = size if end is None else min(end, size)
        if start >= stop:
            return
        with self._telling(key, "read"):
            answer = await self._store.get_async(check_key(key), options={"range": (start, stop)})
            async for chunk in answer.stream(min_chunk_size=READ_BYTES):
                yield bytes(chunk)

    async def local_path(self, key: str) -> Path:
        """The object's file; raises `NotFound`."""
        await self._head(key)
        return self._folder / key

    async def signed_url(self, key: str, seconds: int, filename: str) -> str:
        """See `Objects.signed_url`; raises `NotFound`."""
        if not await self.has(key):
            raise NotFound(f"there is no object {key!r}")
        return self.links.made(key, int(time.time()) + seconds, filename)

    async def aclose(self) -> None:
        """Nothing is open."""


def _settle(path: Path) -> None:
    """Put the file and its name on the disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(folder: Path) -> None:
    abandoned = time.time() - ABANDONED_SECONDS
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            if _STAGED.fullmatch(file.name) and file.stat().st_mtime < abandoned:
                file.unlink()
