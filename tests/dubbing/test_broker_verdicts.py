"""When a message is tried again, without a broker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.dubbing.intake import (
    MAX_REDELIVERIES,
    UNEXPECTED_TRIES,
    UNKNOWN_TRIES,
    Pace,
    next_pause,
)
from batuta.errors import (
    BatutaError,
    Gone,
    InvalidRequest,
    NotFound,
    ServiceRefused,
    ServiceUnavailable,
    StorageError,
    Unauthorized,
)

PACE = Pace(first=1.0, longest=30.0)


@pytest.mark.parametrize(
    ("error", "tries", "unexpected", "redeliveries", "again"),
    [
        (ServiceUnavailable("away"), 10**6, 0, 10**6, True),
        (StorageError("disk full"), 10**6, 0, 0, True),
        (TimeoutError(), 10**6, 0, 0, True),
        (NotFound("no job"), UNKNOWN_TRIES - 1, 0, 0, True),
        (NotFound("no job"), UNKNOWN_TRIES, 0, 0, False),
        (InvalidRequest("no"), 0, 0, 0, False),
        (ServiceRefused("no"), 0, 0, 0, False),
        (Unauthorized("no"), 0, 0, 0, False),
        (Gone("no"), 0, 0, 0, False),
        (BatutaError("what?"), 0, 0, 0, False),
        (KeyError("x"), 3, UNEXPECTED_TRIES - 1, MAX_REDELIVERIES, True),
        (KeyError("x"), 0, UNEXPECTED_TRIES, 0, False),
        (KeyError("x"), 0, 1, MAX_REDELIVERIES + 1, False),
    ],
)
def test_what_may_pass_is_tried_again_and_the_rest_is_dead(
    error: Exception, tries: int, unexpected: int, redeliveries: int, *, again: bool
) -> None:
    """One line for each of the table in the module."""
    pause = next_pause(error, tries, unexpected, redeliveries, PACE, 0.0)
    assert (pause is not None) is again


@given(tries=st.integers(0, 10**6), jitter=st.floats(0, 1), asked=st.none() | st.floats(0, 1e9))
def test_pauses_grow_and_have_an_end(tries: int, jitter: float, asked: float | None) -> None:
    """Also when a service asks for a year."""
    pause = next_pause(ServiceUnavailable("away", asked), tries, 0, 0, PACE, jitter)
    assert pause is not None
    assert PACE.first <= pause <= PACE.longest
    assert pause >= min(2.0 ** min(tries, 16), PACE.longest)
    assert pause >= min(asked or 0.0, PACE.longest)
