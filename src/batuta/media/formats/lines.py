"""The lines of a cue's text, free of all that would end a line, a cue or a row of the file around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from batuta.errors import InvalidRequest
from batuta.media.scripts import join
from batuta.media.subtitles import Cue

_QUOTED: Final = 60
"""Characters of a user's line that an error message repeats."""


def clean_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that show something, without blanks around them; any line break inside one parts it."""
    parts = (part.strip() for line in lines for part in line.splitlines())
    return tuple(part for part in parts if part)


def visible_lines(cue: Cue) -> tuple[str, ...]:
    """The cue's lines as a file can hold them; none for a cue that shows nothing."""
    return clean_lines(cue.lines)


def one_line(cue: Cue, language: str) -> str:
    """The cue's text in one line, as the language writes it."""
    return join(visible_lines(cue), language)


def nothing_readable(lines: Sequence[str], expected: str) -> InvalidRequest:
    """The error for a file without a single cue: its first line with text, and what was expected there."""
    for number, line in enumerate(lines, start=1):
        if text := line.strip():
            shown = text if len(text) <= _QUOTED else text[:_QUOTED] + "…"
            return InvalidRequest(f"line {number}: expected {expected}, found {shown!r}")
    return InvalidRequest(f"line 1: expected {expected}, found an empty file")
