"""Standing in line: one at a time for each key within this process, in the order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Hashable
from contextlib import contextmanager
from typing import Final

from batuta.errors import NotReady

LONGEST: Final = 32
"""Places in one line, the one at its head counted; a tab that sends more is not a conversation."""
RETRY_SECONDS: Final = 2.0
"""What whoever could not be served is advised to wait."""


class Place:
    """Where somebody stands."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    @property
    def is_head(self) -> bool:
        """Whether it is his turn."""
        return self._called.is_set()

    def call(self) -> None:
        """It is his turn now."""
        self._called.set()

    async def head(self, give_up: float) -> None:
        """Return when it is his turn; raises `NotReady` at the loop's time `give_up`."""
        try:
            async with asyncio.timeout_at(give_up):
                await self._called.wait()
        except TimeoutError as error:
            raise busy() from error


class Lines:
    """The lines of this process; one without people takes no memory."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[Place]] = {}

    @contextmanager
    def place(self, key: Hashable) -> Generator[Place]:
        """The place behind those who are there; raises `NotReady` when they are too many."""
        line = self._lines.setdefault(key, deque())
        if len(line) >= LONGEST:
            raise busy()
        ours = Place()
        line.append(ours)
        line[0].call()
        try:
            yield ours
        finally:
            line.remove(ours)
            if line:
                line[0].call()
            else:
                del self._lines[key]


def busy() -> NotReady:
    """For whoever waited long enough."""
    return NotReady("the session is busy with another turn: ask again in a moment", RETRY_SECONDS)
