"""The limiter: equal to a plain bucket of tokens, bounded, and never at a loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.access.limits import SECOND, Decision, Limiter, Quota, bucket_of, decide, limit_headers
from batuta.testing.clock import VirtualClock

QUOTA = Quota("requests", 3, 60)


class Bucket:
    """The simple model: a level that rises with time, in nanoseconds' worth of tokens."""

    def __init__(self, quota: Quota, now: int) -> None:
        self.quota, self.at = quota, now
        self.full = self.level = quota.interval * quota.requests

    def take(self, now: int) -> tuple[bool, int, int]:
        """Whether the request passes, how many more would, and how long to wait where it does not."""
        self.level = min(self.full, self.level + now - self.at)
        self.at = now
        allowed = self.level >= self.quota.interval
        if allowed:
            self.level -= self.quota.interval
        wait = 0 if allowed else self.quota.interval - self.level
        return allowed, self.level // self.quota.interval, wait


@given(
    requests=st.integers(1, 50),
    seconds=st.integers(1, 100),
    start=st.integers(0, 10**15),
    pauses=st.lists(st.one_of(st.just(0), st.integers(0, SECOND), st.integers(0, 200 * SECOND)), max_size=80),
)
def test_it_decides_as_a_bucket_of_tokens_does(
    requests: int, seconds: int, start: int, pauses: list[int]
) -> None:
    """Whatever the quota and the pauses: allowed, remaining, seconds to wait, and when it is full."""
    quota = Quota("requests", requests, seconds)
    model, now, state = Bucket(quota, start), start, None
    for pause in pauses:
        now += pause
        decision = decide(quota, state, now)
        state = decision.full_at
        assert (decision.allowed, decision.remaining, decision.retry_in) == model.take(now)
        assert decision.full_in == model.full - model.level


@given(
    requests=st.integers(1, 50),
    full_in=st.integers(-(10**12), 60 * SECOND),
)
def test_who_waits_as_long_as_he_is_told_passes_and_not_before(requests: int, full_in: int) -> None:
    """To the nanosecond; in whole seconds it is never too early."""
    quota, now = Quota("requests", requests), 10**15
    decision = decide(quota, now + full_in, now)
    if decision.allowed:
        assert decision.retry_in == decision.retry_seconds == 0
        return
    assert not decide(quota, decision.full_at, now + decision.retry_in - 1).allowed
    assert decide(quota, decision.full_at, now + decision.retry_in).allowed
    assert 0 < decision.retry_in <= decision.retry_seconds * SECOND < decision.retry_in + SECOND


def test_a_clock_that_goes_back_does_no_harm() -> None:
    """Nobody waits longer than the whole window because of it."""
    decision = decide(QUOTA, None, 10**15)
    earlier = decide(QUOTA, decision.full_at, 10**15 - SECOND)
    assert earlier.retry_in <= 60 * SECOND


def taken(limiter: Limiter, who: str, times: int) -> list[bool]:
    return [limiter.take(who, QUOTA).allowed for _ in range(times)]


def test_everybody_has_a_bucket_of_his_own_for_each_quota() -> None:
    """And it fills with time."""
    clock = VirtualClock()
    limiter = Limiter(now=clock.now)
    assert taken(limiter, "ann", 4) == [True, True, True, False]
    assert taken(limiter, "bob", 1) == [True]
    assert limiter.take("ann", Quota("submits", 3)).allowed
    clock.advance(20)
    assert taken(limiter, "ann", 2) == [True, False]


def test_looking_takes_nothing() -> None:
    """It tells what would be."""
    limiter = Limiter(now=VirtualClock().now)
    assert [limiter.look("ann", QUOTA).remaining for _ in range(5)] == [2] * 5
    assert len(limiter) == 0
    taken(limiter, "ann", 3)
    assert not limiter.look("ann", QUOTA).allowed


def test_idle_buckets_are_forgotten() -> None:
    """A full bucket is as good as none."""
    clock = VirtualClock()
    limiter = Limiter(now=clock.now)
    for number in range(1000):
        limiter.take(f"guest {number}", QUOTA)
    assert len(limiter) == 1000
    clock.advance(61)
    limiter.take("ann", QUOTA)
    assert len(limiter) == 1


def test_memory_is_bounded_even_when_nobody_is_idle() -> None:
    """The one who has not asked for longest starts anew; whoever keeps asking is kept."""
    limiter = Limiter(now=VirtualClock().now, most=100)
    taken(limiter, "busy", 3)
    for number in range(1000):
        assert limiter.take(f"guest {number}", QUOTA).allowed
        assert not limiter.take("busy", QUOTA).allowed
    assert len(limiter) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "nonsense", True),
        ("x" * 100_000, "192.0.2.1:80", True),
        ("1" * 5000, "\udcff", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_addresses_of_one_network_share_a_bucket(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """IPv6 by /64; whatever is no address shares one."""
    assert (bucket_of(one) == bucket_of(other)) is same
    assert len(bucket_of(one)) < 50


def test_the_headers_are_those_of_the_draft() -> None:
    """Structured fields (RFC 9651): a list of strings with parameters; seconds rounded up."""
    requests = decide(Quota("requests", 600), None, 0)
    submits = Decision(Quota("submits", 2, 10), False, 0, 0, 10 * SECOND - 1, 5)
    assert limit_headers([requests, submits]) == [
        (b"ratelimit-policy", b'"requests";q=600;w=60, "submits";q=2;w=10'),
        (b"ratelimit", b'"requests";r=599;t=1, "submits";r=0;t=10'),
    ]
    assert limit_headers([]) == []
