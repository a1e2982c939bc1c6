"""A few worker processes for one engine: warm between tasks, dead at once when the caller is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Generic, Self, TypeVar, cast

from batuta.errors import EngineCrashed, from_dict
from batuta.services.engines.child import Child

TaskT = TypeVar("TaskT", bound=Mapping[str, object])
ResultT = TypeVar("ResultT", bound=Mapping[str, object])

_THREAD_VARIABLES: Final[tuple[str, ...]] = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What numpy's and CTranslate2's native parts read to decide how many cores are theirs."""
_ONE_HEAP: Final = {"MALLOC_ARENA_MAX": "2"}
"""Without this glibc keeps a heap for every thread: 50 MB more for the transcriber, and no faster."""


class EnginePool(Generic[TaskT, ResultT]):
    """Runs the function `target` (`package.module:function`) in at most `size` processes of its own.

    Processes start when they are needed, stay for the next task and are let go after `idle_seconds` without
    one. Each may use `threads` cores; `niceness` leaves the event loop its share of them. A pool belongs to
    one event loop; close it with `aclose` or as a context manager.
    """

    def __init__(
        self,
        target: str,
        *,
        size: int = 1,
        idle_seconds: float = 300.0,
        threads: int = 1,
        niceness: int = 5,
    ) -> None:
        self._target = target
        self._niceness = niceness
        self._environment = {**dict.fromkeys(_THREAD_VARIABLES, str(threads)), **_ONE_HEAP}
        self._idle_seconds = idle_seconds
        self._places = asyncio.Semaphore(size)  # first come, first served
        self._living: set[Child] = set()
        self._idle: list[tuple[Child, asyncio.TimerHandle]] = []
        self._burials: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, task: TaskT, on_progress: Callable[[float], None] | None = None) -> ResultT:
        """The engine's result; its own error as the class it was, `EngineCrashed` when its process dies.

        Cancelling the call kills the process, and everything it started, before the cancellation goes on.
        `on_progress` gets percentages that only grow.
        """
        async with self._places:
            child = await self._hire()
            try:
                answer = await child.ask(task, on_progress or _ignore)
            except EngineCrashed:
                self._bury(child)
                if self._closed:
                    raise self._closed_error() from None
                raise
            except BaseException:  # cancelled, or the listener failed: its work is wanted no more
                self._bury(child)
                raise
            self._rest(child)
        if "error" in answer:
            raise from_dict(answer["error"])
        return cast("ResultT", answer.get("result"))

    async def aclose(self) -> None:
        """Kill every process; whoever waits for one gets an `EngineCrashed` that says why."""
        self._closed = True
        for _, retirement in self._idle:
            retirement.cancel()
        for child in list(self._living):
            self._bury(child)
        if self._burials:
            await asyncio.wait(self._burials)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _hire(self) -> Child:
        """A warm process, the latest used first, or a new one."""
        while self._idle and not self._closed:
            child, retirement = self._idle.pop()
            retirement.cancel()
            if child.alive:
                return child
            self._bury(child)
        if self._closed:
            raise self._closed_error()
        child = await Child.start(self._target, niceness=self._niceness, environment=self._environment)
        self._living.add(child)
        if self._closed:  # while it started
            self._bury(child)
        return child

    def _rest(self, child: Child) -> None:
        """Keep the process for the next task, for a while."""
        if child in self._living:
            loop = asyncio.get_running_loop()
            self._idle.append((child, loop.call_later(self._idle_seconds, self._retire, child)))

    def _retire(self, child: Child) -> None:
        self._idle = [(other, timer) for other, timer in self._idle if other is not child]
        self._bury(child)

    def _bury(self, child: Child) -> None:
        """Kill the process now and clean up behind it, in a task that no cancellation of ours reaches."""
        if child in self._living:
            self._living.discard(child)
            child.kill()
            burial = asyncio.create_task(child.gone())
            self._burials.add(burial)
            burial.add_done_callback(self._burials.discard)

    def _closed_error(self) -> EngineCrashed:
        return EngineCrashed(f"The pool of {self._target} was closed; the task can be run again.")


def _ignore(_percent: float) -> None:
    """Nobody listens."""
