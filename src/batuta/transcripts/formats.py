"""A transcript as a file: txt, srt and vtt as the house writes subtitles, json as this API answers it."""

from __future__ import annotations

from typing import Final, Literal, get_args

from batuta.media.formats import FORMATS, write
from batuta.media.subtitles import Cue, Subtitles
from batuta.transcripts.models import TranscriptResult

TranscriptFormat = Literal["txt", "srt", "vtt", "json"]
TRANSCRIPT_FORMATS: Final[tuple[TranscriptFormat, ...]] = get_args(TranscriptFormat)


def media_type(format: TranscriptFormat) -> str:  # noqa: A002 - the field's word for it
    """The format's media type, for a Content-Type header."""
    return FORMATS[format].media_type


def render(
    transcript: TranscriptResult,
    format: TranscriptFormat,  # noqa: A002 - the field's word for it
) -> str:
    """The transcript in that format; raises `InvalidRequest` for one that does not exist.

    The JSON is the transcript's own: names and units are those of the HTTP API, not Whisper's.
    """
    if format == "json":
        return transcript.model_dump_json(indent=1) + "\n"
    return write(subtitles(transcript), format)


def subtitles(transcript: TranscriptResult) -> Subtitles:
    """The segments as cues, their lines as they are."""
    cues = (
        Cue(segment.start, segment.end, tuple(segment.text.splitlines())) for segment in transcript.segments
    )
    return Subtitles(transcript.language, tuple(cues))
