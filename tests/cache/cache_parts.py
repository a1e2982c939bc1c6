"""Origins and databases for the cache's tests."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from batuta.cache import Codec, Entry, Stamp

WORDS = Codec(str)


class Origin:
    """Gives "1", "2", … or fails; waits when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def load(self) -> str:
        self.asked += 1
        mine = str(self.asked)
        self.begun.set()
        await self.may_answer.wait()
        if self.error is not None:
            raise self.error
        return mine


class Table:
    """A database tier as an app writes one; keeps entries until `fresh_seconds` of its own are over."""

    def __init__(self, fresh_seconds: float | None = None) -> None:
        self.rows: dict[str, Entry[str]] = {}
        self.fresh_seconds = fresh_seconds
        self.broken = False
        self.hangs = False
        self.asked = 0

    async def get(self, key: str, tags: tuple[str, ...]) -> Entry[str] | None:
        del tags
        await self._trouble()
        return self.rows.get(key)

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        del key, tags
        return Stamp()

    async def put(self, key: str, entry: Entry[str], stamp: Stamp) -> None:
        del stamp
        await self._trouble()
        if self.fresh_seconds is not None:
            until = entry.stored_at + self.fresh_seconds
            entry = replace(entry, fresh_until=until, stale_until=until + 1000)
        self.rows[key] = entry

    async def delete(self, key: str) -> None:
        await self._trouble()
        self.rows.pop(key, None)

    async def delete_tag(self, tag: str) -> None:
        await self._trouble()
        self.rows = {key: row for key, row in self.rows.items() if tag not in row.tags}

    async def clear(self) -> None:
        await self._trouble()
        self.rows.clear()

    async def _trouble(self) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.broken:
            raise OSError("disk on fire")
        await asyncio.sleep(0)
