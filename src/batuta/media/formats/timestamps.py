"""Time stamps of SubRip and WebVTT: `01:02:03,456`, with a comma in the one and a dot in the other."""

from __future__ import annotations

import re
from typing import Final

# Hours may be missing (WebVTT) and fractions too; digits are limited so that no number grows without bound.
_STAMP: Final = r"(?:([0-9]{1,5}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,9}))?"
_TIMING: Final = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}")


def milliseconds(seconds: float) -> int:
    """The whole milliseconds nearest to the time, never less than none."""
    return max(0, round(seconds * 1000))


def stamp(seconds: float, fraction_mark: str) -> str:
    """`HH:MM:SS` with milliseconds; hours always, and as many digits as they need."""
    rest, fraction = divmod(milliseconds(seconds), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{fraction_mark}{fraction:03d}"


def timing(line: str) -> tuple[float, float] | None:
    """In and out time of a timing line, with either mark, whatever follows; None for any other line.

    An out time before the in time becomes the in time.
    """
    if "-->" not in line or (found := _TIMING.match(line)) is None:
        return None
    parts = found.groups()
    start, end = _seconds(parts[:4]), _seconds(parts[4:])
    return start, max(start, end)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hour, minute, second, fraction = (part or "0" for part in parts)
    whole = int(hour) * 3600 + int(minute) * 60 + int(second)
    return (whole * 1000 + int(fraction.ljust(3, "0")[:3])) / 1000
