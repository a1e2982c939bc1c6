"""Two processes changed the same entry: which change stands. Total functions, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

AHEAD_SECONDS: Final = 600.0
"""Clocks of processes that share a folder differ by less; a later stamp is that of a wrong one."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it lies on the disk; without a body it is the mark of a deletion."""

    id: int
    """Grows with every write: what has a greater one was written later."""
    key: str
    body: str | None
    stamp: float
    """When it was concluded, or deleted; seconds since 1970."""
    rank: int
    """Its confidence: a lower one never takes the place of a higher one that is valid."""
    expires: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written of one entry; without a body it is deleted."""

    key: str
    body: str | None
    stamp: float
    rank: int = 0
    expires: float | None = None
    deleted: float = 0.0
    """It was deleted at that time, then stored anew."""
    imported: bool = False
    """From a file, so it knows nothing of deletions: of two as old as each other, the deletion stands."""
    forgotten: Literal["no", "spent", "evicted"] = "no"
    """Nobody need hear of it: its time is over, or this process had no room for it."""


def is_over(stamp: float, expires: float | None, now: float) -> bool:
    """Whether the time of an entry is over; one from the future would have too much of it, so it has none."""
    return expires is not None and (expires <= now or stamp > now + AHEAD_SECONDS)


def stands(row: Row, change: Change, now: float) -> bool:
    """Whether a row that was written without our knowledge is to stand against our change."""
    if change.forgotten != "no":
        return True
    if row.body is None:
        return row.stamp > change.stamp or (change.imported and row.stamp == change.stamp)
    if is_over(row.stamp, row.expires, now):
        return False
    if change.body is not None and is_over(change.stamp, change.expires, now):
        return row.stamp > change.deleted  # what is over says nothing; the deletion before it does
    if change.body is not None and row.rank != change.rank and row.stamp > change.deleted:
        return row.rank > change.rank
    return row.stamp > change.stamp
