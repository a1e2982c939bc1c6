"""WebVTT (`.vtt`, W3C): a `WEBVTT` header, then blocks between blank lines; those with times are cues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from batuta.media.formats.lines import clean_lines, nothing_readable, visible_lines
from batuta.media.formats.timestamps import stamp, timing
from batuta.media.subtitles import Cue, Subtitles

_TAGS: Final = re.compile(r"<[^<>]*>")
"""Voices, classes, ruby, inner time stamps: a plain cue keeps the text between them."""
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "nbsp": "\u00a0", "lrm": "\u200e", "rlm": "\u200f"}
_ENTITY: Final = re.compile(rf"&({'|'.join(_ENTITIES)});")
_LANGUAGE: Final = re.compile(r"Language:\s*([A-Za-z0-9-]{2,35})\s*")
"""Header line written by YouTube and others; readers ignore it or, like this one, believe it."""


def write(subtitles: Subtitles) -> str:
    """The file; `&`, `<` and `>` are escaped, so no text can pass for a tag or a timing line."""
    blocks = ["WEBVTT\n"]
    for cue in subtitles.cues:
        if lines := visible_lines(cue):
            times = f"{stamp(cue.start, '.')} --> {stamp(cue.end, '.')}"
            text = "\n".join(map(_escaped, lines))
            blocks.append(f"{times}\n{text}\n")
    return "\n".join(blocks)


def read(text: str) -> Subtitles:
    """The cues in the file's order, without tags, notes, styles, regions, identifiers and settings.

    Raises `InvalidRequest` when there is no cue. A missing header is forgiven.
    """
    lines = text.splitlines()
    cues: list[Cue] = []
    for number, line in enumerate(lines):
        if times := timing(line):
            kept = clean_lines(_plain(line) for line in _payload(lines, number + 1))
            if kept:
                cues.append(Cue(*times, kept))
    if not cues:
        raise nothing_readable(lines, "a line such as 00:01.000 --> 00:02.500 with text below it")
    return Subtitles(_language(lines), tuple(cues))


def _payload(lines: Sequence[str], begin: int) -> Sequence[str]:
    """The lines up to a blank one, or to a timing line whose blank line is missing."""
    end = begin
    while end < len(lines) and lines[end].strip() and not timing(lines[end]):
        end += 1
    return lines[begin:end]


def _language(lines: Sequence[str]) -> str:
    for line in lines:
        if not line.strip() or timing(line):
            break
        if found := _LANGUAGE.fullmatch(line):
            return found[1]
    return "und"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(line: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], _TAGS.sub("", line))
