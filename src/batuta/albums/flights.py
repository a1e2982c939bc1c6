"""One computation per key however many ask for it at the same time, for as long as somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Generic, TypeVar

from batuta.errors import InvalidRequest, ServiceBusy, ServiceUnavailable

K = TypeVar("K")
V = TypeVar("V")

Current = Callable[[], bool]
"""Whether what is being computed is still to be kept: nobody has forgotten the key meanwhile."""
BUSY_SECONDS: Final = 10.0
"""When to come again where too much is being computed."""

_within: ContextVar[frozenset[tuple[int, object]]] = ContextVar("batuta_albums_within", default=frozenset())
"""The computations inside which this one was asked for."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception
    trace: TracebackType | None


@dataclass(eq=False, slots=True)
class _Flight(Generic[V]):
    landed: asyncio.Future[V | _Failed]
    waiting: int = 0
    task: asyncio.Task[None] | None = field(default=None)


class Flights(Generic[K, V]):
    """Computations under way, each a task of its own.

    It has neither the cancellation nor the deadline of whoever asked first, and ends when the last who waits
    has left. A failure reaches all who wait, and is not kept.
    """

    def __init__(self, most: int | None = None) -> None:
        """`most` bounds how many there are at a time."""
        self._most = most
        self._flying: dict[K, _Flight[V]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._flying)

    async def join(self, key: K, compute: Callable[[Current], Awaitable[V]]) -> V:
        """The value that is being computed for the key, or that `compute` gives; raises what that raised.

        Raises `ServiceBusy` where too much is being computed, and `InvalidRequest` for a computation that
        asks for itself, which it would wait for without end.
        """
        if (id(self), key) in _within.get():
            raise InvalidRequest(f"what is computed for {key!r} needs {key!r}: it would wait for itself")
        flight = self._flying.get(key) or self._begin(key, compute)
        flight.waiting += 1
        try:
            outcome = await asyncio.shield(flight.landed)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.landed.done():
                self._end(key, flight)
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

    def _begin(self, key: K, compute: Callable[[Current], Awaitable[V]]) -> _Flight[V]:
        if self._most is not None and len(self._tasks) >= self._most:
            raise ServiceBusy(f"{self._most} others are being worked out: ask again later", BUSY_SECONDS)
        flight = self._flying[key] = _Flight[V](asyncio.get_running_loop().create_future())
        context = Context()
        context.run(_within.set, _within.get() | {(id(self), key)})
        flight.task = asyncio.create_task(self._fly(key, compute, flight), context=context)
        self._tasks.add(flight.task)
        flight.task.add_done_callback(self._tasks.discard)
        return flight

    def _end(self, key: K, flight: _Flight[V]) -> None:
        """Nobody waits any more."""
        if self._flying.get(key) is flight:
            del self._flying[key]
        if flight.task is not None:
            flight.task.cancel()

    async def _fly(self, key: K, compute: Callable[[Current], Awaitable[V]], flight: _Flight[V]) -> None:
        outcome: V | _Failed = _Failed(ServiceUnavailable("the computation was cancelled: ask again"), None)
        try:
            outcome = await compute(lambda: self._flying.get(key) is flight)
        except Exception as error:  # noqa: BLE001  # it is those who asked who are told
            outcome = _Failed(error, error.__traceback__)
        finally:
            if self._flying.get(key) is flight:
                del self._flying[key]
            if not flight.landed.done():  # else the loop is being closed and has cancelled it
                flight.landed.set_result(outcome)
