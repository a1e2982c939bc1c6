"""What an attempt to deliver means for the next one."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.jobs.webhooks.schedule import DELAYS, JITTER, LONGEST_WAIT, Attempt, State, decide

HOUR = 3600


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_delivered(status: int) -> None:
    """Any 2xx."""
    assert decide(Attempt(status), 1, 0.5).state is State.DELIVERED


@pytest.mark.parametrize("status", [None, 408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int | None) -> None:
    """No answer, busy, or broken."""
    assert decide(Attempt(status), 1, 0.0).state is State.PENDING


@pytest.mark.parametrize("status", [100, 301, 302, 304, 307, 400, 401, 403, 404, 405, 410, 413, 422, 499])
def test_what_will_not_pass_fails_at_once(status: int) -> None:
    """A redirect, a wrong URL, one that is gone."""
    assert decide(Attempt(status), 1, 0.0).state is State.FAILED


def test_a_url_that_may_not_be_asked_fails_at_once() -> None:
    """Its address is not public; asking later would be asking for a rebinding."""
    assert decide(Attempt(error="no", hopeless=True), 1, 0.0).state is State.FAILED


def test_delays_grow_to_about_a_day_and_a_half() -> None:
    """Ten attempts; the first comes again within seconds."""
    waits = [decide(Attempt(503), tries, 0.0).wait for tries in range(1, 10)]
    assert waits == list(DELAYS)
    assert waits == sorted(waits)
    assert waits[0] <= 5
    assert 30 * HOUR < list(accumulate(waits))[-1] < 40 * HOUR
    assert decide(Attempt(503), 10, 0.0).state is State.FAILED


def test_a_receiver_may_ask_for_more_time_but_not_for_less() -> None:
    """Less would use up the attempts while it is down."""
    assert decide(Attempt(429, retry_after=60), 1, 0.0).wait == 60
    assert decide(Attempt(503, retry_after=1), 5, 0.0).wait == HOUR
    assert decide(Attempt(503, retry_after=1e12), 1, 0.0).wait == LONGEST_WAIT
    assert decide(Attempt(404, retry_after=60), 1, 0.0).state is State.FAILED


@given(
    status=st.none() | st.integers(100, 599),
    tries=st.integers(0, 50),
    asked=st.none() | st.floats(0, 1e15),
    jitter=st.floats(0, 1),
)
def test_every_wait_is_within_bounds(
    status: int | None, tries: int, asked: float | None, jitter: float
) -> None:
    """Whatever a receiver answers, it is left alone for 5 s and asked within 13.2 h, or never."""
    verdict = decide(Attempt(status, retry_after=asked), tries, jitter)
    if verdict.state is State.PENDING:
        assert DELAYS[0] <= verdict.wait <= LONGEST_WAIT * (1 + JITTER)
    else:
        assert verdict.wait == 0
