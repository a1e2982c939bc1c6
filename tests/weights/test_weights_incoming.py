"""A part file takes the published number of bytes and no more, whatever a source sends."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from toys import CONTENT, names_under, published

from batuta.weights.incoming import Incoming
from batuta.weights.sources import Interrupted, SourceFailed, Stream
from batuta.weights.threads import off_loop

pytestmark = pytest.mark.anyio


async def endless(taken: list[int]) -> AsyncIterator[bytes]:
    for number in itertools.count():
        taken.append(number)
        yield bytes(100_000)


async def short() -> AsyncIterator[bytes]:
    yield CONTENT[:1000]


async def test_a_source_that_does_not_stop_is_stopped(tmp_path: Path) -> None:
    """The chunk that would go beyond the published size is the last one asked for, and nothing is kept."""
    taken: list[int] = []
    with pytest.raises(SourceFailed, match="sent more than 300,000 bytes"):
        await Incoming(tmp_path, published()).receive(Stream(0, endless(taken)), lambda _: None)
    assert taken == [0, 1, 2, 3]
    assert names_under(tmp_path) == set()


async def test_a_source_that_stops_early_leaves_what_it_sent(tmp_path: Path) -> None:
    """Without an error of its own (a body without a length), the missing bytes tell."""
    incoming = Incoming(tmp_path, published())
    with pytest.raises(Interrupted, match="stopped after 1,000 of 300,000 bytes"):
        await incoming.receive(Stream(0, short()), lambda _: None)
    assert await incoming.held() == 1000


async def test_work_in_a_thread_is_over_before_its_cancelled_caller_goes_on() -> None:
    """Whoever takes the lock next finds nobody writing any more."""
    begun, go_on = threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        go_on.wait(10)

    caller = asyncio.create_task(off_loop(step))
    assert await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    done, _ = await asyncio.wait({caller}, timeout=0.05)
    assert not done
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
