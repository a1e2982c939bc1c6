"""Whatever the slots and the clips, the dub keeps its rules."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise
from math import inf, isfinite
from random import Random

import pytest
from dub_scenes import ANY_TOTAL, HOSTILE_SECONDS, HOSTILE_SLOTS, fit_never_early, orderly
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.media.fitting import (
    EARLIEST,
    FASTEST,
    LONGEST_BORROWED,
    SLOWEST,
    Placement,
    Slot,
    allowances,
    allowed_seconds,
    fit,
    warnings_of,
)

Scene = tuple[list[Slot], list[float], float]

NOISE = 1e-6
"""Seconds: rounding, a twentieth of a sample."""

ORDERLY = orderly(gaps=st.floats(0, 4), tightness=st.floats(0.3, 2))
ROOMY = orderly(gaps=st.floats(9, 20), tightness=st.floats(0.3, 2))
TIGHT = orderly(gaps=st.floats(0, 4), tightness=st.floats(0.1, 1.3))
SPOILT = orderly(
    gaps=st.sampled_from([0.0, 0.03, 0.2, 1.5, 2.0]), tightness=st.one_of(st.just(0.0), st.floats(0.9, 1.5))
)
"""Here and there nothing is said, and what is said seldom fits by much."""


def spoken(placements: tuple[Placement, ...]) -> list[Placement]:
    """Those that say something, as they follow each other."""
    return sorted((each for each in placements if each.seconds), key=lambda each: (each.start, each.end))


@settings(deadline=None, max_examples=200)
@given(HOSTILE_SLOTS, HOSTILE_SECONDS, ANY_TOTAL)
def test_any_numbers_give_a_dub_that_keeps_the_limits(
    slots: list[Slot], clips: list[float], total: float
) -> None:
    """Never two clips at once; none too early, too fast, or borrowing too much, whatever the values."""
    found = fit(slots, clips, total)
    assert len(found) == len(slots)
    for placement, slot in zip(found, slots, strict=True):
        assert placement.start >= max(0, placement.planned - EARLIEST)
        assert placement.planned >= 0
        assert placement.planned >= min(slot.start, 360_000) or not isfinite(slot.start)
        assert SLOWEST <= placement.tempo <= FASTEST
        assert 0 <= placement.borrowed <= LONGEST_BORROWED + NOISE
        assert 0 <= placement.overflow <= placement.seconds < inf
        assert placement.borrowed + placement.overflow <= placement.seconds + NOISE
        assert all(isinstance(sentence, str) for sentence in warnings_of(placement))
        if not placement.overflow and 0 <= total < inf and placement.seconds:
            assert placement.end <= total + NOISE
        assert placement.start >= placement.planned or placement.tempo == pytest.approx(FASTEST)
    for before, after in pairwise(spoken(found)):
        assert after.start >= before.end - NOISE


@settings(deadline=None, max_examples=100)
@given(ORDERLY)
def test_every_clip_is_heard_whole_and_in_order(scene: Scene) -> None:
    """Length is tempo times seconds, of the slot, the gap and the overflow; the order of starts is kept."""
    slots, clips, total = scene
    found = fit(slots, clips, total)
    for placement, slot, clip in zip(found, slots, clips, strict=True):
        within = max(0.0, min(placement.end, slot.end) - placement.start)
        assert placement.planned == slot.start
        assert placement.seconds * placement.tempo == pytest.approx(clip)
        assert placement.seconds == pytest.approx(within + placement.borrowed + placement.overflow)
    assert all(before.start <= after.start for before, after in pairwise(found))


@settings(deadline=None, max_examples=100)
@given(ORDERLY)
def test_no_dub_of_these_clips_could_begin_sooner(scene: Scene) -> None:
    """Every start is the one it would have if all clips were spoken as fast as allowed.

    That is before its slot for what overflows only: until it does not, or as far as it may.
    """
    slots, clips, total = scene
    free = 0.0
    followings = [*(slot.start for slot in slots[1:]), total]
    for placement, slot, clip, following in zip(
        fit(slots, clips, total), slots, clips, followings, strict=True
    ):
        fits = min(slot.end + LONGEST_BORROWED, following) - clip / FASTEST
        soonest = max(free, min(slot.start, max(slot.start - EARLIEST, fits)))
        assert placement.start == pytest.approx(soonest, abs=NOISE)
        free = soonest + clip / FASTEST


@settings(deadline=None, max_examples=150)
@given(st.one_of(ORDERLY, SPOILT))
def test_beginning_early_makes_nothing_worse(scene: Scene) -> None:
    """Nothing begins later or overflows more than in a dub in which no clip may be early."""
    for placement, former in zip(fit(*scene), fit_never_early(*scene), strict=True):
        assert placement.start <= former.start + NOISE
        assert placement.overflow <= former.overflow + NOISE
        assert placement.planned == former.planned


@settings(deadline=None, max_examples=150)
@given(st.one_of(ORDERLY, SPOILT))
def test_nobody_is_early_or_hurried_without_need(scene: Scene) -> None:
    """One is early only if it overflows otherwise, by no more; only for it the one before is shortened."""
    slots, clips, total = scene
    found, former = fit(*scene), fit_never_early(*scene)
    followings = [*(placement.start for placement in found[1:]), inf]
    next_slots = [*(slot.start for slot in slots[1:]), total]
    for index, (placement, without) in enumerate(zip(found, former, strict=True)):
        if placement.late < 0:
            until = min(slots[index].end + LONGEST_BORROWED, next_slots[index])
            assert clips[index] / FASTEST > until - slots[index].start
            assert placement.end >= until - NOISE
            assert not index or clips[index - 1] or placement.start >= slots[index - 1].end
        if placement.start != without.start:
            assert placement.late < 0 or without.late > 0
        elif followings[index] >= without.end - NOISE:
            assert astuple(placement) == pytest.approx(astuple(without), abs=10 * NOISE)
        else:
            assert found[index + 1].late < 0
            assert placement.end <= followings[index] + NOISE


@settings(deadline=None, max_examples=100)
@given(ROOMY)
def test_with_enough_gaps_nothing_begins_late(scene: Scene) -> None:
    """Clips up to twice as long as their slots are ready before the next slot, to the last bit."""
    found = fit(*scene)
    assert all(placement.late <= 0 for placement in found)
    assert all(placement.late == 0 or placement.tempo == pytest.approx(FASTEST) for placement in found)


@settings(deadline=None, max_examples=100)
@given(TIGHT)
def test_clips_that_fit_need_no_gaps(scene: Scene) -> None:
    """Where no clip is over 1.30 times its slot everything begins on plan, and nothing overflows."""
    found = fit(*scene)
    assert all(placement.start == placement.planned for placement in found)


@settings(deadline=None, max_examples=100)
@given(ORDERLY, st.data())
def test_allowed_seconds_is_the_edge_of_overflow(scene: Scene, data: st.DataObject) -> None:
    """A clip of that length fits without overflow on plan, one a hundredth longer does not."""
    slots, clips, total = scene
    index = data.draw(st.integers(0, len(slots) - 1))
    allowed = allowed_seconds(slots, index, total)
    before = [0.0] * index
    fitting = fit(slots, [*before, allowed, *clips[index + 1 :]], total)[index]
    longer = fit(slots, [*before, 1.01 * allowed, *clips[index + 1 :]], total)[index]
    assert (fitting.late, fitting.overflow) == (0, 0)
    assert longer.overflow - longer.late == pytest.approx(0.01 * allowed / FASTEST, abs=2 * NOISE)


@settings(deadline=None, max_examples=100)
@given(HOSTILE_SLOTS, ANY_TOTAL)
def test_allowances_are_usable_numbers_for_any_slots(slots: list[Slot], total: float) -> None:
    """Allowances are finite, never negative, and those of the single slots."""
    allowed = allowances(slots, total)
    assert all(0 <= seconds < inf for seconds in allowed)
    assert allowed == tuple(allowed_seconds(slots, index, total) for index in range(len(slots)))


@settings(deadline=None, max_examples=100)
@given(ORDERLY, st.randoms(use_true_random=False))
def test_order_of_the_list_does_not_matter(scene: Scene, chance: Random) -> None:
    """Shuffled slots have the placements they have in order."""
    slots, clips, total = scene
    order = list(range(len(slots)))
    chance.shuffle(order)
    shuffled = fit([slots[index] for index in order], [clips[index] for index in order], total)
    found = fit(slots, clips, total)
    assert list(shuffled) == [found[index] for index in order]
