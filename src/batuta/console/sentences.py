"""How times, languages, stages and events are put into words. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Final, Literal

from batuta.jobs import Event
from batuta.services.transcriber.languages import LANGUAGES

Tone = Literal["good", "bad", "busy", "idle", "warn"]

_TONES: Final[MappingProxyType[str, Tone]] = MappingProxyType(
    {
        "queued": "idle",
        "waiting": "idle",
        "pending": "idle",
        "skipped": "idle",
        "cancelled": "idle",
        "completed": "good",
        "healthy": "good",
        "failed": "bad",
        "unhealthy": "bad",
        "degraded": "bad",
        "stalled": "warn",
        "stale": "warn",
        "paused": "warn",
        "ready": "good",
        "none": "idle",
    }
)
_STAGES: Final = MappingProxyType(
    {
        "download": "Download",
        "normalization": "Sound cleaning",
        "transcription": "Speech recognition",
        "translation": "Translation",
        "subtitles": "Subtitle shaping",
        "fetch": "Fetching the video",
        "extraction": "Sound extraction",
        "separation": "Voice separation",
        "synthesis": "Speaking",
        "mix": "Mixing",
        "merge": "Sound and picture",
        "upload": "Storing",
        "update": "Telling the gateway",
    }
)
_STATUSES: Final = MappingProxyType({"normalizing": "Cleaning sound", "unhealthy": "Not answering"})
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_JUST_NOW: Final = 45.0
_TENTHS_BELOW: Final = 10.0
_FIVES_FROM: Final = 60.0
_DAYS_IN_WORDS: Final = 30
_THOUSAND: Final = 1000
_HUNDREDTH: Final = 0.01
_VOWELS_AND_Y: Final = ("ay", "ey", "oy", "uy")


def tone(word: str) -> Tone:
    """The colour of a status: a job's, a stage's or a service's."""
    return _TONES.get(word, "busy")


def status_word(status: str) -> str:
    """A status as people read it."""
    return _STATUSES.get(status, status.capitalize())


def stage_name(stage: str) -> str:
    """A stage as people read it."""
    return _STAGES.get(stage, stage.capitalize())


def language_name(code: str | None) -> str:
    """The language of a code; the code itself where nobody knows it."""
    match code:
        case None | "":
            return ""
        case "auto":
            return "detected"
        case "und":
            return "not determined"
        case _:
            return LANGUAGES.get(code, LANGUAGES.get(code.split("-")[0].lower(), code))


def exact(moment: dt.datetime) -> str:
    """A moment to the second, in UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """A past moment as seen from now; the date where that was long ago."""
    seconds = (now - moment).total_seconds()
    if seconds < _JUST_NOW:
        return "just now"
    if seconds > _DAYS_IN_WORDS * 86_400:
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%d")
    for name, length in _UNITS:
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {name}{'' if number == 1 else 's'} ago"
    return "1 minute ago"


def span(seconds: float | None) -> str:
    """A length of time in its two largest units; nothing for one that is not known."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    return _whole(round(seconds))


def rough(seconds: float | None) -> str:
    """A length of time nobody knows exactly: in whole seconds, and from a minute on in fives of them."""
    if seconds is None:
        return ""
    step = 1 if seconds < _FIVES_FROM else 5
    return _whole(ceil(seconds / step) * step)


def milliseconds(amount: float) -> str:
    """A short time as programs count it, in seconds from one on."""
    if amount >= _THOUSAND:
        return span(amount / _THOUSAND)
    if amount >= _TENTHS_BELOW:
        return f"{amount:.0f} ms"
    return f"{amount:.2f} ms" if amount >= _HUNDREDTH else "under 0.01 ms"


def counted(number: int, word: str) -> str:
    """So many of something: `1 line`, `2 lines`, `3 entries`, `4 days`."""
    if number == 1:
        return f"1 {word}"
    if word.endswith("y") and not word.endswith(_VOWELS_AND_Y):
        return f"{number} {word[:-1]}ies"
    return f"{number} {word}s"


def size(amount: int) -> str:
    """So many bytes, in the unit that fits."""
    shown = float(amount)
    for unit in ("bytes", "kB", "MB"):
        if shown < _THOUSAND:
            return f"{shown:.0f} {unit}" if unit == "bytes" else f"{shown:.1f} {unit}"
        shown /= _THOUSAND
    return f"{shown:.1f} GB"


def _whole(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clock(seconds: float) -> str:
    """A place in a recording: `1:02:03`, or `2:03` within the first hour."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened to a job, as its page tells it."""

    seq: int
    at: dt.datetime
    tone: Tone
    text: str


def log_of(events: Iterable[Event]) -> tuple[LogLine, ...]:
    """The events in words; of progress that follows progress only the last is told."""
    lines: list[LogLine] = []
    moving: str | None = None
    for event in events:
        progress = event.stage if event.kind == "stage.progress" else None
        if progress is not None and progress == moving:
            lines.pop()
        moving = progress
        kind, text = _told(event)
        lines.append(LogLine(event.seq, event.at, kind, text))
    return tuple(lines)


def _told(event: Event) -> tuple[Tone, str]:  # noqa: C901, PLR0911  # one a kind
    stage = stage_name(event.stage or "")
    match event.kind:
        case "job.completed":
            return "good", "The captions are ready"
        case "job.failed":
            return "bad", f"The job failed: {_cause(event)}"
        case "job.cancelled":
            return "idle", "The job was cancelled"
        case "job.retried":
            return "busy", "The job was started again"
        case "stage.started":
            return "busy", f"{stage} begins"
        case "stage.waiting":
            return "idle", f"{stage} waits for its turn"
        case "stage.submitted":
            return "busy", f"{stage} was handed to its service"
        case "stage.progress":
            return "busy", f"{stage}: {float(event.data.get('progress', 0)):.0f} %"
        case "stage.stalled":
            return "warn", f"{stage} has not moved for a while"
        case "stage.completed":
            kept = ": the result was kept from earlier work" if event.data.get("reused") else ""
            return "good", f"{stage} is done{kept}"
        case "stage.failed":
            return "bad", f"{stage} failed: {_cause(event)}"


def _cause(event: Event) -> str:
    error = event.data.get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else "the cause is not known"  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON
