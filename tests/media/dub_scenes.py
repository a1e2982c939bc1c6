"""Slots and clips for the tests of dub fitting: realistic talk, and any nonsense a float can be."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from batuta.media.fitting import FASTEST, LONGEST_BORROWED, PREFERRED, SLOWEST, Placement, Slot

_ANYTHING = st.one_of(
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, -1.0, 5.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf")]),
)

HOSTILE_SLOTS = st.lists(st.builds(Slot, _ANYTHING, _ANYTHING), max_size=30)
"""Unsorted, overlapping, empty, backwards, and times that are no times."""
HOSTILE_SECONDS = st.lists(_ANYTHING, max_size=35)
"""Not as many as there are slots, either."""
ANY_TOTAL = _ANYTHING


@st.composite
def orderly(
    draw: st.DrawFn, gaps: st.SearchStrategy[float], tightness: st.SearchStrategy[float]
) -> tuple[list[Slot], list[float], float]:
    """Slots in order with gaps between them, each clip `tightness` times as long as its slot, and a total."""
    clock = draw(st.floats(0, 5))
    slots: list[Slot] = []
    clips: list[float] = []
    for _ in range(draw(st.integers(1, 25))):
        seconds = draw(st.floats(0.3, 15))
        slots.append(Slot(clock, clock + seconds))
        clips.append(seconds * draw(tightness))
        clock += seconds + draw(gaps)
    return slots, clips, clock


def fit_never_early(slots: list[Slot], clips: list[float], total: float) -> list[Placement]:
    """The dub by the rules as they were before clips could begin early; for scenes in order."""
    found: list[Placement] = []
    free = 0.0
    following = [slot.start for slot in slots[1:]] + [total]
    for slot, clip, next_start in zip(slots, clips, following, strict=True):
        start = max(slot.start, free)
        until = min(slot.end + LONGEST_BORROWED, next_start)
        own, room = max(0.0, slot.end - start), max(0.0, until - start)
        if clip > own:
            seconds = max(min(max(own, clip / PREFERRED), room), clip / FASTEST)
        else:
            seconds = own if own * SLOWEST <= clip < own - 0.045 else clip
        borrowed = max(0.0, min(seconds, room) - own)
        overflow = seconds - room if seconds > room + 1e-6 else 0.0
        tempo = min(max(clip / seconds, SLOWEST), FASTEST) if clip else 1.0
        found.append(Placement(start, tempo, seconds, borrowed, overflow, slot.start))
        free = start + seconds if overflow else free
    return found


def talk(count: int, *, longer: float, seed: int = 7) -> tuple[list[Slot], list[float], float]:
    """A talk of `count` units (2.5 to 12 s; a breath, a pause or a silence after each), and its dub.

    The dub takes `longer` times the original's time in the median; three quarters of the clips are within a
    fifth of that (standard deviation 0.18 of the logarithm), as translations and voices differ.
    """
    chance = random.Random(seed)
    clock = 0.5
    slots: list[Slot] = []
    clips: list[float] = []
    for _ in range(count):
        seconds = chance.triangular(2.5, 12, 4.5)
        slots.append(Slot(clock, clock + seconds))
        clips.append(seconds * longer * chance.lognormvariate(0, 0.18))
        low, high = chance.choices([(0.0, 0.15), (0.15, 0.6), (0.6, 2.5)], [35, 45, 20])[0]
        clock += seconds + chance.uniform(low, high)
    return slots, clips, clock
