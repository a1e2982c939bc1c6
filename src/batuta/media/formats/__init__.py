"""Subtitle files: what is written is read back as it was, and a damaged file as far as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from batuta.errors import InvalidRequest
from batuta.media.formats import plain, srt, vtt, whisper
from batuta.media.formats.lines import nothing_readable
from batuta.media.subtitles import Subtitles
from batuta.media.words import Transcription


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of subtitle file; `read` is None for plain text, which has no times."""

    name: str
    media_type: str
    extension: str
    write: Callable[[Subtitles, Transcription | None], str]
    read: Callable[[str], Subtitles] | None


def _alone(writer: Callable[[Subtitles], str]) -> Callable[[Subtitles, Transcription | None], str]:
    return lambda subtitles, _: writer(subtitles)


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        found.name: found
        for found in (
            Format("srt", "application/x-subrip", ".srt", _alone(srt.write), srt.read),
            Format("vtt", "text/vtt", ".vtt", _alone(vtt.write), vtt.read),
            Format("txt", "text/plain", ".txt", _alone(plain.write_text), None),
            Format("tsv", "text/tab-separated-values", ".tsv", _alone(plain.write_table), plain.read_table),
            Format("json", "application/json", ".json", whisper.write, whisper.read),
        )
    }
)
"""The formats by name, in the order in which Whisper's users know them."""


def write(
    subtitles: Subtitles,
    format: str,  # noqa: A002 - the field's word for it
    transcription: Transcription | None = None,
) -> str:
    """The subtitles as a file of that format; `json` adds the words of the transcription, if there is one.

    Raises `InvalidRequest` for an unknown format.
    """
    return _format(format).write(subtitles, transcription)


def read(text: str, format: str | None = None) -> Subtitles:  # noqa: A002 - the field's word for it
    """The subtitles in a file's text; its format is recognised when none is given.

    Tolerated: a byte order mark, any line ends, missing numbers, headers, hours or blank lines, blocks of
    other kinds, cues that overlap. Raises `InvalidRequest` for a text without any readable cue, naming the
    line and what was expected there, and for a format that is unknown or has no times.
    """
    text = text.removeprefix("\ufeff")
    found = FORMATS[_recognised(text)] if format is None else _format(format)
    if found.read is None:
        readable = ", ".join(name for name, each in FORMATS.items() if each.read)
        raise InvalidRequest(f"{found.name} has no times to read; send one of: {readable}")
    return found.read(text)


def _format(name: str) -> Format:
    try:
        return FORMATS[name]
    except KeyError:
        known = ", ".join(FORMATS)
        raise InvalidRequest(f"there is no subtitle format {name!r}; the known ones are: {known}") from None


def _recognised(text: str) -> str:
    start = text.lstrip()
    if start.startswith("WEBVTT"):
        return "vtt"
    if start.startswith(("{", "[")):
        return "json"
    if "-->" in text:
        return "srt"
    if start.startswith(plain.HEADER) or plain.ROW.match(start):
        return "tsv"
    raise nothing_readable(text.splitlines(), "subtitles in srt, vtt, tsv or json")
