"""Waiting for an event: with a limit, and ended by a cancellation whenever it comes."""

from __future__ import annotations

import asyncio

import pytest

from batuta.jobs.bells import rung_within

pytestmark = pytest.mark.anyio


async def test_an_event_ends_the_waiting() -> None:
    """As does the time."""
    bell = asyncio.Event()
    assert not await rung_within(bell, 0.01)
    bell.set()
    assert await rung_within(bell, 10)


async def test_a_cancellation_that_comes_with_the_event_is_not_lost() -> None:
    """Both in one turn of the loop, in either order: the task ends."""
    for cancel_first in (True, False):
        bell = asyncio.Event()
        task = asyncio.create_task(rung_within(bell, 10))
        await asyncio.sleep(0)
        for cancels in (cancel_first, not cancel_first):
            task.cancel() if cancels else bell.set()
        await asyncio.wait({task}, timeout=5)
        assert task.cancelled()
