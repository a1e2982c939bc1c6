"""Answers kept as bytes: a finished job is asked for again and again and never looks different.

A body is right as long as the record has the same number (`seq`), which is read each time; a list is kept
until something changes here, and for a moment longer than which no other process's change goes unseen.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Final, NamedTuple

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_LISTS: Final = 64
LIST_SECONDS: Final = 0.1


class Bodies:
    """The newest body of each job, the least asked for forgotten first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bodies: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._size = 0

    def get(self, job_id: str, seq: int) -> bytes | None:
        """The body as of this number."""
        found = self._bodies.get(job_id)
        if found is None or found[0] != seq:
            return None
        self._bodies.move_to_end(job_id)
        return found[1]

    def keep(self, job_id: str, seq: int, body: bytes) -> None:
        """Keep the body, in the place of an older one."""
        _, old = self._bodies.pop(job_id, (0, b""))
        self._size += len(body) - len(old)
        self._bodies[job_id] = (seq, body)
        while self._size > self._max_bytes:
            _, (_, dropped) = self._bodies.popitem(last=False)
            self._size -= len(dropped)


class Lists:
    """Lists as they were a moment ago."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lists: OrderedDict[object, _Made] = OrderedDict()

    async def get(self, key: object, changes: int, make: Callable[[], Coroutine[None, None, bytes]]) -> bytes:
        """The list of this key, made anew when `changes` is not what it was or a moment has passed.

        Whoever asks while it is being made waits for that one.
        """
        made = self._lists.get(key)
        if made is None or made.changes != changes or self._now() >= made.until:
            body = asyncio.create_task(make(), context=Context())
            made = self._lists[key] = _Made(changes, self._now() + LIST_SECONDS, body)
            body.add_done_callback(lambda task: self._drop_failed(key, task))
            self._lists.move_to_end(key)
            if len(self._lists) > MAX_LISTS:
                self._lists.popitem(last=False)
        return await asyncio.shield(made.body)

    def _drop_failed(self, key: object, task: asyncio.Task[bytes]) -> None:
        if not task.cancelled() and task.exception() is None:
            return
        made = self._lists.get(key)
        if made is not None and made.body is task:
            del self._lists[key]


class _Made(NamedTuple):
    """A list, made or on its way."""

    changes: int
    until: float
    body: asyncio.Task[bytes]
