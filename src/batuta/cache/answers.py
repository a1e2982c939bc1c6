"""What comes of looking a key up: a value or a failure, where it came from, and what was tried on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Source = Literal["memory", "cache", "database", "origin"]
Tried = Literal["hit", "stale", "miss", "error", "skipped", "out_of_time"]
"""`skipped`: the tier is known to be down and was not asked."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tier that was asked."""

    tier: Source
    outcome: Tried
    milliseconds: float
    cause: str = ""
    """The code of the error, where there was one."""


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value."""

    value: T
    source: Source
    stale: bool
    age: float
    """Seconds since the origin computed it."""
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """No value: the origin's error, remembered (then `source` is a tier) or new."""

    error: Exception
    source: Source
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class TierStatistics:
    """What became of asking one tier; `origin` counts its loads as hits and its failures as errors."""

    hits: int = 0
    misses: int = 0
    stale: int = 0
    errors: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """Since the start of this process."""

    tiers: dict[str, TierStatistics]
    loads: int
    load_errors: int
    joined: int
    """Callers who waited for a computation that was under way already."""
    entries: int
    """In memory, now."""
    bytes: int
    """The same, as serialised."""
    evictions: int
    under_way: int
    """Computations, now."""
