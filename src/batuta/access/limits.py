"""How often somebody may ask: a token bucket as one number (GCRA), decided by a pure function.

A quota of `requests` in `seconds` is a bucket of so many tokens that fills evenly: all of them at once, then
one every `seconds / requests`. GCRA (the generic cell rate algorithm, ITU-T I.371, annex A) keeps, instead of
a level, the moment at which the bucket will be full again; one that is full by now need not be remembered.
Times are whole nanoseconds, so that no rounding ever gives or takes a request.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SECOND: Final = 1_000_000_000
"""In nanoseconds."""
MAX_REMEMBERED: Final = 50_000
"""Buckets that are not full, about 10 MB; above it the ones not asked for longest count as full."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds."""

    name: str
    """As the `RateLimit` headers show it."""
    requests: int
    seconds: int = 60

    @property
    def interval(self) -> int:
        """Nanoseconds in which the bucket gets a token; at least one."""
        return max(1, self.seconds * SECOND // self.requests)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may pass, and how the bucket then is. Times are nanoseconds."""

    quota: Quota
    allowed: bool
    full_at: int
    """When the bucket will be full, by the clock of `now`: the whole state."""
    remaining: int
    """Requests that could pass at once after this."""
    full_in: int
    retry_in: int
    """0 where the request was allowed."""

    @property
    def retry_seconds(self) -> int:
        """Whole seconds after which a request will pass, rounded up."""
        return _ceil(self.retry_in)


def decide(quota: Quota, full_at: int | None, now: int) -> Decision:
    """What a request at `now` meets, of a bucket that will be full at `full_at`, or is (None)."""
    capacity = quota.interval * quota.requests
    before = now if full_at is None else max(full_at, now)
    after = before + quota.interval
    wait = after - capacity - now
    allowed = wait <= 0
    kept = after if allowed else before
    return Decision(
        quota=quota,
        allowed=allowed,
        full_at=kept,
        remaining=max(0, (capacity - (kept - now)) // quota.interval),
        full_in=kept - now,
        retry_in=max(0, wait),
    )


class Limiter:
    """The buckets of everybody who asked lately, in this process's memory: no I/O, nothing to fail."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic, most: int = MAX_REMEMBERED) -> None:
        self._now = now
        self._most = most
        self._full_at: OrderedDict[tuple[str, str], int] = OrderedDict()

    def __len__(self) -> int:
        """How many buckets are remembered."""
        return len(self._full_at)

    def take(self, who: str, quota: Quota) -> Decision:
        """Let a request of somebody pass, or not."""
        now = self._now_ns()
        key = (quota.name, who)
        decision = decide(quota, self._full_at.get(key), now)
        self._full_at[key] = decision.full_at
        self._full_at.move_to_end(key)
        self._forget(now)
        return decision

    def look(self, who: str, quota: Quota) -> Decision:
        """What a request would meet, without its having been."""
        return decide(quota, self._full_at.get((quota.name, who)), self._now_ns())

    def _forget(self, now: int) -> None:
        """Drop the buckets that are full, from those not asked for longest, and what is too many."""
        while self._full_at:
            key = next(iter(self._full_at))
            if self._full_at[key] > now and len(self._full_at) <= self._most:
                return
            del self._full_at[key]

    def _now_ns(self) -> int:
        return int(self._now() * SECOND)


@lru_cache(maxsize=4096)
def bucket_of(address: str) -> str:
    """Whose bucket an address shares: an IPv4 address its own, an IPv6 one that of its /64.

    A /64 is what one customer or machine is given at least (RFC 6177), 2^64 addresses to choose from. What is
    no address shares one bucket, so that nobody makes up a new one for each request.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "no address"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{ipaddress.IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def limit_headers(decisions: Iterable[Decision]) -> list[tuple[bytes, bytes]]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
    decided = list(decisions)
    if not decided:
        return []
    policy = ", ".join(f'"{d.quota.name}";q={d.quota.requests};w={d.quota.seconds}' for d in decided)
    state = ", ".join(f'"{d.quota.name}";r={d.remaining};t={_ceil(d.full_in)}' for d in decided)
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]


def _ceil(nanoseconds: int) -> int:
    return -(-nanoseconds // SECOND)
