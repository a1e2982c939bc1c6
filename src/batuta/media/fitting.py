"""Where every dubbed clip begins and how fast it is spoken, so that it stands where the original was said.

A clip begins with its slot. One that is too long is, in this order: spoken up to 1.15 times as fast, let into
the gap behind its slot for at most 1.5 s, spoken up to 1.30 times as fast, begun up to 0.09 s early (for
which the clip before it hurries, too), and then it overflows: the next clip waits for its end, no longer, and
is itself fitted into what is left of its time, so that the plan recovers at the next gap. The limits are
VideoLingo's, KrillinAI's and open-dubbing's (1.30, 1.5 s) and ITU-R BT.1359's (0.09 s); natural speech comes
before strict isochrony (Brannon et al., TACL 2023).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Final, NamedTuple

SLOWEST: Final = 0.95
"""Factor of speed: slower drags."""
PREFERRED: Final = 1.15
"""Factor of speed up to which it is not noticed; listeners accept 1.2 (pyvideotrans, VideoLingo)."""
FASTEST: Final = 1.30
"""Factor of speed that is never exceeded (open-dubbing, KrillinAI)."""
LONGEST_BORROWED: Final = 1.5
"""Seconds of the gap behind a slot that its clip may use (VideoLingo, KrillinAI)."""
ON_PLAN: Final = 0.15
"""Seconds by which a clip may begin late and still count as on plan: between detecting a late sound (125 ms)
and not accepting it (185 ms, ITU-R BT.1359)."""
EARLIEST: Final = 0.09
"""Seconds by which a clip may begin early and still count as on plan: sound earlier than that is not accepted
(ITU-R BT.1359)."""

_HEARD: Final = 0.045
"""Seconds by which sound that is early is noticed (ITU-R BT.1359): a clip shorter than its slot by less
is left as it is."""
_SHORTEST: Final = 0.001
"""Seconds: less than that is no sound."""
_ROUNDING: Final = 1e-6
"""Seconds: less than that is no overflow."""
_LATEST: Final = 360_000.0
"""Seconds: 100 hours, as in `units`; nothing is later or longer, so that sums stay finite."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When something was said, in seconds on the time line of the source."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Placement:
    """One clip in the dub; all but `tempo` in seconds. A clip of length 0 says nothing, its `seconds` are 0.

    `seconds` are those until the slot's end, plus `borrowed`, plus `overflow`.
    """

    start: float
    """When the clip begins: as planned, when the clip before it ends, or up to `EARLIEST` early."""
    tempo: float
    """Factor of speed, `SLOWEST` to `FASTEST`; 1.0 is as synthesised."""
    seconds: float
    """How long the clip lasts at that tempo."""
    borrowed: float
    """How much of it stands in the gap behind the slot, before the next slot's start."""
    overflow: float
    """How much of it stands where it should not: beyond the gap it may use, or the end of the media."""
    planned: float
    """When the clip should begin: the slot's start."""

    @property
    def end(self) -> float:
        """When the clip ends."""
        return self.start + self.seconds

    @property
    def late(self) -> float:
        """Seconds from the planned start to the start; down to -`EARLIEST` when it begins early."""
        return self.start - self.planned


class _Window(NamedTuple):
    """A slot among its neighbours: `start` <= `end` (its own time) <= `until` (with what it may borrow).

    A tuple, since one is made for every slot of a long film; `place` is the slot's in the list, `earliest` is
    `start` or up to `EARLIEST` before it.
    """

    place: int
    earliest: float
    start: float
    end: float
    until: float


def fit(slots: Sequence[Slot], clip_seconds: Sequence[float], total: float) -> tuple[Placement, ...]:
    """A placement for every slot, in the order of the slots; `total` is the length of the media in seconds.

    `clip_seconds` are the lengths as synthesised. Clips never overlap, and keep the order of the slots'
    starts. One that would overflow begins before its slot, by as much, at most by `EARLIEST`, and not before
    the end of the clip before it, which for that is spoken up to `FASTEST`, nor in a slot in which nothing is
    said. Linear in the number of slots when these are in order. Raises nothing, whatever the values:
    - a start that is not finite is the end of the slot before it in the list, an end that is not is the
      start; a negative time is 0, an end before its start is the start;
    - slots out of order are dealt with by their starts, those with one start in the order of the list;
    - a slot is over where the next one starts, also when nothing is said in that one: whoever fell back to
      the original voice there is not talked over;
    - what is said after `total` is `overflow`, all of it in a slot after `total`, which is never early. A
      `total` that is not finite is no limit;
    - a length that is missing, not finite, or under a millisecond is a clip that says nothing; one without a
      slot has no placement.
    """
    windows = list(_windows(slots, total))
    clips = [_length(clip_seconds, window.place) for window in windows]
    starts = pairwise([*_starts(windows, clips), math.inf])
    placements = {
        window.place: _placement(window, clip, start, following)
        for window, clip, (start, following) in zip(windows, clips, starts, strict=True)
    }
    return tuple(placements[index] for index in range(len(slots)))


def allowances(slots: Sequence[Slot], total: float, *, tempo: float = FASTEST) -> tuple[float, ...]:
    """`allowed_seconds` of every slot, in one go: linear in their number."""
    allowed = {window.place: (window.until - window.start) * tempo for window in _windows(slots, total)}
    return tuple(allowed[index] for index in range(len(slots)))


def allowed_seconds(slots: Sequence[Slot], index: int, total: float, *, tempo: float = FASTEST) -> float:
    """The longest clip, as synthesised, that does not overflow from the slot when it begins on plan.

    It would be spoken `tempo` times as fast: ask with `PREFERRED` for what also sounds natural. Looks at all
    slots: for more than a few of them, `allowances`. Raises `IndexError` for a slot that does not exist.
    """
    return allowances(slots, total, tempo=tempo)[index]


def warnings_of(placement: Placement) -> tuple[str, ...]:
    """What a listener may notice about the clip, one sentence each, for the report; mostly nothing."""
    if not placement.seconds:
        return ()
    sentences: list[str] = []
    if round(placement.tempo, 2) > PREFERRED:
        sentences.append(
            f"Spoken {placement.tempo:.2f} times as fast as synthesised, more than the {PREFERRED:.2f} "
            "that sounds natural: shorten its text."
        )
    if round(placement.overflow, 2) > 0:
        sentences.append(f"Lasts {placement.overflow:.2f} s longer than its time: shorten its text.")
    if round(placement.late, 2) > ON_PLAN:
        sentences.append(
            f"Begins {placement.late:.2f} s late, after the end of what is said before it: shorten that text."
        )
    return tuple(sentences)


def _length(clip_seconds: Sequence[float], place: int) -> float:
    seconds = _known(clip_seconds[place], 0.0) if place < len(clip_seconds) else 0.0
    return seconds if seconds >= _SHORTEST else 0.0


def _starts(windows: Sequence[_Window], clips: Sequence[float]) -> Iterator[float]:
    """When each clip begins.

    Late only after one that overflows, which is as fast as can be; early after one that can be made as fast.
    So it is enough to know when the one before ends at `FASTEST`.
    """
    free = 0.0
    for window, clip in zip(windows, clips, strict=True):
        start = max(window.start, free)
        if clip:
            shortest = clip / FASTEST
            overflow = shortest - max(0.0, window.until - start)
            if overflow > _ROUNDING:
                start = max(start - overflow, window.earliest, free)
            free = start + shortest
            if free <= window.until + _ROUNDING:
                free = min(free, window.until)  # rounding delays nobody
        else:
            free = max(free, window.end)  # the original voice may stand there
        yield start


def _placement(window: _Window, clip: float, start: float, following: float) -> Placement:
    """The clip from `start` on, over when the next one begins at `following`, be that early."""
    if not clip:
        return Placement(start, 1.0, 0.0, 0.0, 0.0, window.start)
    own = max(0.0, window.end - start)
    room = max(0.0, window.until - start)
    seconds = max(min(_seconds(clip, own, room), following - start), clip / FASTEST)
    overflow = seconds - room
    return Placement(
        start=start,
        tempo=min(max(clip / seconds, SLOWEST), FASTEST),
        seconds=seconds,
        borrowed=max(0.0, min(seconds, room) - own),
        overflow=overflow if overflow > _ROUNDING else 0.0,
        planned=window.start,
    )


def _seconds(clip: float, own: float, room: float) -> float:
    """How long the clip lasts, with `own` seconds left of its slot and `room` with what it may borrow."""
    if clip <= own:
        return own if own * SLOWEST <= clip < own - _HEARD else clip
    natural = max(own, clip / PREFERRED)
    return max(min(natural, room), clip / FASTEST)


def _windows(slots: Sequence[Slot], total: float) -> Iterator[_Window]:
    """The slots in the order of their starts, each with the time that is its own."""
    limit = _known(total, _LATEST)
    starts: list[float] = []
    ends: list[float] = []
    before = 0.0
    for slot in slots:
        starts.append(_known(slot.start, before))
        before = max(starts[-1], _known(slot.end, starts[-1]))
        ends.append(before)
    order = sorted(range(len(starts)), key=starts.__getitem__)
    for place, following in zip_longest(order, order[1:]):
        start = starts[place]
        next_start = limit if following is None else starts[following]
        until = max(start, min(ends[place] + LONGEST_BORROWED, next_start, limit))
        earliest = max(0.0, start - EARLIEST) if start < limit else start
        yield _Window(place, earliest, start, min(ends[place], until), until)


def _known(seconds: float, instead: float) -> float:
    return min(max(seconds, 0.0), _LATEST) if math.isfinite(seconds) else instead
