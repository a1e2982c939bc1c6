"""The published rates, kept by all callers together, on a clock that does not need the time."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources_loopback import MAKERS, SILENCE, Loopback, Says, Source, Watched

from batuta.albums.sources import Failed, Found, Manners, Reason
from batuta.clients import AppTransport, BreakerPolicy, RetryPolicy, deadline
from batuta.clients.pace import Pace, Rate
from batuta.errors import DeadlineExceeded, InvalidRequest, ServiceBusy
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

INTERVALS = {"musicbrainz": 1.0, "itunes": 3.0, "discogs": 1.0}


def watched(name: str, loopback: Loopback, clock: VirtualClock, **manners: object) -> tuple[Source, Watched]:
    transport = Watched(AppTransport(loopback), clock)
    polite = Manners(clock=clock, jitter=lambda: 0.0, **manners)  # type: ignore[arg-type]
    return MAKERS[name]("http://s.example", polite, transport), transport


def gaps(transport: Watched) -> list[float]:
    return [after - before for before, after in pairwise(transport.left)]


@pytest.mark.parametrize("name", MAKERS)
async def test_a_hundred_at_once_keep_the_rate(name: str):
    """The first goes at once, each further one an interval later, and all get their answer."""
    loopback, clock = Loopback(), VirtualClock()
    source, transport = watched(name, loopback, clock)
    answers = await asyncio.gather(*[source.look_up("Nirvana", "Nevermind") for _ in range(100)])
    await source.aclose()
    assert all(isinstance(answer, Found) for answer in answers)
    assert transport.left == pytest.approx([at * INTERVALS[name] for at in range(100)])


@pytest.mark.parametrize("name", MAKERS)
async def test_retries_keep_the_rate_too(name: str):
    """A third of the answers are failures; no two requests are closer than the interval."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.extend([Says(503), Says(429, headers={"Retry-After": "2"})] * 10)
    source, transport = watched(name, loopback, clock, breaker=BreakerPolicy(failures=1000))
    await asyncio.gather(*[source.look_up("Nirvana", "Nevermind") for _ in range(40)])
    await source.aclose()
    assert len(transport.left) > 40
    assert min(gaps(transport)) >= INTERVALS[name] - 1e-6


async def test_a_failing_source_gets_time():
    """Without a word from it, 1.5 s before the first retry and 3 s before the second."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.extend([Says(500), Says(500)])
    source, transport = watched("musicbrainz", loopback, clock)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()
    assert transport.left == [0, 1.5, 4.5]


@pytest.mark.parametrize("name", MAKERS)
async def test_retry_after_is_for_everybody(name: str):
    """What the source asks of one of ten, all ten obey."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(Says(503, headers={"Retry-After": "20"}))
    source, transport = watched(name, loopback, clock)
    answers = await asyncio.gather(*[source.look_up("Nirvana", "Nevermind") for _ in range(10)])
    await source.aclose()
    assert all(isinstance(answer, Found) for answer in answers)
    assert gaps(transport)[0] >= 20
    assert min(gaps(transport)) >= INTERVALS[name] - 1e-6


async def test_a_long_retry_after_is_obeyed_without_waiting():
    """Nobody is kept for ten minutes, and nobody asks before they are over."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(Says(503, headers={"Retry-After": "600"}))
    source, transport = watched("musicbrainz", loopback, clock)
    first, second = [await source.look_up("Nirvana", "Nevermind") for _ in range(2)]
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert (first.reason, first.retry_after) == (Reason.UNAVAILABLE, 600)
    assert (second.reason, second.retry_after) == (Reason.BUSY, 600)
    assert (len(transport.left), clock.slept) == (1, [])
    clock.advance(599)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    assert transport.left[1] == 600
    await source.aclose()


async def test_an_absurd_retry_after_does_not_shut_the_source_for_ever():
    """An hour is the most one answer can do."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(Says(429, headers={"Retry-After": "99999999"}))
    source, _ = watched("itunes", loopback, clock)
    await source.look_up("Nirvana", "Nevermind")
    clock.advance(3600)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()


async def test_a_queue_before_a_source_that_failed_dissolves_at_once():
    """Ninety-five who wait for their turn do not wait to be turned away one a second."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.always = Says(500)
    source, transport = watched("musicbrainz", loopback, clock, retry=RetryPolicy(max_retries=0))
    answers = await asyncio.gather(*[source.look_up("Nirvana", "Nevermind") for _ in range(100)])
    await source.aclose()
    assert {type(answer) for answer in answers} == {Failed}
    assert len(transport.left) < 10
    assert clock.now() < 10


async def test_whoever_leaves_the_queue_delays_nobody():
    """Fifty of a hundred are cancelled; the others come as if those had never been there."""
    loopback, clock = Loopback(), VirtualClock()
    source, transport = watched("musicbrainz", loopback, clock)
    tasks = [asyncio.create_task(source.look_up("Nirvana", "Nevermind")) for _ in range(100)]
    await asyncio.sleep(0)
    for task in tasks[1::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await source.aclose()
    assert len([answer for answer in answers if isinstance(answer, Found)]) == 50
    assert transport.left == pytest.approx(range(50))


async def test_a_silent_source_does_not_hold_up_the_queue():
    """A slow answer is waited for by whoever asked; the next turn comes in its time."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(SILENCE)
    source, transport = watched("itunes", loopback, clock)
    waiting = asyncio.create_task(source.look_up("Nirvana", "Nevermind"))
    await loopback.asked.wait()
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    assert transport.left == [0, 3]
    loopback.let_go()
    await waiting
    await source.aclose()


async def test_those_held_up_by_slow_answers_do_not_go_together_afterwards():
    """Four silent answers end at once; whoever waited behind them still goes one by one."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.extend([SILENCE] * 4)
    source, transport = watched("musicbrainz", loopback, clock)
    tasks = [asyncio.create_task(source.look_up("Nirvana", "Nevermind")) for _ in range(10)]
    async with asyncio.timeout(5):
        while len(loopback.requests) < 4:
            loopback.asked.clear()
            await loopback.asked.wait()
    for _ in range(500):  # as long as the others' turns could take to come, if they took them
        await asyncio.sleep(0)
    loopback.let_go()
    assert len([answer for answer in await asyncio.gather(*tasks) if isinstance(answer, Found)]) == 6
    await source.aclose()
    assert min(gaps(transport)) >= 1 - 1e-6


# The pace itself


async def test_a_burst_goes_at_once_and_a_quiet_time_gives_it_back():
    """Three, then one every half second."""
    clock = VirtualClock()
    pace = Pace("host", Rate(0.5, burst=3), clock)
    at: list[float] = []
    for _ in range(5):
        await pace.turn()
        at.append(clock.now())
    clock.advance(60)
    for _ in range(4):
        await pace.turn()
        at.append(clock.now() - 61)
    assert at == [0, 0, 0, 0.5, 1.0, 0, 0, 0, 0.5]


async def test_turns_come_in_the_order_of_asking():
    """First come, first served."""
    clock, order = VirtualClock(), list[int]()
    pace = Pace("host", Rate(1.0), clock)

    async def go(number: int) -> None:
        await pace.turn()
        order.append(number)

    await asyncio.gather(*map(go, range(20)))
    assert order == list(range(20))


async def test_a_turn_that_comes_after_the_deadline_is_not_waited_for():
    """The caller learns at once, and the turn is left to others."""
    clock = VirtualClock()
    pace = Pace("host", Rate(10.0), clock)
    await pace.turn()
    with deadline(5), pytest.raises(DeadlineExceeded, match=r"comes in 10\.0 s"):
        await pace.turn()
    assert clock.slept == []
    await pace.turn()
    assert clock.now() == 10


async def test_a_wait_longer_than_the_caller_bears_is_not_begun():
    """The error says how long it would have been."""
    pace = Pace("host", Rate(1.0), VirtualClock())
    pace.hold(50)
    with pytest.raises(ServiceBusy) as caught:
        await pace.turn(longest=49)
    assert caught.value.retry_after == 50
    await pace.turn(longest=50)


async def test_a_queue_that_takes_too_long_is_left_at_the_deadline():
    """Behind somebody who waits, in real time."""
    pace = Pace("host", Rate(30.0))
    await pace.turn()
    ahead = asyncio.create_task(pace.turn())
    await asyncio.sleep(0)
    with deadline(0.05), pytest.raises(DeadlineExceeded, match="did not come"):
        await pace.turn()
    ahead.cancel()


@pytest.mark.parametrize(
    ("interval", "burst"), [(0, 1), (-1, 1), (float("inf"), 1), (float("nan"), 1), (1, 0)]
)
def test_a_rate_that_is_none_is_refused(interval: float, burst: int):
    """It would mean never, or without limit."""
    with pytest.raises(InvalidRequest, match="cannot be kept"):
        Rate(interval, burst)


@given(
    st.floats(0.001, 100),
    st.integers(1, 20),
    st.lists(st.floats(0, 50), min_size=1, max_size=60),
)
def test_no_stretch_of_time_has_more_than_its_share(interval: float, burst: int, pauses: list[float]):
    """In any `n` intervals there are at most `n + burst` requests, however they come."""
    rate, due, now, sent = Rate(interval, burst), float("-inf"), 0.0, list[float]()
    for pause in pauses:
        now += pause * interval / 10
        now += rate.wait(due, now)
        due = rate.after(due, now)
        sent.append(now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= (sent[last] - sent[first]) / interval + burst + 1e-6
