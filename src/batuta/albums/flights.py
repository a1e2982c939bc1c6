"""One computation per key however many ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from batuta.errors import ServiceUnavailable

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception
    trace: TracebackType | None


class Flights(Generic[K, V]):
    """Computations under way.

    Each is a task of its own: it has neither the cancellation nor the deadline of whoever asked first, and
    goes on when nobody waits any more. A failure reaches all who wait, and is not kept.
    """

    def __init__(self) -> None:
        self._flying: dict[K, asyncio.Future[V | _Failed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._flying)

    async def join(self, key: K, compute: Callable[[], Awaitable[V]], keep: Callable[[V], None]) -> V:
        """The value that is being computed for the key, or that `compute` gives; raises what that raised.

        `keep` is given the value, unless the key was forgotten meanwhile.
        """
        landed = self._flying.get(key)
        if landed is None:
            landed = self._flying[key] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(self._fly(key, compute, keep, landed), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        outcome = await asyncio.shield(landed)
        if isinstance(outcome, _Failed):
            raise outcome.error.with_traceback(outcome.trace)  # one error for all: tracebacks would pile up
        return outcome

    def forget(self, key: K) -> None:
        """What is being computed for the key is outdated: who waits gets it, nobody else."""
        self._flying.pop(key, None)

    def forget_all(self) -> None:
        """Likewise for every key."""
        self._flying.clear()

    async def aclose(self) -> None:
        """End every computation; whoever waits is told `ServiceUnavailable`."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _fly(
        self,
        key: K,
        compute: Callable[[], Awaitable[V]],
        keep: Callable[[V], None],
        landed: asyncio.Future[V | _Failed],
    ) -> None:
        outcome: V | _Failed = _Failed(ServiceUnavailable("the computation was cancelled: ask again"), None)
        try:
            outcome = await compute()
            if self._flying.get(key) is landed:
                keep(outcome)
        except Exception as error:  # noqa: BLE001  # it is those who asked who are told
            outcome = _Failed(error, error.__traceback__)
        finally:
            if self._flying.get(key) is landed:
                del self._flying[key]
            if not landed.done():  # else the loop is being closed and has cancelled it
                landed.set_result(outcome)
