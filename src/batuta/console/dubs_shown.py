"""Dubs as their pages show them: the list, the lines, voices and languages by name. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from zlib import crc32

from batuta.console.sentences import Tone, clock
from batuta.dubbing.models import DubRequest, Segment, SegmentState
from batuta.dubbing.offers import DubLanguage
from batuta.dubbing.views import activity_of, request_of
from batuta.jobs import JobRecord
from batuta.jobs.estimates import seconds_left
from batuta.services.gateway.models import Job, JobStatus
from batuta.services.transcriber.languages import LANGUAGES

PATH: Final = "/console/dubs"
STEPS: Final = 3
"""Heard, translated, spoken."""

_WORDS: Final = MappingProxyType(
    {
        JobStatus.QUEUED: "queued",
        JobStatus.PROCESSING: "running",
        JobStatus.COMPLETED: "completed",
        JobStatus.FAILED: "failed",
    }
)
_CANCELLED: Final = "CANCELLED"
_STATES: Final[MappingProxyType[SegmentState, tuple[str, int, Tone]]] = MappingProxyType(
    {
        "heard": ("Heard", 1, "idle"),
        "translated": ("Translated", 2, "busy"),
        "spoken": ("Spoken", STEPS, "good"),
        "failed": ("Original voice kept", 0, "warn"),
    }
)
_ENGINES: Final = MappingProxyType(
    {"kokoro": "Kokoro", "hibari": "Hibari", "nanotts": "Pico", "espeak": "eSpeak NG"}
)
_OPTIONS: Final = ("source_language", "voice", "loudness")
_VOICE_AND_NAME: Final = 2


@dataclass(frozen=True, slots=True)
class ListedDub:
    """One line of the list."""

    number: int
    name: str
    language: str
    """The code of the new language."""
    word: str
    """queued, running, completed, failed or cancelled."""
    progress: float
    activity: str | None
    seconds_left: float | None
    created_at: dt.datetime
    problem: str | None

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.word in {"completed", "failed", "cancelled"}


def listed_job(job: Job) -> ListedDub:
    """A job as the gateway has it."""
    cancelled = job.error is not None and job.error.code == _CANCELLED
    return ListedDub(
        number=job.id,
        name=name_of(job.source_object_key),
        language=job.target_language,
        word="cancelled" if cancelled and job.status is JobStatus.FAILED else _WORDS[job.status],
        progress=job.progress,
        activity=job.activity if job.status is JobStatus.PROCESSING else None,
        seconds_left=job.estimated_time_remaining,
        created_at=job.created_at,
        problem=None if job.error is None or cancelled else job.error.message,
    )


def listed_record(record: JobRecord, now: dt.datetime) -> ListedDub:
    """A job of ours, for a gateway elsewhere."""
    request = request_of(record)
    return ListedDub(
        number=request.dub_id,
        name=name_of(request.source_key),
        language=request.target_language,
        word=str(record.status),
        progress=record.progress,
        activity=activity_of(record),
        seconds_left=seconds_left(record, now),
        created_at=record.created_at,
        problem=None if record.error is None else record.error.get("message"),
    )


def name_of(key: str) -> str:
    """What the video was called: keys are `<epoch ms>_<name>`."""
    stamp, _, name = key.partition("_")
    return name if name and stamp.isdecimal() else key


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the dub."""

    number: int
    start: float
    end: float
    source_text: str
    text: str
    word: str
    steps: int
    """How many of `STEPS` are done."""
    tone: Tone
    clip: str | None
    """The beginning of the clip's hash: another clip has another address."""
    clip_seconds: float | None
    engine: str | None
    warnings: tuple[str, ...]
    version: str
    """Another one wherever anything of the line is shown otherwise."""

    @property
    def at(self) -> str:
        """When it begins, as people read it."""
        return clock(self.start)


def lines(segments: Iterable[Segment], *, editable: bool) -> tuple[Line, ...]:
    """The lines in order; `editable` ones can be said otherwise."""
    return tuple(_line(segment, editable) for segment in segments)


def _line(segment: Segment, editable: bool) -> Line:  # noqa: FBT001  # a private helper
    word, steps, tone = _STATES[segment.state]
    seen = f"{segment.model_dump_json()} {editable}"
    return Line(
        number=segment.index,
        start=segment.start,
        end=segment.end,
        source_text=segment.source_text,
        text=segment.text,
        word=word,
        steps=steps,
        tone=tone,
        clip=None if segment.clip is None else segment.clip.sha256[:12],
        clip_seconds=segment.clip_seconds,
        engine=None if segment.engine is None else voice_label(segment.engine),
        warnings=segment.warnings,
        version=f"{segment.state} {crc32(seen.encode()):08x}",
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lines are how far; who is further was there, too."""

    all: int
    translated: int
    spoken: int
    fallbacks: int


def counted_lines(segments: Sequence[Segment]) -> Counted:
    """The lines, counted."""
    states = [segment.state for segment in segments]
    spoken, fallbacks = states.count("spoken"), states.count("failed")
    return Counted(len(states), states.count("translated") + spoken, spoken, fallbacks)


def can_be_edited(record: JobRecord) -> bool:
    """Whether lines can be said otherwise: of a finished dub, or of one that is put together once more."""
    return record.result is not None or (
        not record.status.final and DubRequest.model_validate(record.request).script is not None
    )


def voice_label(voice: str) -> str:
    """A voice as people read it: `kokoro:ef_dora` is `Dora (Kokoro)`."""
    engine, _, name = voice.partition(":")
    shown = _ENGINES.get(engine, engine.capitalize())
    if not name:
        return shown
    parts = name.split("_")
    if engine == "kokoro" and len(parts) == _VOICE_AND_NAME:
        who = {"f": "woman", "m": "man"}.get(parts[0][-1:])
        return f"{parts[1].capitalize()}{f', {who}' if who else ''} ({shown})"
    return f"{name.capitalize() if name.isalpha() and engine == 'hibari' else name} ({shown})"


@dataclass(frozen=True, slots=True)
class DubChoices:
    """What the form offers."""

    targets: tuple[DubLanguage, ...]
    sources: tuple[tuple[str, str], ...]
    """Code and name, by name."""

    @classmethod
    def of(cls, targets: tuple[DubLanguage, ...]) -> DubChoices:
        """Every language that can be dubbed into one of the targets."""
        by_name = sorted(LANGUAGES.items(), key=lambda pair: pair[1])
        some = frozenset[str]().union(*(each.sources for each in targets if each.sources is not None))
        everything = any(each.sources is None for each in targets)
        return cls(targets, tuple(pair for pair in by_name if everything or pair[0] in some))

    @property
    def knows_voices(self) -> bool:
        """Whether the voices can be chosen by name."""
        return any(each.voices for each in self.targets)


def contract_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """What the gateway takes, of a page's form: a switch that is off is left out of it."""
    options: dict[str, object] = {name: fields[name] for name in _OPTIONS if fields.get(name)}
    options["keep_background"] = "keep_background" in fields
    options["subtitles"] = "soft" if "subtitles" in fields else "none"
    ours = {*_OPTIONS, "keep_background", "subtitles"}
    return {name: value for name, value in fields.items() if name not in ours} | {
        "options": json.dumps(options)
    }
