"""Whatever is done in whatever order, the cache agrees with a dictionary and a clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from cache_parts import WORDS, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.cache import CachePolicy, Failed, TieredCache
from batuta.errors import BatutaError, NotFound, ServiceUnavailable
from batuta.testing.clock import VirtualClock

FRESH, STALE, NEGATIVE = 10.0, 20.0, 7.0
TAGS = {"a": ("x",), "b": ("x", "y"), "c": ()}

steps = st.one_of(
    st.tuples(st.just("get"), st.sampled_from(sorted(TAGS))),
    st.tuples(st.just("get"), st.sampled_from(sorted(TAGS))),
    st.tuples(st.just("advance"), st.sampled_from([0.5, 3.0, 4.5, 7.0, 10.0, 25.0])),
    st.tuples(st.just("origin"), st.sampled_from(["well", "down", "gone"])),
    st.tuples(st.just("invalidate"), st.sampled_from(sorted(TAGS))),
    st.tuples(st.just("invalidate_tag"), st.sampled_from(["x", "y", "z"])),
    st.tuples(st.just("clear"), st.just("")),
)


@dataclass
class Row:
    answer: str
    value: bool
    until: float
    stale_until: float
    rest_until: float = 0.0


@dataclass
class Model:
    """What should come out: the answer, and whether it is stale."""

    rest: float
    rows: dict[str, Row] = field(default_factory=dict)
    computed: int = 0
    origin: str = "well"

    def get(self, key: str, now: float) -> tuple[str, bool]:
        row = self.rows.get(key)
        if row and now < row.until:
            return row.answer, False
        usable = row is not None and row.value and now < row.stale_until
        if row and usable and now < row.rest_until:
            return row.answer, True
        self.computed += 1
        match self.origin:
            case "well":
                row = Row(str(self.computed), True, now + FRESH, now + FRESH + STALE)
                self.rows[key] = row
                return row.answer, False
            case "gone":
                self.rows[key] = Row("not_found", False, now + NEGATIVE, now + NEGATIVE)
                return "not_found", False
            case _ if row and usable:
                row.rest_until = now + self.rest
                return row.answer, True
            case _:
                return "service_unavailable", False

    def forget(self, keys: list[str]) -> None:
        for key in keys:
            self.rows.pop(key, None)


async def agree(  # noqa: C901  # one case for each step
    taken: list[tuple[str, object]], cache: TieredCache[str], clock: VirtualClock, model: Model
) -> None:
    """Do every step in both."""
    computed = 0

    async def load() -> str:
        nonlocal computed
        computed += 1
        match model.origin:
            case "well":
                return str(computed)
            case "gone":
                raise NotFound("gone")
            case _:
                raise ServiceUnavailable("down")

    for step, what in taken:
        match step, what:
            case "get", str(key):
                outcome = await cache.look_up(key, load, tags=TAGS[key])
                if isinstance(outcome, Failed):
                    assert isinstance(outcome.error, BatutaError)
                    given_ = (outcome.error.code, False)
                else:
                    given_ = (outcome.value, outcome.stale)
                assert given_ == model.get(key, clock.now())
                assert computed == model.computed
            case "advance", float(seconds):
                clock.advance(seconds)
            case "origin", str(state):
                model.origin = state
            case "invalidate", str(key):
                assert await cache.invalidate(key)
                model.forget([key])
            case "invalidate_tag", str(tag):
                assert await cache.invalidate_tag(tag)
                model.forget([key for key, tags in TAGS.items() if tag in tags])
            case _:
                assert await cache.clear()
                model.forget(list(TAGS))


@given(st.lists(steps, max_size=40))
@settings(max_examples=150, deadline=None)
def test_a_cache_in_memory_agrees_with_the_model(taken: list[tuple[str, object]]) -> None:
    """Answers, staleness, remembered failures and the number of computations."""
    policy = CachePolicy(
        FRESH, error_seconds=STALE, jitter=0, rest_seconds=4, negative={"not_found": NEGATIVE}
    )
    clock = VirtualClock(1000)

    async def run() -> None:
        async with TieredCache(WORDS, policy, now=clock.now) as cache:
            await agree(taken, cache, clock, Model(4))

    asyncio.run(run())


@given(st.lists(steps.filter(lambda step: step != ("origin", "gone")), max_size=40))
@settings(max_examples=100, deadline=None)
def test_a_cache_whose_memory_is_too_small_agrees_too(taken: list[tuple[str, object]]) -> None:
    """What falls out of memory is found in the database."""
    policy = CachePolicy(FRESH, error_seconds=STALE, jitter=0, rest_seconds=0)
    clock = VirtualClock(1000)

    async def run() -> None:
        async with TieredCache(WORDS, policy, database=Table(), max_entries=1, now=clock.now) as cache:
            await agree(taken, cache, clock, Model(0))

    asyncio.run(run())


def test_the_model_can_disagree() -> None:
    """Else the two tests above would prove nothing."""
    clock = VirtualClock(1000)
    policy = CachePolicy(FRESH + 1, jitter=0)

    async def run() -> None:
        async with TieredCache(WORDS, policy, now=clock.now) as cache:
            await agree([("get", "a"), ("advance", 10.0), ("get", "a")], cache, clock, Model(4))

    with pytest.raises(AssertionError):
        asyncio.run(run())
