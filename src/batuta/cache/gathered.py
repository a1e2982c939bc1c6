"""Values asked for one by one and read many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST_AT_ONCE: Final = 500


class Gathered(Generic[K, V]):
    """The values of keys; those asked for while a read is under way are read together by the next one.

    Nothing is remembered: what anybody is given was read after he asked. Under load a read costs its hop to
    a thread once for all who ask together; alone, it costs what it always does.
    """

    def __init__(self, load: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        """`load` gives the values of the keys there are."""
        self._load = load
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The value, None where there is none; raises what the read raised."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all(), context=Context())
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        try:
            while self._asked:
                keys = list(self._asked)[:MOST_AT_ONCE]
                await self._read({key: self._asked.pop(key) for key in keys})
        finally:
            self._reading = None

    async def _read(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._load(asked.keys())
        except Exception as error:  # noqa: BLE001  # it is those who asked who are told
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # whoever asked may have left
        else:
            for key, answer in asked.items():
                answer.set_result(found.get(key))
        finally:
            for answer in asked.values():
                answer.cancel()  # only where the read was cancelled, at the end of the loop
