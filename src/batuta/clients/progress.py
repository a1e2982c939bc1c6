"""What a service means by its progress: 0..1 or 0..100, told apart once per service. No I/O.

A value says little by itself: 1 may be 1 % or everything. But a service counts every job the same way, so
what one value gives away holds for the others:

- a value above 1 can only be a percentage, and settles it for good;
- a value between 0 and 1 is a fraction, until one above 1 says otherwise (0.4, 0.9, 1.7 % is possible);
- 0 and 1 give nothing away, and until something does 1 means 1 %: too low is corrected by the next value,
  100 % would have to be taken back.
"""

from __future__ import annotations

from enum import Enum


class ProgressScale(Enum):
    """What is known about a service: `scale = scale.learn(value)`, then `scale.percent(value)`."""

    UNKNOWN = "unknown"
    FRACTION = "fraction"
    PERCENT = "percent"

    def learn(self, value: float) -> ProgressScale:
        """What is known after the service has reported this value."""
        if value > 1:
            return ProgressScale.PERCENT
        if 0 < value < 1 and self is ProgressScale.UNKNOWN:
            return ProgressScale.FRACTION
        return self

    def percent(self, value: float) -> float:
        """The value as a percentage, 0 to 100."""
        return min(max(value * 100 if self is ProgressScale.FRACTION else value, 0.0), 100.0)
