"""One deadline flows through everything that runs inside it."""

from __future__ import annotations

import asyncio

import pytest

from batuta.clients.deadline import check, deadline, deadline_from_header, deadline_to_header, remaining
from batuta.errors import DeadlineExceeded
from batuta.testing.clock import VirtualClock


def test_there_is_no_deadline_unless_one_is_set():
    """Work outside any deadline may take as long as it likes."""
    assert remaining() is None
    check()


@pytest.mark.parametrize(("outer", "inner", "held"), [(10, 3, 3), (3, 10, 3), (5, None, 5)])
def test_the_earlier_of_two_deadlines_holds(
    clock: VirtualClock, outer: float, inner: float | None, held: float
):
    """Nesting can only shorten the time, and the outer deadline is back afterwards."""
    with deadline(outer, now=clock.now):
        with deadline(inner, now=clock.now):
            assert remaining() == held
        assert remaining() == outer
    assert remaining() is None


def test_tidying_up_has_its_own_deadline(clock: VirtualClock):
    """After the work's time is used up there is still time to cancel what it started."""
    with deadline(1, now=clock.now):
        clock.advance(5)
        with deadline(2, inherit=False, now=clock.now):
            assert remaining() == 2


def test_a_passed_deadline_stops_the_work_and_says_which(clock: VirtualClock):
    """The error names what there was no time for and by how much."""
    with deadline(1, now=clock.now):
        check("the mix")
        clock.advance(1.5)
        assert remaining() == -0.5
        with pytest.raises(DeadlineExceeded, match=r"the mix: the deadline passed 0\.5 s ago"):
            check("the mix")


@pytest.mark.anyio
async def test_tasks_started_inside_inherit_the_deadline(clock: VirtualClock):
    """A context variable follows into tasks, where an argument would be forgotten."""

    async def look() -> float | None:
        return remaining()

    with deadline(7, now=clock.now):
        assert await asyncio.create_task(look()) == 7
    assert await asyncio.create_task(look()) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12.5", 12.5),
        ("0", 0.0),
        ("-3", 0.0),
        (deadline_to_header(-3), 0.0),
        (deadline_to_header(1.23456), 1.235),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_the_header_carries_seconds_or_nothing(header: str | None, seconds: float | None):
    """What makes no sense is no deadline; a deadline in the past is one with no time left."""
    assert deadline_from_header(header) == seconds
