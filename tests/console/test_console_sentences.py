"""The console's words for times and events."""

from __future__ import annotations

import datetime as dt

import pytest

from batuta.console.sentences import (
    ago,
    clock,
    counted,
    language_name,
    log_of,
    milliseconds,
    rough,
    size,
    span,
)
from batuta.jobs import Event

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (44, "just now"),
        (50, "1 minute ago"),
        (119, "1 minute ago"),
        (3600, "1 hour ago"),
        (86_400 * 3, "3 days ago"),
        (86_400 * 60, "2025-12-31"),
    ],
)
def test_a_past_moment_is_said_as_people_do(seconds: float, said: str) -> None:
    """In its largest unit; long ago as a date; a clock that is ahead is no error."""
    assert ago(NOW - dt.timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "exactly", "roughly"),
    [
        (None, "", ""),
        (0.256, "0.26 s", "1 s"),
        (9.84, "9.8 s", "10 s"),
        (59.6, "1 min 0 s", "1 min 0 s"),
        (61.2, "1 min 1 s", "1 min 5 s"),
        (7384, "2 h 3 min", "2 h 3 min"),
    ],
)
def test_lengths_have_two_units_at_most(seconds: float | None, exactly: str, roughly: str) -> None:
    """What is measured is exact, what is guessed does not pretend to be."""
    assert span(seconds) == exactly
    assert rough(seconds) == roughly


def test_places_in_a_recording_are_read_off_a_clock() -> None:
    """Hours only where there are any."""
    assert [clock(seconds) for seconds in (0, 65.9, 3723)] == ["0:00", "1:05", "1:02:03"]


def test_languages_have_names_even_where_nobody_knows_them() -> None:
    """A region is left out; an unknown code stands for itself."""
    codes = ["pt", "pt-BR", "auto", "und", "xx", None]
    assert [language_name(code) for code in codes] == [
        "Portuguese",
        "Portuguese",
        "detected",
        "not determined",
        "xx",
        "",
    ]


def test_of_progress_only_the_last_is_told() -> None:
    """Hundreds of steps are one line; what happens between them stays."""
    steps = [Event(kind="stage.progress", stage="download", data={"progress": at}) for at in (1, 2, 3)]
    stalled = Event(kind="stage.stalled", stage="download")
    failed = Event(kind="stage.failed", stage="download", data={"error": {"message": "gone"}})
    assert [line.text for line in log_of([*steps, stalled, steps[0], failed])] == [
        "Download: 3 %",
        "Download has not moved for a while",
        "Download: 1 %",
        "Download failed: gone",
    ]


def test_numbers_are_said_in_the_unit_that_fits() -> None:
    """Bytes, short times, and how many of something."""
    assert [size(999), size(1500), size(64_000_000), size(7_000_000_000)] == [
        "999 bytes",
        "1.5 kB",
        "64.0 MB",
        "7.0 GB",
    ]
    assert [milliseconds(each) for each in (0.0, 0.5, 41.6, 2500.0)] == [
        "under 0.01 ms",
        "0.50 ms",
        "42 ms",
        "2.5 s",
    ]
    assert [counted(1, "entry"), counted(2, "entry"), counted(0, "line"), counted(30, "day")] == [
        "1 entry",
        "2 entries",
        "0 lines",
        "30 days",
    ]
