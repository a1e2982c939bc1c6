"""SubRip (`.srt`): a number, a timing line, text, a blank line; without a standard, read as FFmpeg reads it.

FFmpeg (`libavformat/srtdec.c`) takes all lines from one timing line to the next for the cue's text, and a
number just before a timing line for its index: missing numbers, missing or needless blank lines do no harm.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final

from batuta.media.formats.lines import clean_lines, nothing_readable, visible_lines
from batuta.media.formats.timestamps import stamp, timing
from batuta.media.subtitles import Cue, Subtitles

_TAGS: Final = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
r"""SubRip's own styling, and the override codes it borrows from Advanced SubStation Alpha (`{\an8}`)."""
_INDEX: Final = re.compile(r"[0-9]+")


def write(subtitles: Subtitles) -> str:
    """The file; an arrow in a text becomes `->`, as Whisper writes it, or it could pass for a timing line."""
    blocks: list[str] = []
    for cue in subtitles.cues:
        if lines := visible_lines(cue):
            times = f"{stamp(cue.start, ',')} --> {stamp(cue.end, ',')}"
            text = "\n".join(lines).replace("-->", "->")
            blocks.append(f"{len(blocks) + 1}\n{times}\n{text}\n")
    return "\n".join(blocks)


def read(text: str) -> Subtitles:
    """The cues in the file's order, without styling; raises `InvalidRequest` when there is none."""
    lines = text.splitlines()
    heads = [(number, times) for number, line in enumerate(lines) if (times := timing(line))]
    cues: list[Cue] = []
    for (number, (start, end)), following in zip_longest(heads, heads[1:]):
        body = lines[number + 1 : following[0] if following else None]
        if following and body and _INDEX.fullmatch(body[-1].strip()):
            body.pop()
        if kept := clean_lines(_TAGS.sub("", line) for line in body):
            cues.append(Cue(start, end, kept))
    if not cues:
        raise nothing_readable(lines, "a line such as 00:00:01,000 --> 00:00:02,500 with text below it")
    return Subtitles("und", tuple(cues))
