"""What is a year in a text, and what is none: an error page, a status, nothing at all. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

EARLIEST: Final = 1860
"""The oldest sound recording that can be heard (Scott de Martinville's); an earlier year is a mistake."""
PLAUSIBLE: Final = f"give 1993, 1993-07 or 1993-07-05, from {EARLIEST} to next year"
SHOWN: Final = 40
"""Characters of a text that a message about it repeats."""
_DATE: Final = re.compile(r"(?P<year>[0-9]{4})(-(0[0-9]|1[0-2])(-([0-2][0-9]|3[01])([T ].{0,40})?)?)?")
"""ISO 8601; a month or day of 00 is how sources write that they do not know it."""


def parse_year(text: str, this_year: int) -> int | None:
    """The year of `1993`, `1993-07`, `1993-07-05` or that with a time; None for anything else.

    A year before 1860 is a mistake, and one after the next is; an album may be announced for the next.
    """
    found = _DATE.fullmatch(text.strip())
    year = 0 if found is None else int(found["year"])
    return year if EARLIEST <= year <= this_year + 1 else None


def this_year(now: float) -> int:
    """The year in UTC; `now` is in seconds since 1970."""
    return dt.datetime.fromtimestamp(now, dt.UTC).year
