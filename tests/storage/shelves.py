"""Stores to put things in and sources of bytes to put."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from batuta.storage.artefacts import Artefact, ObjectArtefacts

MEGABYTE = 1024 * 1024


@dataclass
class Shelf:
    """Artefacts, and a look behind them."""

    artefacts: ObjectArtefacts
    raw: LocalStore | MemoryStore | S3Store

    def keys(self) -> list[str]:
        """The names of everything that lies in the store, whatever it is."""
        return sorted(item["path"] for batch in obstore.list(self.raw) for item in batch)

    async def bytes_of(self, artefact: Artefact, start: int = 0, end: int | None = None) -> bytes:
        """What is read, in one piece."""
        return b"".join([chunk async for chunk in self.artefacts.read(artefact, start, end)])


async def chunks(*parts: bytes) -> AsyncGenerator[bytes]:
    """These bytes, one part after the other."""
    for part in parts:
        yield part


def reference(data: bytes) -> Artefact:
    """What these bytes are called."""
    return Artefact(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


class Source:
    """So many megabytes, then a pause until `go_on`, then the end or a failure."""

    def __init__(self, megabytes: int, failure: Exception | None = None) -> None:
        self.parts = [bytes([number % 251]) * MEGABYTE for number in range(megabytes)]
        self.failure = failure
        self.paused = asyncio.Event()
        self.go_on = asyncio.Event()
        self.closed = False

    async def stream(self) -> AsyncGenerator[bytes]:
        try:
            for part in self.parts:
                yield part
            self.paused.set()
            await self.go_on.wait()
            if self.failure is not None:
                raise self.failure
            yield b"the end"
        finally:
            self.closed = True

    @property
    def reference(self) -> Artefact:
        """What the whole of it is called."""
        return reference(b"".join([*self.parts, b"the end"]))
