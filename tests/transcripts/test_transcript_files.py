"""A transcript as a value and as a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from batuta.errors import InvalidRequest
from batuta.media.formats import read
from batuta.transcripts.formats import TRANSCRIPT_FORMATS, media_type, render
from batuta.transcripts.models import Segment, TranscriptResult

TRANSCRIPT = TranscriptResult.of(
    "dQw4w9WgXcQ",
    "en",
    "manual",
    (
        Segment(text="Tom & Ann\nhere", start=0.1, duration=0.2),
        Segment(text="a --> b", start=3661.5, duration=2),
    ),
)


def test_the_duration_is_when_the_last_segment_ends() -> None:
    """Not a sum of overlapping lengths, and even: 0.1 and 0.2 are 0.3."""
    assert TRANSCRIPT.duration == 3663.5
    assert TRANSCRIPT.segments[0].end == 0.3
    assert TranscriptResult.of("dQw4w9WgXcQ", "en", "auto", ()).duration == 0.0


def test_languages_without_blanks_are_joined_without() -> None:
    """The text is the segments', as the language writes it."""
    parts = [Segment(text=text, start=index, duration=1) for index, text in enumerate(["今日は", "天気"])]
    assert TranscriptResult.of("dQw4w9WgXcQ", "ja", "auto", parts).transcript == "今日は天気"


def test_a_transcript_survives_json() -> None:
    """As every tier keeps it; the date is in UTC whatever zone it came in."""
    assert TranscriptResult.model_validate_json(TRANSCRIPT.model_dump_json()) == TRANSCRIPT
    there = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))
    moved = TranscriptResult.of("dQw4w9WgXcQ", "en", "auto", (), fetched_at=there)
    assert (moved.fetched_at.tzinfo, moved.fetched_at.hour) == (UTC, 10)


@pytest.mark.parametrize("start", [-1, float("nan"), float("inf")])
def test_times_are_times(start: float) -> None:
    """No segment begins before the video, or never."""
    with pytest.raises(ValidationError):
        Segment(text="x", start=start, duration=1)


def test_a_date_without_a_zone_is_refused() -> None:
    """Nobody knows when that was."""
    with pytest.raises(ValidationError):
        TranscriptResult.of("dQw4w9WgXcQ", "en", "auto", (), fetched_at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_subtitle_files_hold_every_segment(name: str) -> None:
    """Read back with their times and lines."""
    found = read(render(TRANSCRIPT, name), name)
    assert [(cue.start, cue.end) for cue in found.cues] == [(0.1, 0.3), (3661.5, 3663.5)]
    assert found.cues[0].lines == ("Tom & Ann", "here")


def test_text_has_a_line_for_each_segment() -> None:
    """And nothing else."""
    assert render(TRANSCRIPT, "txt") == "Tom & Ann here\na --> b\n"


def test_json_is_the_api_s_own() -> None:
    """The names that users of youtube-transcript-api know."""
    document = json.loads(render(TRANSCRIPT, "json"))
    assert document["segments"][0] == {"text": "Tom & Ann\nhere", "start": 0.1, "duration": 0.2}
    assert {"video_id", "transcript", "language", "transcript_type", "duration"} <= set(document)


def test_every_format_has_its_media_type() -> None:
    """An unknown one is refused."""
    assert [media_type(name) for name in TRANSCRIPT_FORMATS] == [
        "text/plain",
        "application/x-subrip",
        "text/vtt",
        "application/json",
    ]
    with pytest.raises(InvalidRequest, match="docx"):
        render(TRANSCRIPT, "docx")
