"""One value kept for a while, computed once however many ask at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """The value of an async function, asked for again only after so many seconds.

    Whoever asks while it is being computed waits for that computation; a failure reaches all of them and is
    not remembered. A caller that is cancelled does not stop the computation for the others, and its deadline
    is not theirs: the computation runs in a context of its own.
    """

    def __init__(
        self, load: Callable[[], Awaitable[T]], *, seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._now = now
        self._kept: tuple[float, T] | None = None
        self._loading: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The kept value while it is fresh, otherwise a new one."""
        if self._kept is not None and self._now() < self._kept[0]:
            return self._kept[1]
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_and_keep(), context=Context())
            self._loading.add_done_callback(self._loaded)
        return await asyncio.shield(self._loading)

    async def _load_and_keep(self) -> T:
        value = await self._load()
        self._kept = (self._now() + self._seconds, value)
        return value

    def _loaded(self, task: asyncio.Task[T]) -> None:
        self._loading = None
        if not task.cancelled():
            task.exception()  # retrieved: everybody who asked was told
