"""A value is computed once however many ask for it, and a failure is not kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from albums_parts import caches, track

from batuta.albums import CacheOrchestrator
from batuta.clients import deadline, remaining
from batuta.errors import InvalidRequest, NotFound, ServiceUnavailable

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


class Origin:
    """Counts; answers once it may."""

    def __init__(self, answer: object = "computed") -> None:
        self.asked = 0
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.answer = answer
        self.left: float | None = None

    async def __call__(self) -> object:
        self.asked += 1
        self.left = remaining()
        self.begun.set()
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_a_hundred_callers_cause_one_computation(orchestrator: CacheOrchestrator) -> None:
    """All get the same object, and it is kept."""
    origin = Origin(["tracks"])
    asking = [asyncio.create_task(orchestrator.get_async("key", origin)) for _ in range(100)]
    await origin.begun.wait()
    origin.may_answer.set()
    answers = await asyncio.gather(*asking)
    assert origin.asked == 1
    assert all(answer is answers[0] for answer in answers)
    assert orchestrator.get("key") == ["tracks"]


async def test_keys_do_not_wait_for_each_other(orchestrator: CacheOrchestrator) -> None:
    """Another key is computed meanwhile."""
    slow, quick = Origin(), Origin("quick")
    quick.may_answer.set()
    waiting = asyncio.create_task(orchestrator.get_async("slow", slow))
    await slow.begun.wait()
    assert await orchestrator.get_async("quick", quick) == "quick"
    slow.may_answer.set()
    assert await waiting == "computed"


async def test_the_first_callers_cancellation_is_not_the_others(orchestrator: CacheOrchestrator) -> None:
    """Nor its deadline: the computation has none."""
    origin = Origin()
    with deadline(0.5):
        first = asyncio.create_task(orchestrator.get_async("key", origin))
    await origin.begun.wait()
    second = asyncio.create_task(orchestrator.get_async("key", origin))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    origin.may_answer.set()
    assert await second == "computed"
    assert (origin.asked, origin.left) == (1, None)


async def test_what_nobody_waits_for_any_more_ends(orchestrator: CacheOrchestrator) -> None:
    """With the last who waited; whoever asks then has it computed anew."""
    origin, ended = Origin(), asyncio.Event()

    async def compute() -> object:
        try:
            return await origin()
        finally:
            ended.set()

    waiting = [asyncio.create_task(orchestrator.get_async("key", compute)) for _ in range(2)]
    await origin.begun.wait()
    waiting[0].cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not ended.is_set()
    waiting[1].cancel()
    async with asyncio.timeout(5):
        await ended.wait()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not orchestrator.generic_service.holds("key")
    origin.may_answer.set()
    assert await orchestrator.get_async("key", compute) == "computed"


@pytest.mark.parametrize("by", ["key", "other"])
async def test_a_computation_that_needs_itself_is_refused(orchestrator: CacheOrchestrator, by: str) -> None:
    """It would wait for itself without end, be it by way of another."""

    async def needs() -> object:
        return await orchestrator.get_async(by, through if by == "other" else needs)

    async def through() -> object:
        return await orchestrator.get_async("key", needs)

    async with asyncio.timeout(5):
        with pytest.raises(InvalidRequest, match="wait for itself"):
            await orchestrator.get_async("key", needs)


async def test_a_failure_reaches_everybody_and_is_not_kept(orchestrator: CacheOrchestrator) -> None:
    """The next one computes anew."""
    failing = Origin(NotFound("no such artist"))
    failing.may_answer.set()
    ends = await asyncio.gather(
        *(orchestrator.get_async("key", failing) for _ in range(5)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [NotFound] * 5
    assert failing.asked == 1
    assert not orchestrator.generic_service.holds("key")
    well = Origin()
    well.may_answer.set()
    assert await orchestrator.get_async("key", well) == "computed"


async def test_none_is_computed_once(orchestrator: CacheOrchestrator) -> None:
    """It is a value like any other."""
    origin = Origin(None)
    origin.may_answer.set()
    assert await orchestrator.get_async("key", origin) is None
    assert await orchestrator.get_async("key", origin) is None
    assert origin.asked == 1


@pytest.mark.parametrize("how", ["invalidate", "invalidate_all", "track", "set"])
async def test_what_was_outdated_while_it_was_computed_is_not_kept(
    orchestrator: CacheOrchestrator, how: str
) -> None:
    """Who asked before gets it; who asks after gets a new one, or what was stored meanwhile."""
    origin = Origin("old")
    waiting = asyncio.create_task(orchestrator.get_async("tracks_Björk", origin))
    await origin.begun.wait()
    match how:
        case "invalidate":
            orchestrator.invalidate("tracks_björk")
        case "invalidate_all":
            await orchestrator.invalidate_all()
        case "track":
            await orchestrator.invalidate_for_track(track())
        case _:
            orchestrator.set("tracks_Björk", "new")
    origin.may_answer.set()
    assert await waiting == "old"
    new = Origin("new")
    new.may_answer.set()
    assert await orchestrator.get_async("tracks_Björk", new) == "new"
    assert new.asked == (0 if how == "set" else 1)


async def test_shutdown_ends_what_is_being_computed(tmp_path: Path) -> None:
    """Who waits is told."""
    orchestrator = caches(tmp_path)
    await orchestrator.initialize()
    origin = Origin()
    waiting = asyncio.create_task(orchestrator.get_async("key", origin))
    await origin.begun.wait()
    await orchestrator.shutdown()
    with pytest.raises(ServiceUnavailable, match="ask again"):
        await waiting


async def test_all_is_every_track_there_is(orchestrator: CacheOrchestrator) -> None:
    """The snapshot under its other name; without one, the tracks of the lists, each once."""
    assert await orchestrator.get_async("ALL") == []
    orchestrator.set("tracks_Björk", [track(id="1"), track(id="2")])
    orchestrator.set("tracks_Moloko", [track(id="2"), track(id="3")])
    assert [one.id for one in await orchestrator.get_async("ALL")] == ["1", "2", "3"]
    origin = Origin([track(id="9")])
    origin.may_answer.set()
    assert await orchestrator.get_async("ALL", origin) == [track(id="9")]
    assert orchestrator.get("tracks_all") == [track(id="9")]
