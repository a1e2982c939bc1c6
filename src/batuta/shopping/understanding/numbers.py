"""Numbers as people write them: `1,299.00`, `1.299,00`, `1.5`, `2,5`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 1e9
"""A larger one is no price and no measure of anything in a shop."""
_SEPARATORS: Final = re.compile(r"[.,'\u202f]")
_THOUSANDS: Final = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and what it is as a price: `1.299` is 1.299 kg or 1299 euros."""

    plain: float
    price: float

    def times(self, factor: float) -> Number:
        """Multiplied: `1.5` `k`."""
        return Number(self.plain * factor, self.plain * factor)


def number(text: str) -> Number | None:
    """The number that a text of digits with separators says; None for one that is too large."""
    parts = _SEPARATORS.split(text)
    separators = _SEPARATORS.findall(text)
    if len(text) > 20:  # noqa: PLR2004  # longer than LARGEST can be
        return None
    if not separators:
        return _bounded(float(text), float(text))
    whole, last = "".join(parts[:-1]), parts[-1]
    grouped = float(whole + last)
    decimal = float(f"{whole}.{last}")
    if len(last) != _THOUSANDS or len(set(separators)) > 1:
        same = len(set(separators)) == 1 and len(separators) > 1
        return _bounded(grouped, grouped) if same else _bounded(decimal, decimal)
    if separators == ["."]:
        return _bounded(decimal, decimal if whole == "0" else grouped)
    return _bounded(grouped, grouped)


def _bounded(plain: float, price: float) -> Number | None:
    return Number(plain, price) if max(plain, price) <= LARGEST else None
