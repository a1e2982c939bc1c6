"""A profile's limits in the shaper's units, milliseconds and columns, so that rounding breaks no rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from batuta.media.profiles import Profile


@dataclass(frozen=True, slots=True)
class Limits:
    """What a cue may be: minimums rounded up, maximums down, as every format rounds to milliseconds."""

    columns: int
    lines: int
    min_duration: int
    max_duration: int
    min_gap: int
    max_linger: int
    reading: float
    """Milliseconds a reader needs for one column."""

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        """The limits of the profile."""
        return cls(
            columns=math.floor(profile.max_line_width * profile.columns_per_character),
            lines=profile.max_lines,
            min_duration=_up(profile.min_duration),
            max_duration=_down(profile.max_duration),
            min_gap=_up(profile.min_gap),
            max_linger=_down(profile.max_linger),
            reading=1000 / (profile.max_cps * profile.columns_per_character),
        )


def _up(seconds: float) -> int:
    return math.ceil(round(seconds * 1000, 3))


def _down(seconds: float) -> int:
    return math.floor(round(seconds * 1000, 3))
