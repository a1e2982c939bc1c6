"""Asking one tier: what it has, what became of asking it, and how long that took."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Generic, TypeVar

from batuta.cache.answers import Attempt, Source, Tried
from batuta.cache.entries import Entry, Freshness, freshness
from batuta.errors import BatutaError, BreakerOpen

T = TypeVar("T")

_TRIED: Final[dict[Freshness, Tried]] = {
    Freshness.FRESH: "hit",
    Freshness.STALE: "stale",
    Freshness.DEAD: "miss",
}


@dataclass(frozen=True)
class Looked(Generic[T]):
    """The tier's entry, if it has one, and the attempt."""

    entry: Entry[T] | None
    attempt: Attempt


async def look(
    name: Source, work: Callable[[], Awaitable[Entry[T] | None]], now: Callable[[], float]
) -> Looked[T]:
    """What the tier has; nothing where it fails."""
    started = perf_counter()
    try:
        entry = await work()
    except Exception as error:  # noqa: BLE001  # a tier's failure is never the caller's
        return Looked(
            None, attempt(name, "skipped" if isinstance(error, BreakerOpen) else "error", started, error)
        )
    state = Freshness.DEAD if entry is None else freshness(entry, now())
    return Looked(entry, attempt(name, _TRIED[state], started))


def attempt(tier: Source, outcome: Tried, started: float = 0.0, error: Exception | None = None) -> Attempt:
    """The attempt that began at `started` of `perf_counter` and ends now; 0 where no time was taken."""
    took = (perf_counter() - started) * 1000 if started else 0.0
    cause = "" if error is None else error.code if isinstance(error, BatutaError) else type(error).__name__
    return Attempt(tier, outcome, round(took, 3), cause)
