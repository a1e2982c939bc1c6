"""Values asked for one by one, read together, and never before they were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from batuta.cache import Gathered

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


class Table:
    """Squares of numbers below ten, read once it may; `begun` is set while somebody waits for it."""

    def __init__(self) -> None:
        self.reads: list[set[int]] = []
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.failures: list[Exception] = []

    async def load(self, keys: Collection[int]) -> dict[int, int]:
        self.reads.append(set(keys))
        self.begun.set()
        await self.may_answer.wait()
        if self.failures:
            raise self.failures.pop()
        return {key: key * key for key in keys if key < 10}


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def gathered(table: Table) -> Gathered[int, int]:
    return Gathered(table.load)


async def asked(gathered: Gathered[int, int], *keys: int) -> list[asyncio.Task[int | None]]:
    """One caller for each key, all of them waiting."""
    callers = [asyncio.create_task(gathered.get(key)) for key in keys]
    await asyncio.sleep(0)
    return callers


async def test_those_who_ask_during_a_read_share_the_next(table: Table, gathered: Gathered[int, int]) -> None:
    """Also for a key that is being read already: what is given was read after it was asked for."""
    first = await asked(gathered, 1)
    await asyncio.wait_for(table.begun.wait(), 2)
    later = await asked(gathered, 1, 2, 2, 10)
    table.may_answer.set()
    assert await asyncio.gather(*first, *later) == [1, 1, 4, 4, None]
    assert table.reads == [{1}, {1, 2, 10}]


async def test_a_failure_reaches_those_of_that_read_only(table: Table, gathered: Gathered[int, int]) -> None:
    """The next read is another try."""
    table.failures.append(OSError("gone"))
    callers = await asked(gathered, 1, 2)
    table.may_answer.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(result) for result in results] == ["gone", "gone"]
    assert await gathered.get(1) == 1


async def test_a_caller_that_leaves_takes_nothing_from_the_others(
    table: Table, gathered: Gathered[int, int]
) -> None:
    """Two ask for the same, one is cancelled, the other has its value."""
    leaving, staying = await asked(gathered, 3, 3)
    await asyncio.wait_for(table.begun.wait(), 2)
    leaving.cancel()
    table.may_answer.set()
    assert await staying == 9
    assert leaving.cancelled()
