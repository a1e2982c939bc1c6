"""One step of a stage, as it is counted: `with StageClock(order.work) as clock:` around what is really done.

A stage that the engine only remembers, after a restart, does not come by here: nothing is counted twice.
"""

from __future__ import annotations

from time import perf_counter
from types import TracebackType
from typing import Literal, Self

from batuta.errors import BatutaError, Cancelled
from batuta.telemetry.metrics import stage_finished


class StageClock:
    """Counts the stage when it is finished or fails in the block; left otherwise, it goes on elsewhere."""

    __slots__ = ("_begun", "_outcome", "_work")

    def __init__(self, work: str) -> None:
        self._work = work
        self._outcome: str | None = None
        self._begun = perf_counter()

    def finished(self, outcome: Literal["reused", "computed"]) -> None:
        """The stage has its result: one that was kept, or one that is new."""
        self._outcome = outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, BatutaError):
            self._outcome = "cancelled" if isinstance(error, Cancelled) else "failed"
        elif error is not None:  # our process ends, or a bug of ours: the stage is done again
            self._outcome = None if not isinstance(error, Exception) else "failed"
        if self._outcome is not None:
            stage_finished(self._work, self._outcome, perf_counter() - self._begun)
