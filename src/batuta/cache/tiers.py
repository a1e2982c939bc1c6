"""What a tier must do, whatever it is made of; one conformance suite holds all of them to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from batuta.cache.entries import Entry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A tier's memory of what had been invalidated when somebody set out to compute a value."""

    fence: int = 0
    tokens: tuple[tuple[str, int], ...] = ()


class Tier(Protocol[T]):
    """Keeps entries by key. Its methods may raise; a failing tier is passed over, its time is limited."""

    async def get(self, key: str, tags: tuple[str, ...]) -> Entry[T] | None:
        """The entry, fresh or stale; None where there is none that is still worth something.

        `tags` are those the caller expects the entry to have: a hint that may save a round trip.
        """
        ...

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """To be taken before a value is computed, and given with it to `put`."""
        ...

    async def put(self, key: str, entry: Entry[T], stamp: Stamp) -> None:
        """Keep the entry, unless its key or one of its tags was invalidated after the stamp was taken."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the key."""
        ...

    async def delete_tag(self, tag: str) -> None:
        """Forget every entry that has the tag."""
        ...

    async def clear(self) -> None:
        """Forget all entries of this cache, and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Invalidation:
    """What another process told us to forget."""

    kind: Literal["key", "tag", "all"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Turn(Stamp):
    """The stamp, and whether it is ours to compute the value: one process does, the others wait."""

    ours: bool = False


class SharedTier(Tier[T], Protocol[T]):
    """A tier that processes have in common, through which they take turns and hear of invalidations."""

    async def begin(self, key: str, tags: tuple[str, ...], who: str) -> tuple[Turn, Entry[T] | None]:
        """Ask for the turn, as `who`; the entry is one that somebody else may have put meanwhile."""
        ...

    async def renew(self, key: str, who: str) -> None:
        """Keep the turn for another `lease_seconds`."""
        ...

    async def release(self, key: str, who: str) -> None:
        """Give the turn to whoever asks next."""
        ...

    @property
    def lease_seconds(self) -> float:
        """A turn that is not renewed for so long is free again: its owner is dead."""
        ...

    async def follow(self, told: Callable[[Invalidation], None]) -> None:
        """Have `told` called for what other processes invalidate from now on; returns at once if it is."""
        ...

    async def aclose(self) -> None:
        """End whatever runs in the background."""
        ...


Load = Callable[[], Awaitable[T]]
"""The origin: computes the value of the key it was given for."""
