"""When each cue comes in and goes out: on its speech, long enough to be read, never touching its neighbours.

The rules are Netflix's Subtitle Timing Guidelines (partnerhelp article 360051554394); times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batuta.media.limits import Limits

CLOSED_GAP: Final = 500
"""A gap shorter than half a second is closed to the smallest allowed one, so that it does not flicker."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One cue's speech, and how long a reader needs for its text."""

    start: int
    end: int
    reading: int


def cue_times(cues: Sequence[Spoken], limits: Limits) -> list[tuple[int, int]]:
    """In and out time of every cue; `cues` are in the order of their starts.

    In time: the start of the speech, later only when the cue before could not leave earlier. Out time: the
    end of the speech, extended for reading by at most the limits' linger, then up to the next cue when less
    than half a second would be left. Durations and gaps keep the limits, whatever the speech does.
    """
    times: list[tuple[int, int]] = []
    free_from = 0
    for index, cue in enumerate(cues):
        start = max(cue.start, free_from)
        wanted = max(cue.end, min(start + cue.reading, cue.end + limits.max_linger))
        if index + 1 < len(cues):
            leave_by = cues[index + 1].start - limits.min_gap
            if wanted > leave_by + limits.min_gap - CLOSED_GAP:
                wanted = leave_by
        end = min(max(wanted, start + limits.min_duration), start + limits.max_duration)
        times.append((start, end))
        free_from = end + limits.min_gap
    return times
