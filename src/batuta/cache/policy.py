"""For how long an answer is kept, and what follows from a failure: total functions, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

from batuta.cache.entries import Absence, Entry, Freshness, freshness
from batuta.errors import BatutaError, BreakerOpen, InvalidRequest

T = TypeVar("T")

LONGEST_LOAD_SECONDS: Final = 3600.0
"""Tiers remember so long that a key was invalidated while its value was being computed."""
Negative = Mapping[str, float] | Callable[[BatutaError], float]
"""Seconds for which a failure is the answer, by its code or by the error itself; 0 means: not at all."""


def _cannot_be_asked_again(error: BatutaError) -> bool:
    return not error.retryable


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How one kind of value is cached; all times are in seconds."""

    fresh_seconds: float
    """The value is good for so long, in memory and cache; a database decides for itself."""
    revalidate_seconds: float = 0.0
    """So long after that it is still given at once, and computed anew behind it (stale-while-revalidate)."""
    error_seconds: float = 0.0
    """So long after that it is given where the origin fails or is slow (stale-if-error)."""
    jitter: float = 0.1
    """Lifetimes are shorter by a random part of up to this share, so that they do not end together."""
    soft_seconds: float | None = None
    """After so long a stale value is given, if there is one; the origin goes on."""
    hard_seconds: float | None = None
    """After so long the caller is told `DeadlineExceeded`; the origin goes on and its answer is kept."""
    load_seconds: float = 300.0
    """An origin that takes longer is stopped."""
    rest_seconds: float = 5.0
    """After a failure with a stale value to give, the origin is left alone for so long."""
    negative: Negative = field(default_factory=dict[str, float])
    final: Callable[[BatutaError], bool] = _cannot_be_asked_again
    """Whether a failure that is remembered takes the place of a stale value: the value is gone, not late."""
    longest_rest_seconds: float = 24 * 3600.0
    """An origin that says `Retry-After` is obeyed for no longer than this."""

    def __post_init__(self) -> None:
        """Refuse what no cache could do."""
        spans = (self.fresh_seconds, self.revalidate_seconds, self.error_seconds, self.rest_seconds)
        if not all(span >= 0 for span in spans) or not 0 <= self.jitter <= 1:
            raise InvalidRequest(f"times must not be negative, and the jitter between 0 and 1: {self}")
        if not 0 < self.load_seconds <= LONGEST_LOAD_SECONDS:
            raise InvalidRequest(
                f"load_seconds must be in (0, {LONGEST_LOAD_SECONDS:g}]: {self.load_seconds}"
            )

    @property
    def stale_seconds(self) -> float:
        """How long a value is worth keeping after it was fresh."""
        return max(self.revalidate_seconds, self.error_seconds)

    @property
    def longest_seconds(self) -> float:
        """The longest life of an entry."""
        return max(self.fresh_seconds + self.stale_seconds, self.longest_rest_seconds)


@dataclass(frozen=True)
class Consequence(Generic[T]):
    """What a failure leads to: the stale entry is given, or else the error is told."""

    stale: Entry[T] | None
    """To be given, and kept in memory with its rest."""
    absence: Entry[T] | None
    """To be kept as the answer for a while."""


def lifetime(seconds: float, jitter: float, roll: float) -> float:
    """The seconds, less a share of up to `jitter`; `roll` is a random number in [0, 1)."""
    return seconds * (1 - jitter * roll)


def kept_value(value: T, policy: CachePolicy, now: float, roll: float, tags: tuple[str, ...]) -> Entry[T]:
    """The entry of a value that has just been computed."""
    fresh_until = now + lifetime(policy.fresh_seconds, policy.jitter, roll)
    return Entry(value, now, fresh_until, fresh_until + policy.stale_seconds, tags)


def capped(entry: Entry[T], policy: CachePolicy, now: float, roll: float) -> Entry[T]:
    """A database's entry as the tiers above keep it: no longer than they would keep a new one."""
    fresh_until = min(entry.fresh_until, now + lifetime(policy.fresh_seconds, policy.jitter, roll))
    stale_until = max(min(entry.stale_until, fresh_until + policy.stale_seconds), fresh_until)
    return replace(entry, fresh_until=max(fresh_until, entry.stored_at), stale_until=stale_until)


def usable_at_once(entry: Entry[T], policy: CachePolicy, now: float) -> bool:
    """Whether a stale entry is given without waiting for the origin."""
    return now < entry.fresh_until + policy.revalidate_seconds or now < entry.rest_until


def negative_seconds(error: Exception, policy: CachePolicy) -> float:
    """For how long the failure is the answer: what the origin asked for, else what the policy says.

    Our own breaker's `retry_after` is not the origin's: asking again costs nothing.
    """
    if not isinstance(error, BatutaError):
        return 0.0
    if error.retry_after is not None and not isinstance(error, BreakerOpen):
        told = error.retry_after
    elif callable(policy.negative):
        told = policy.negative(error)
    else:
        told = policy.negative.get(error.code, 0.0)
    return min(told, policy.longest_rest_seconds) if told > 0 else 0.0


def after_failure(
    error: Exception, stale: Entry[T] | None, policy: CachePolicy, now: float, tags: tuple[str, ...]
) -> Consequence[T]:
    """What follows when the origin failed.

    A final answer that the policy remembers (the video is gone) takes the place of a stale value; whatever
    may be over soon does not.
    """
    seconds = negative_seconds(error, policy)
    final = isinstance(error, BatutaError) and seconds > 0 and policy.final(error)
    if stale is not None and freshness(stale, now) is not Freshness.DEAD and not final:
        rest = seconds if seconds > 0 else policy.rest_seconds
        return Consequence(replace(stale, rest_until=now + rest), None)
    if seconds > 0 and isinstance(error, BatutaError):
        absence = Absence(error.code, error.message)
        return Consequence(None, Entry(None, now, now + seconds, now + seconds, tags, absence))
    return Consequence(None, None)
