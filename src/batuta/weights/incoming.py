"""The bytes of one file on their way in: limited, hashed as they come, landing right or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from batuta.weights.hashing import feed
from batuta.weights.sources import Interrupted, SourceFailed, Stream, WeightFile, WrongBytes
from batuta.weights.threads import off_loop


class Incoming:
    """A part file that grows into `file`; the caller's lock keeps others from writing to it.

    The part is named by the hash of the whole, so what one source began another may continue, in this process
    or the next.
    """

    def __init__(self, folder: Path, file: WeightFile) -> None:
        self.part = folder / f"{file.sha256}.part"
        """Where the bytes are until they land."""
        self._file = file
        self._digest = hashlib.sha256()
        self.received = 0

    async def held(self) -> int:
        """Bytes that an earlier attempt left and that a source may continue."""
        size = await off_loop(_size, self.part)
        return size if size < self._file.size else 0

    async def is_whole(self) -> bool:
        """All bytes are here already and right: somebody was killed just before landing."""
        if await off_loop(_size, self.part) != self._file.size:
            return False
        await self._rehash()
        return self._is_right

    async def receive(self, stream: Stream, report: Callable[[int], None]) -> None:
        """Take the stream to its end; afterwards the part is whole and right.

        Raises `Interrupted` when it stops early (what came is kept), `WrongBytes` when the hash differs and
        `SourceFailed` when it does not stop at the published size (what came is dropped).
        """
        if stream.start:
            await self._rehash()
        else:
            self._digest, self.received = hashlib.sha256(), 0
        part = await off_loop(self._open, stream.start)
        try:
            async for chunk in stream.chunks:
                if self.received + len(chunk) > self._file.size:
                    await self.discard()
                    raise SourceFailed(f"sent more than {self._file.size:,} bytes")
                await off_loop(self._append, part, chunk)
                report(self.received)
        finally:
            await off_loop(part.close)
        if self.received < self._file.size:
            raise Interrupted(f"stopped after {self.received:,} of {self._file.size:,} bytes")
        if not self._is_right:
            await self.discard()
            raise WrongBytes(f"sent other bytes: their sha256 is {self._digest.hexdigest()}")

    async def land(self, target: Path) -> None:
        """Move the whole part to its place, in one step for whoever looks."""
        await off_loop(_land, self.part, target)

    async def discard(self) -> None:
        """Forget what came; the next attempt begins at zero."""
        await off_loop(self.part.unlink, missing_ok=True)

    @property
    def _is_right(self) -> bool:
        return self._digest.hexdigest() == self._file.sha256

    async def _rehash(self) -> None:
        self._digest = hashlib.sha256()
        self.received = await feed(self._digest, self.part)

    def _open(self, start: int) -> BinaryIO:
        self.part.parent.mkdir(parents=True, exist_ok=True)
        return self.part.open("ab" if start else "wb")

    def _append(self, part: BinaryIO, chunk: bytes) -> None:
        part.write(chunk)
        self._digest.update(chunk)
        self.received += len(chunk)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _land(part: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("rb") as written:
        # A rename may reach the disk before the bytes do; after a power cut the name would stand for a hole.
        os.fsync(written.fileno())
    part.replace(target)
