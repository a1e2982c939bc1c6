"""At most so many calls to one service at a time; the others queue, no longer than their deadline."""

from __future__ import annotations

import asyncio

from batuta.clients.deadline import remaining
from batuta.errors import DeadlineExceeded


class Bulkhead:
    """`async with bulkhead:` holds one of the places, first come first served."""

    def __init__(self, name: str, places: int) -> None:
        self._name = name
        self._places = places
        self._free = asyncio.Semaphore(places)

    async def __aenter__(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # at once, without giving way to other tasks
            return
        try:
            async with asyncio.timeout(remaining()):
                await self._free.acquire()
        except TimeoutError as error:
            message = f"no time left: all {self._places} places at {self._name} stayed taken"
            raise DeadlineExceeded(message) from error

    async def __aexit__(self, *_: object) -> None:
        self._free.release()
