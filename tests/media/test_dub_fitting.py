"""Which clip goes where and how fast: the order of the means, by cases."""

from __future__ import annotations

import time

import pytest
from dub_scenes import talk

from batuta.media.fitting import (
    EARLIEST,
    FASTEST,
    ON_PLAN,
    PREFERRED,
    Placement,
    Slot,
    allowances,
    allowed_seconds,
    fit,
    warnings_of,
)

NATURAL = "the 1.15 that sounds natural"
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("clip", "gap", "tempo", "seconds", "borrowed", "overflow"),
    [
        pytest.param(10.0, 5.0, 1.0, 10.0, 0.0, 0.0, id="fits exactly"),
        pytest.param(4.0, 5.0, 1.0, 4.0, 0.0, 0.0, id="much shorter stays as it is"),
        pytest.param(9.97, 5.0, 1.0, 9.97, 0.0, 0.0, id="nobody hears 30 ms"),
        pytest.param(9.6, 5.0, 0.96, 10.0, 0.0, 0.0, id="a little shorter is slowed down to its end"),
        pytest.param(9.4, 5.0, 1.0, 9.4, 0.0, 0.0, id="never slower than 0.95"),
        pytest.param(11.0, 5.0, 1.1, 10.0, 0.0, 0.0, id="faster before borrowing"),
        pytest.param(11.5, 5.0, 1.15, 10.0, 0.0, 0.0, id="as fast as sounds natural"),
        pytest.param(12.65, 5.0, 1.15, 11.0, 1.0, 0.0, id="then borrows"),
        pytest.param(13.8, 5.0, 1.2, 11.5, 1.5, 0.0, id="borrows at most 1.5 s, then faster still"),
        pytest.param(12.65, 0.5, 12.65 / 10.5, 10.5, 0.5, 0.0, id="borrows no more than the gap"),
        pytest.param(12.0, 0.0, 1.2, 10.0, 0.0, 0.0, id="no gap, nothing to borrow"),
        pytest.param(13.0, 0.0, 1.3, 10.0, 0.0, 0.0, id="as fast as allowed"),
        pytest.param(14.3, 0.0, 1.3, 11.0, 0.0, 0.91, id="then begins early, and overflows"),
        pytest.param(15.6, 1.0, 1.3, 12.0, 1.0, 0.91, id="borrows, begins early, and overflows"),
        pytest.param(0.0, 1.0, 1.0, 0.0, 0.0, 0.0, id="nothing to say"),
    ],
)
def test_one_clip_in_ten_seconds(
    clip: float, gap: float, tempo: float, seconds: float, borrowed: float, overflow: float
) -> None:
    """A slot of ten seconds with a gap behind it: each means is used before the next."""
    slots = [Slot(20.0, 30.0), Slot(30.0 + gap, 60.0)]
    found, _ = fit(slots, [clip, 5.0], 60.0)
    assert found.planned == 20.0
    assert found.late == pytest.approx(-EARLIEST if overflow else 0.0)
    assert (found.tempo, found.seconds, found.borrowed, found.overflow) == pytest.approx(
        (tempo, seconds, borrowed, overflow)
    )


def test_overflow_delays_the_next_clip_until_the_gap() -> None:
    """A clip 2 s too long moves the next one 2 s, that one hurries, and after the gap all is on plan."""
    slots = [Slot(0, 10), Slot(10, 20), Slot(20.5, 30), Slot(33, 40)]
    found = fit(slots, [15.6, 10.0, 9.0, 7.0], 60.0)
    assert [placement.start for placement in found] == pytest.approx([0, 12, 20.5, 33])
    assert found[0].overflow == pytest.approx(2)
    # 8 s are left of its slot: 1.15 times as fast is not enough, with the gap of 0.5 s it nearly is.
    assert found[1].tempo == pytest.approx(10 / 8.5)
    assert (found[2].tempo, found[3].tempo) == (1.0, 1.0)


def test_overflow_delays_only_as_far_as_needed() -> None:
    """What lasts longer than it may, but ends before the next slot, delays nobody."""
    found = fit([Slot(0, 10), Slot(20, 30)], [17.0, 5.0], 60.0)
    assert found[0].overflow == pytest.approx(17 / FASTEST - 11.5)
    assert found[1].start == 20.0


def test_overflow_of_a_moment_begins_early_instead() -> None:
    """The demo in Spanish: 0.09 s early, for which the clip before makes room; the next is on plan, too."""
    slots = [Slot(21.18, 23.956), Slot(24.596, 28.176), Slot(29.116, 32.156), Slot(32.776, 41.456)]
    found = fit(slots, [4.1098, 6.162, 3.24375, 8.2583], 44.0)
    assert [placement.late for placement in found] == pytest.approx([0, -0.09, 0.13, 0], abs=1e-9)
    assert found[0].end == pytest.approx(found[1].start)
    assert found[0].tempo == pytest.approx(4.1098 / (24.596 - 0.09 - 21.18))
    assert found[1].overflow == pytest.approx(6.162 / 1.3 - 4.52 - 0.09)
    assert all(abs(placement.late) <= ON_PLAN and placement.tempo <= FASTEST for placement in found)


@pytest.mark.parametrize(
    ("slots", "clips", "late", "tempo_before"),
    [
        pytest.param([Slot(0, 9), Slot(10, 20)], [9.0, 13.065], -0.05, 1.0, id="no more than it overflows"),
        pytest.param(
            [Slot(0, 10), Slot(10, 20)], [12.96, 14.0], -0.03077, 1.3, id="the one before is faster"
        ),
        pytest.param([Slot(0, 10), Slot(10, 20)], [13.0, 14.0], 0, 1.3, id="no time before it"),
        pytest.param([Slot(0, 10), Slot(10, 20)], [9.6, 14.0], -0.09, 9.6 / 9.91, id="no longer slowed down"),
        pytest.param([Slot(0, 1.5), Slot(1.5, 9)], [1.36, 10.0], -0.09, 1.0, id="ready anyway"),
        pytest.param(
            [Slot(0, 9.96), Slot(10, 20)], [0.0, 14.0], -0.04, 1.0, id="not over the original voice"
        ),
        pytest.param([Slot(0, 0.01), Slot(0.05, 10)], [0.0, 14.0], -0.04, 1.0, id="nor before it"),
    ],
)
def test_early_only_into_time_that_is_free(
    slots: list[Slot], clips: list[float], late: float, tempo_before: float
) -> None:
    """As early as the overflow needs, and as what is said before lets it."""
    before, found = fit(slots, clips, slots[-1].end)
    assert found.late == pytest.approx(late, abs=1e-5)
    assert before.tempo == pytest.approx(tempo_before)
    assert (before.start, before.overflow) == (0, 0)


def test_only_the_clip_before_hurries() -> None:
    """The clip before that one cannot make way, too: there is no chain of early clips."""
    found = fit([Slot(0, 10), Slot(10, 20), Slot(20, 30)], [11.0, 13.0, 14.0], 30.0)
    assert [placement.start for placement in found] == pytest.approx([0, 10, 20])
    assert found[0].tempo == pytest.approx(1.1)


def test_nothing_is_early_at_the_beginning() -> None:
    """Nothing begins before the media does."""
    assert fit([Slot(0.05, 5)], [14.0], 5.0)[0].start == 0


def test_rounding_delays_nobody() -> None:
    """A clip that fills its time to the end lets the next one begin on plan exactly (1.9 + 4.3 > 6.2)."""
    first, second = fit([Slot(1.9, 6.0), Slot(6.2, 9.0)], [5.16, 2.0], 20.0)
    assert first.end > 6.2
    assert (first.overflow, second.start) == (0, 6.2)


def test_overflow_reaches_over_a_slot_without_clip() -> None:
    """A clip that lasts beyond a slot in which nothing is said delays the one after that."""
    found = fit([Slot(0, 1), Slot(1, 2), Slot(3, 4)], [13.0, 0.0, 1.0], 20.0)
    assert found[2].start == pytest.approx(10)


def test_last_clip_may_borrow_until_the_media_ends() -> None:
    """After the last slot there is a gap too; beyond the end of the media is overflow."""
    slots = [Slot(0, 10)]
    assert fit(slots, [12.5], 30.0)[0].borrowed == pytest.approx(12.5 / PREFERRED - 10)
    short = fit(slots, [14.3], 10.4)[0]
    assert (short.borrowed, short.overflow) == pytest.approx((0.4, 0.6))


def test_silent_slot_is_still_respected() -> None:
    """A clip does not borrow from a slot whose own clip is missing: the original voice may stand there."""
    found = fit([Slot(0, 10), Slot(10.5, 20)], [12.3, 0.0], 30.0)
    assert found[0].end == pytest.approx(10.5)
    assert found[1] == Placement(10.5, 1.0, 0.0, 0.0, 0.0, 10.5)


@pytest.mark.parametrize(
    ("slots", "clips", "total", "starts"),
    [
        pytest.param([], [1.0], 5.0, [], id="no slots"),
        pytest.param([Slot(1, 2), Slot(3, 4)], [1.0], 5.0, [1, 3], id="a clip is missing"),
        pytest.param([Slot(3, 4), Slot(1, 2)], [1.0, 1.0], 5.0, [3, 1], id="out of order"),
        pytest.param([Slot(1, 2), Slot(1, 2)], [1.0, 1.0], 9.0, [0.91, 0.91 + 1 / 1.3], id="two at once"),
        pytest.param([Slot(0, 8), Slot(4, 9)], [4.0, 1.0], 9.0, [0, 4], id="overlapping"),
        pytest.param([Slot(0, 4), Slot(NAN, 9)], [4.0, 1.0], 9.0, [0, 4], id="start unknown"),
        pytest.param([Slot(1, INF), Slot(5, 9)], [1.0, 1.0], 9.0, [1, 5], id="end unknown"),
        pytest.param([Slot(-3, 2)], [1.0], 5.0, [0], id="before the beginning"),
        pytest.param([Slot(4, 2)], [1.0], 9.0, [4], id="backwards"),
        pytest.param([Slot(7, 8)], [1.0], 5.0, [7], id="after the end"),
        pytest.param([Slot(1e300, INF)], [1.0], INF, [360_000], id="after everything"),
    ],
)
def test_nonsense_is_placed_all_the_same(
    slots: list[Slot], clips: list[float], total: float, starts: list[float]
) -> None:
    """Slots no engine should give have the documented places."""
    assert [placement.start for placement in fit(slots, clips, total)] == pytest.approx(starts)


@pytest.mark.parametrize("total", [NAN, INF])
def test_media_of_unknown_length_cuts_nothing(total: float) -> None:
    """Without a length of the media the last clip may borrow as any other."""
    assert fit([Slot(2, 12)], [13.0], total)[0].overflow == 0


def test_clip_after_the_media_is_overflow_entirely() -> None:
    """A slot behind the end of the media has no time at all."""
    [found] = fit([Slot(7, 9)], [1.3], 5.0)
    assert (found.borrowed, found.overflow, found.seconds) == pytest.approx((0, 1, 1))


@pytest.mark.parametrize("clip", [NAN, INF, -INF, -1.0, 0.0])
def test_clip_without_length_says_nothing(clip: float) -> None:
    """A length that is none takes no time and delays nobody."""
    found = fit([Slot(0, 4), Slot(4, 8)], [clip, 4.0], 8.0)
    assert [(placement.start, placement.seconds) for placement in found] == [(0, 0), (4, 4)]


def test_allowed_seconds_is_what_fits_at_the_highest_speed() -> None:
    """Ten seconds and 1.5 s of the gap, spoken 1.30 times as fast; at a natural pace it is less."""
    slots = [Slot(0, 10), Slot(12, 22), Slot(22, 24)]
    assert allowed_seconds(slots, 0, 24.5) == pytest.approx(11.5 * 1.3)
    assert allowed_seconds(slots, 0, 24.5, tempo=PREFERRED) == pytest.approx(11.5 * 1.15)
    assert allowances(slots, 24.5) == pytest.approx((11.5 * 1.3, 10 * 1.3, 2.5 * 1.3))


@pytest.mark.parametrize(
    ("placement", "sentences"),
    [
        (Placement(2.0, 1.15, 8.0, 1.0, 0.0, 1.9), []),
        (Placement(2.0, 1.154, 8.0, 0.0, 0.004, 1.846), []),
        (Placement(5.0, 1.0, 0.0, 0.0, 0.0, 1.0), []),
        (Placement(1.91, 1.15, 8.0, 0.0, 0.0, 2.0), []),
        (
            Placement(2.0, 1.3, 8.0, 1.5, 0.75, 1.0),
            [
                f"Spoken 1.30 times as fast as synthesised, more than {NATURAL}: shorten its text.",
                "Lasts 0.75 s longer than its time: shorten its text.",
                "Begins 1.00 s late, after the end of what is said before it: shorten that text.",
            ],
        ),
    ],
)
def test_warnings_say_what_a_listener_may_notice(placement: Placement, sentences: list[str]) -> None:
    """Too fast, too long and too late each have a sentence with the value; others have none."""
    assert list(warnings_of(placement)) == sentences


def test_dub_as_long_as_the_talk_stays_on_plan() -> None:
    """600 clips as long as the original in the median, a sixth of them a fifth longer: 95 % begin on plan."""
    found = fit(*talk(600, longer=1.0))
    assert sum(abs(placement.late) <= ON_PLAN for placement in found) >= 0.95 * 600
    assert all(placement.tempo <= FASTEST for placement in found)


def test_texts_shortened_to_what_is_allowed_all_begin_on_plan() -> None:
    """A dub a quarter too long that is cut down to its allowances begins on plan everywhere."""
    slots, clips, total = talk(600, longer=1.25)
    assert sum(placement.late > ON_PLAN for placement in fit(slots, clips, total)) > 30
    shortened = list(map(min, clips, allowances(slots, total)))
    found = fit(slots, shortened, total)
    assert all(placement.start == placement.planned and not placement.overflow for placement in found)


def test_long_film_is_fitted_in_a_moment() -> None:
    """100,000 clips take no time worth a word, nor do their allowances (0.4 s and 0.1 s here)."""
    slots = [Slot(6.0 * index, 6.0 * index + 5.5) for index in range(100_000)]
    clips, total = [5.0, 7.0, 9.0, 4.0] * 25_000, 600_000.0
    began = time.process_time()
    found = fit(slots, clips, total)
    fitted = time.process_time()
    assert len(allowances(slots, total)) == len(found) == 100_000
    assert fitted - began < 3.0
    assert time.process_time() - fitted < 3.0
