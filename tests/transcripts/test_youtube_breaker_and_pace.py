"""The breaker's and the pace's decisions, without any request."""

from __future__ import annotations

import pytest

from batuta.testing.clock import VirtualClock
from batuta.transcripts.blockade import DEFAULT_PATIENCE, ROTATING_PATIENCE, Blockade
from batuta.transcripts.causes import BY_CAUSE, TranscriptUnavailable
from batuta.transcripts.models import Cause
from batuta.transcripts.pacing import Pace


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1000.0)


def fail(blockade: Blockade, cause: Cause, retry_after: float | None = None) -> None:
    with blockade.call() as call:
        call.failed(BY_CAUSE[cause]("x", retry_after))


def turned_away(blockade: Blockade) -> TranscriptUnavailable | None:
    try:
        with blockade.call():
            return None
    except TranscriptUnavailable as error:
        return error


@pytest.mark.parametrize(("cause", "pause"), [(Cause.BLOCKED, 300), (Cause.RATE_LIMITED, 60)])
def test_one_refusal_is_enough(clock: VirtualClock, cause: Cause, pause: float) -> None:
    """Everybody gets the real cause and how long to wait."""
    blockade = Blockade(clock=clock)
    fail(blockade, cause)
    error = turned_away(blockade)
    assert error is not None
    assert (error.cause, error.retry_after) == (cause, pause)


def test_a_refusal_again_doubles_the_pause_up_to_an_hour(clock: VirtualClock) -> None:
    """And an answer makes it forgotten."""
    blockade = Blockade(clock=clock)
    pauses = []
    for _ in range(6):
        fail(blockade, Cause.BLOCKED)
        pauses.append(blockade.left)
        clock.advance(blockade.left or 0)
    assert pauses == [300, 600, 1200, 2400, 3600, 3600]
    with blockade.call() as call:
        call.succeeded()
    fail(blockade, Cause.BLOCKED)
    assert blockade.left == 300


def test_what_youtube_asks_for_is_obeyed_within_reason(clock: VirtualClock) -> None:
    """Seconds as they are, a year as an hour."""
    for asked, obeyed in ((7.0, 7.0), (3e7, 3600.0)):
        blockade = Blockade(clock=clock)
        fail(blockade, Cause.RATE_LIMITED, asked)
        assert blockade.left == obeyed


def test_fetches_under_way_when_it_began_do_not_double_the_pause(clock: VirtualClock) -> None:
    """Eight threads are turned away together; a late success does not end it either."""
    blockade = Blockade(clock=clock)
    calls = [blockade.call() for _ in range(8)]
    for call in calls[1:]:
        call.failed(BY_CAUSE[Cause.BLOCKED]("x"))
    calls[0].succeeded()
    assert blockade.left == 300


def test_bad_weather_opens_it_only_after_several_failures_in_a_row(clock: VirtualClock) -> None:
    """A proper answer, a refusal of one video too, begins a new row."""
    blockade = Blockade(clock=clock)
    for _ in range(4):
        fail(blockade, Cause.NETWORK)
    fail(blockade, Cause.DISABLED)
    for _ in range(4):
        fail(blockade, Cause.TIMEOUT)
    assert turned_away(blockade) is None
    fail(blockade, Cause.UPSTREAM_ERROR)
    error = turned_away(blockade)
    assert error is not None
    assert (error.cause, error.retry_after) == (Cause.UPSTREAM_ERROR, 15)


def test_causes_of_a_video_never_open_it(clock: VirtualClock) -> None:
    """They are proper answers."""
    blockade = Blockade(clock=clock)
    for cause in set(Cause) - set(DEFAULT_PATIENCE):
        for _ in range(10):
            fail(blockade, cause)
    assert turned_away(blockade) is None


def test_behind_rotating_proxies_one_block_says_little(clock: VirtualClock) -> None:
    """Five in a row say something."""
    blockade = Blockade(ROTATING_PATIENCE, clock)
    for _ in range(4):
        fail(blockade, Cause.BLOCKED)
    assert turned_away(blockade) is None
    fail(blockade, Cause.BLOCKED)
    assert turned_away(blockade) is not None


def pace(clock: VirtualClock, **options: float) -> Pace:
    return Pace(now=clock.now, chance=lambda: 0.0, **options)


def test_a_burst_goes_at_once_and_then_the_rate_holds(clock: VirtualClock) -> None:
    """Waits grow by an interval; a quiet time gives the burst back."""
    schedule = pace(clock, per_second=2, burst=3)
    assert [schedule.turn("a", 60) for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]
    clock.advance(60)
    assert [schedule.turn("a", 60) for _ in range(4)] == [0, 0, 0, 0.5]


def test_hosts_do_not_wait_for_each_other(clock: VirtualClock) -> None:
    """Each has its own schedule."""
    schedule = pace(clock, per_second=1, burst=1)
    assert [schedule.turn(host, 60) for host in ("a", "b", "a")] == [0, 0, 1]


def test_a_turn_that_would_come_too_late_is_not_taken(clock: VirtualClock) -> None:
    """So it delays nobody else."""
    schedule = pace(clock, per_second=1, burst=1)
    assert [schedule.turn("a", 1.5) for _ in range(5)] == [0, 1, None, None, None]
    clock.advance(1)
    assert schedule.turn("a", 1.5) == 1


def test_waits_are_made_uneven_but_never_shorter(clock: VirtualClock) -> None:
    """By up to half an interval, and the schedule does not drift."""
    schedule = Pace(per_second=1, burst=1, now=clock.now, chance=lambda: 1.0)
    assert [schedule.turn("a", 60) for _ in range(3)] == [0, 1.5, 2.5]
