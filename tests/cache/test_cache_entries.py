"""How fresh an entry is, how long it lives, what follows from a failure: for whatever numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.cache import Absence, CachePolicy, Entry
from batuta.cache.entries import Freshness, age, freshness
from batuta.cache.policy import after_failure, capped, kept_value, lifetime, negative_seconds
from batuta.errors import BreakerOpen, InvalidRequest, NotFound, ServiceBusy, ServiceUnavailable

numbers = st.floats(allow_nan=True, allow_infinity=True)
seconds = st.floats(0, 1e7)
rolls = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    CachePolicy,
    fresh_seconds=seconds,
    revalidate_seconds=seconds,
    error_seconds=seconds,
    jitter=st.floats(0, 1),
    rest_seconds=seconds,
    negative=st.dictionaries(st.sampled_from(["not_found", "service_unavailable"]), numbers),
)
entries = st.builds(
    Entry[str],
    value=st.just("x"),
    stored_at=numbers,
    fresh_until=numbers,
    stale_until=numbers,
    absence=st.none() | st.just(Absence("not_found", "no")),
)
failures = st.sampled_from(
    [
        NotFound("no"),
        ServiceUnavailable("down"),
        ServiceBusy("later", 9),
        BreakerOpen("open", 9),
        OSError("x"),
    ]
)


@given(entries, numbers)
def test_every_entry_has_a_freshness_at_every_time(entry: Entry[str], now: float) -> None:
    """Fresh only before its time is over, stale only values, senseless ones dead; no age is negative."""
    state = freshness(entry, now)
    if state is Freshness.FRESH:
        assert now < entry.fresh_until
    if state is Freshness.STALE:
        assert entry.fresh_until <= now < entry.stale_until
        assert entry.absence is None
    if entry.stored_at > entry.fresh_until:
        assert state is Freshness.DEAD
    assert not age(entry, now) < 0


@given(seconds, seconds, seconds)
def test_an_entry_only_grows_older(first: float, later: float, life: float) -> None:
    """Fresh, then stale, then dead; never back."""
    entry = Entry("x", 0.0, life, life * 2)
    order = list(Freshness)
    early, late = sorted((first, later))
    assert order.index(freshness(entry, early)) <= order.index(freshness(entry, late))


@given(policies, seconds, rolls)
def test_a_value_lives_as_the_policy_says_or_a_little_less(
    policy: CachePolicy, now: float, roll: float
) -> None:
    """Jitter takes up to its share away and never adds."""
    entry = kept_value("x", policy, now, roll, ())
    assert now <= entry.fresh_until <= now + policy.fresh_seconds
    assert entry.fresh_until >= now + policy.fresh_seconds * (1 - policy.jitter) - 1e-6 * (now + 1)
    assert entry.stale_until == entry.fresh_until + policy.stale_seconds


def test_lifetimes_do_not_end_together() -> None:
    """Different rolls, different ends."""
    assert [lifetime(100, 0.1, roll) for roll in (0, 0.5)] == [100, 95]


@given(policies, seconds, seconds, seconds, seconds, rolls)
def test_what_a_database_has_is_kept_above_it_no_longer_than_a_new_value(
    policy: CachePolicy, stored: float, fresh: float, stale: float, later: float, roll: float
) -> None:
    """Nor longer than the database itself says."""
    row = Entry("x", stored, stored + fresh, stored + fresh + stale)
    now = stored + later
    upper = capped(row, policy, now, roll)
    assert upper.stored_at == row.stored_at
    assert upper.fresh_until <= max(min(row.fresh_until, now + policy.fresh_seconds), stored)
    assert upper.stored_at <= upper.fresh_until <= upper.stale_until


@given(failures, st.none() | entries, policies, seconds)
def test_every_failure_has_its_consequence(
    error: Exception, stale: Entry[str] | None, policy: CachePolicy, now: float
) -> None:
    """A stale value or a remembered failure or neither, never both, and nothing for ever."""
    end = after_failure(error, stale, policy, now, ())
    assert end.stale is None or end.absence is None
    if end.stale is not None:
        assert now <= end.stale.rest_until <= now + max(policy.longest_rest_seconds, policy.rest_seconds)
    if end.absence is not None:
        assert now <= end.absence.fresh_until <= now + policy.longest_rest_seconds


POLICY = CachePolicy(10, error_seconds=10, negative={"not_found": 60, "service_unavailable": 2})
STALE = Entry("old", 0, 5, 100)


def test_a_final_answer_takes_the_place_of_a_stale_value() -> None:
    """The video is gone: its old transcript is not given any more."""
    end = after_failure(NotFound("gone"), STALE, POLICY, 6, ("t",))
    assert end.stale is None
    assert end.absence == Entry(None, 6, 66, 66, ("t",), Absence("not_found", "gone"))


def test_what_may_be_over_soon_leaves_the_stale_value() -> None:
    """And the origin in peace for as long as the cause is worth."""
    end = after_failure(ServiceUnavailable("down"), STALE, POLICY, 6, ())
    assert (end.stale is not None, end.absence) == (True, None)
    assert end.stale is not None
    assert end.stale.rest_until == 8


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServiceBusy("later", 30), 30),
        (ServiceBusy("later", 1e9), 24 * 3600),
        (ServiceBusy("later", -5), 0),
        (ServiceUnavailable("down"), 2),
        (BreakerOpen("ours", 30), 0),
        (OSError("a defect"), 0),
    ],
)
def test_the_origin_is_obeyed_when_it_says_when(error: Exception, expected: float) -> None:
    """`Retry-After` before the policy, within bounds; our own breaker's time is nobody's order."""
    assert negative_seconds(error, POLICY) == expected


def test_errors_may_tell_their_own_lifetime() -> None:
    """A function in the place of the table."""
    policy = CachePolicy(10, negative=lambda error: len(error.message))
    assert negative_seconds(NotFound("four"), policy) == 4


@pytest.mark.parametrize(
    "wrong", [{"fresh_seconds": -1}, {"jitter": 2}, {"load_seconds": 0}, {"load_seconds": 1e6}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    """When it is written, not when it is used."""
    with pytest.raises(InvalidRequest):
        CachePolicy(**{"fresh_seconds": 1.0} | wrong)
