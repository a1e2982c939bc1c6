"""One value, computed once for everybody who asks, and kept for a while."""

from __future__ import annotations

import asyncio

import pytest

from batuta.cache import Remembered
from batuta.clients import deadline, remaining
from batuta.testing.clock import VirtualClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


class Origin:
    """Gives 1, 2, 3 … once it may; `begun` is set while somebody waits for it."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.failures: list[Exception] = []
        self.seconds_left: list[float | None] = []

    async def load(self) -> int:
        self.asked += 1
        self.seconds_left.append(remaining())
        self.begun.set()
        await self.may_answer.wait()
        if self.failures:
            raise self.failures.pop()
        return self.asked


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def remembered(origin: Origin, clock: VirtualClock) -> Remembered[int]:
    return Remembered(origin.load, seconds=5, now=clock.now)


async def several(remembered: Remembered[int], origin: Origin, number: int = 5) -> list[asyncio.Task[int]]:
    """So many callers, all of them waiting."""
    callers = [asyncio.create_task(remembered.get()) for _ in range(number)]
    await asyncio.wait_for(origin.begun.wait(), 2)
    await asyncio.sleep(0)
    return callers


async def test_however_many_ask_the_value_is_computed_once(
    remembered: Remembered[int], origin: Origin
) -> None:
    """Five who ask at the same time get the one value of one computation."""
    callers = await several(remembered, origin)
    origin.may_answer.set()
    assert await asyncio.gather(*callers) == [1] * 5
    assert origin.asked == 1


async def test_a_value_is_kept_until_its_seconds_are_over(
    remembered: Remembered[int], origin: Origin, clock: VirtualClock
) -> None:
    """Just before the end it is still the old value, at the end a new one."""
    origin.may_answer.set()
    assert await remembered.get() == 1
    clock.advance(4.999)
    assert await remembered.get() == 1
    clock.advance(0.001)
    assert await remembered.get() == 2


async def test_the_seconds_count_from_the_end_of_the_computation(
    remembered: Remembered[int], origin: Origin, clock: VirtualClock
) -> None:
    """A value that took ten seconds to compute is not stale when it arrives."""
    (caller,) = await several(remembered, origin, 1)
    clock.advance(10)
    origin.may_answer.set()
    assert await caller == 1
    clock.advance(4)
    assert await remembered.get() == 1


async def test_a_failure_reaches_everybody_who_waits(remembered: Remembered[int], origin: Origin) -> None:
    """All five get the real error."""
    origin.failures = [OSError("no route")]
    callers = await several(remembered, origin)
    origin.may_answer.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no route"] * 5
    assert origin.asked == 1


async def test_a_failure_is_not_remembered(remembered: Remembered[int], origin: Origin) -> None:
    """Who asks next, even the very one that has just been told of the failure, gets a new attempt."""
    origin.failures = [OSError("no route")]
    origin.may_answer.set()
    with pytest.raises(OSError, match="no route"):
        await remembered.get()
    assert await remembered.get() == 2


async def test_a_failure_after_a_value_does_not_bring_the_old_value_back(
    remembered: Remembered[int], origin: Origin, clock: VirtualClock
) -> None:
    """A stale value is never given as if it were fresh."""
    origin.may_answer.set()
    await remembered.get()
    clock.advance(5)
    origin.failures = [OSError("no route")]
    with pytest.raises(OSError, match="no route"):
        await remembered.get()


@pytest.mark.parametrize("who", [0, 2, 4])
async def test_a_caller_that_is_cancelled_leaves_the_others_waiting(
    remembered: Remembered[int], origin: Origin, who: int
) -> None:
    """Whether it was the first to ask or the last, the others get the value."""
    callers = await several(remembered, origin)
    callers.pop(who).cancel()
    await asyncio.sleep(0)
    origin.may_answer.set()
    assert await asyncio.gather(*callers) == [1] * 4


async def test_a_value_nobody_waits_for_any_more_is_kept_for_the_next(
    remembered: Remembered[int], origin: Origin
) -> None:
    """When all callers were cancelled the computation goes on; who comes back joins it."""
    callers = await several(remembered, origin)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    origin.may_answer.set()
    assert await remembered.get() == 1


async def test_the_deadline_of_whoever_asked_first_binds_nobody_else(
    remembered: Remembered[int], origin: Origin
) -> None:
    """The computation is everybody's: it runs without the first caller's deadline."""
    origin.may_answer.set()
    with deadline(0.5):
        await remembered.get()
    assert origin.seconds_left == [None]
