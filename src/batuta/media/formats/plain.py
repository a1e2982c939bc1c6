"""Plain text (`.txt`), one line for each cue, and tab-separated values (`.tsv`), with times in milliseconds.

Both as Whisper writes them.
"""

from __future__ import annotations

import re
from typing import Final

from batuta.media.formats.lines import nothing_readable, one_line
from batuta.media.formats.timestamps import milliseconds
from batuta.media.subtitles import Cue, Subtitles

HEADER: Final = "start\tend\ttext"
ROW: Final = re.compile(r"([0-9]{1,12})\t([0-9]{1,12})\t(.*)")


def write_text(subtitles: Subtitles) -> str:
    """The text alone, one line for each cue."""
    return "".join(f"{text}\n" for cue in subtitles.cues if (text := one_line(cue, subtitles.language)))


def write_table(subtitles: Subtitles) -> str:
    """A header and one row for each cue; a tab in a text becomes a blank."""
    rows = [
        f"{milliseconds(cue.start)}\t{milliseconds(cue.end)}\t{text}"
        for cue in subtitles.cues
        if (text := one_line(cue, subtitles.language).replace("\t", " "))
    ]
    return "\n".join([HEADER, *rows]) + "\n"


def read_table(text: str) -> Subtitles:
    """One cue of one line for each row; rows of another shape are passed over.

    Raises `InvalidRequest` when there is no row. A missing header is forgiven.
    """
    lines = text.splitlines()
    cues: list[Cue] = []
    for line in lines:
        if (row := ROW.fullmatch(line)) and (cue_text := row[3].strip()):
            start, end = int(row[1]) / 1000, int(row[2]) / 1000
            cues.append(Cue(start, max(start, end), (cue_text,)))
    if not cues:
        raise nothing_readable(lines, "start and end in milliseconds and a text, parted by tabs")
    return Subtitles("und", tuple(cues))
