"""What is asked again, and when: the whole table."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.clients.retry import (
    LONGEST_ASKED,
    Outcome,
    RetryPolicy,
    outcome_of_error,
    outcome_of_status,
    retry_after,
)

NEW_YEAR = 1_798_761_600.0  # Fri, 01 Jan 2027 00:00:00 GMT


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (Outcome.OK, [200, 201, 202, 204, 206, 304]),
        (Outcome.REFUSED, [301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 413, 415, 422, 501, 505]),
        (Outcome.BUSY, [408, 425, 429]),
        (Outcome.FAILED, [500, 502, 503, 504, 507, 599]),
    ],
)
def test_a_status_decides(outcome: Outcome, statuses: list[int]):
    """4xx is not asked again except the three that ask for it; 5xx is, except what the server cannot do."""
    assert {outcome_of_status(status) for status in statuses} == {outcome}


@pytest.mark.parametrize(
    ("outcome", "errors"),
    [
        (
            Outcome.FAILED,
            [
                httpx2.ConnectError,
                httpx2.ConnectTimeout,
                httpx2.ReadTimeout,
                httpx2.PoolTimeout,
                httpx2.ReadError,
                httpx2.WriteError,
                httpx2.RemoteProtocolError,
                httpx2.ProxyError,
            ],
        ),
        (Outcome.REFUSED, [httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.DecodingError]),
    ],
)
def test_a_transport_failure_decides(outcome: Outcome, errors: list[type[httpx2.RequestError]]):
    """A lost connection may come back; a request that breaks the protocol will break it again."""
    assert {outcome_of_error(error) for error in errors} == {outcome}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Fri, 01 Jan 2027 00:00:30 GMT"}, 30),
        ({"Retry-After": "Fri, 01 Jan 2027 00:00:30 GMT", "Date": "Fri, 01 Jan 2027 00:00:20 GMT"}, 10),
        ({"Retry-After": "Thu, 31 Dec 2026 00:00:00 GMT"}, 0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "later"}, None),
        ({"Retry-After": "9" * 400}, LONGEST_ASKED),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_ASKED),
        ({"Retry-After": "Fri, 99 Jan 2027 00:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None):
    """Both forms of RFC 9110, a date by the server's clock; nonsense is ignored, an absurd wait a month."""
    received = httpx2.Headers([(name.encode(), value.encode()) for name, value in headers.items()])
    assert retry_after(received, NEW_YEAR) == seconds


@pytest.mark.parametrize(("retries", "shortest", "longest"), [(0, 1.5, 2.0), (1, 3.0, 4.0), (2, 6.0, 8.0)])
def test_pauses_double_and_are_spread(retries: int, shortest: float, longest: float):
    """The seed's 2, 4, 8 s are the upper ends, its base of 1.5 s is the lower end of the first."""
    assert RetryPolicy().backoff(retries, 0.0) == shortest
    assert RetryPolicy().backoff(retries, 1.0) == pytest.approx(longest)


@pytest.mark.parametrize(
    ("retries", "asked", "remaining", "wait"),
    [
        (0, None, None, 1.5),
        (2, None, None, 6.0),
        (3, None, None, None),  # enough
        (0, 7.0, None, 7.0),  # obeyed
        (0, 0.0, None, 0.0),
        (0, 7.0, 7.5, 7.0),
        (0, 7.0, 7.0, None),  # would end at the deadline
        (0, None, 1.0, None),
        (0, 121.0, None, None),  # longer than anybody should wait
    ],
)
def test_waiting_stays_within_the_deadline(
    retries: int, asked: float | None, remaining: float | None, wait: float | None
):
    """A wait that cannot end before the deadline is not begun: the caller hears at once."""
    assert RetryPolicy().wait(retries, asked, remaining, jitter=0.0) == wait


@settings(deadline=None)
@given(
    retries=st.integers(0, 10),
    asked=st.none() | st.floats(0, 1e6),
    remaining=st.none() | st.floats(-1e3, 1e6),
    jitter=st.floats(0, 1),
)
def test_no_wait_outlasts_the_deadline(
    retries: int, asked: float | None, remaining: float | None, jitter: float
):
    """Whatever happens, the answer is to give up, or a wait that is allowed and fits."""
    wait = RetryPolicy().wait(retries, asked, remaining, jitter)
    if wait is not None:
        assert 0 <= wait <= 120
        assert remaining is None or wait < remaining
        assert retries < 3
