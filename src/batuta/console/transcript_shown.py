"""A question about a transcript and its answer as their page shows them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

from batuta.console.sentences import Tone
from batuta.transcripts.causes import BY_CAUSE
from batuta.transcripts.models import Cause, Track, TranscriptResult
from batuta.transcripts.outcomes import Attempt, Outcome, Source

PATH: Final = "/console/transcripts"
_WATCH: Final = "https://www.youtube.com/watch"

TIERS: Final[MappingProxyType[Source, str]] = MappingProxyType(
    {
        "memory": "Memory",
        "cache": "Redis",
        "database": "Database",
        "youtube": "YouTube",
        "generated": "Made from the sound",
    }
)
FROM: Final[MappingProxyType[Source, str]] = MappingProxyType(
    {
        "memory": "From memory",
        "cache": "From Redis",
        "database": "From the database",
        "youtube": "From YouTube",
        "generated": "Made just now",
    }
)
TYPES: Final = MappingProxyType(
    {"manual": "Written by people", "auto": "Automatic captions", "generated": "Made from the sound"}
)
_OUTCOMES: Final[MappingProxyType[str, tuple[str, Tone]]] = MappingProxyType(
    {
        "hit": ("had it", "good"),
        "stale": ("had an old one", "warn"),
        "miss": ("did not have it", "idle"),
        "skipped": ("is down, not asked", "warn"),
        "out_of_time": ("took too long", "bad"),
        "error": ("failed", "bad"),
    }
)
_CAUSES: Final = frozenset(cause.value for cause in Cause)


@dataclass(frozen=True, slots=True)
class Asked:
    """A video, by its id or an address, and the languages it is wanted in, best first; none is any."""

    video: str = ""
    languages: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """The languages as the app is asked for them."""
        return self.languages or None

    @property
    def written(self) -> str:
        """The languages as people write them."""
        return ", ".join(self.languages)

    def address(self, **more: str) -> str:
        """The page with this question."""
        fields = {"v": self.video, "languages": ",".join(self.languages), **more}
        return f"{PATH}?{urlencode({name: value for name, value in fields.items() if value}, safe=',')}"

    def within(self, language: str) -> str:
        """The page with this question in another language, its choice of languages still open."""
        return Asked(self.video, (language,)).address(tracks="too")


def languages_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes in what people write: parted by commas, semicolons or blanks."""
    return tuple(code for text in texts for code in re.split(r"[\s,;]+", text) if code)


def pickable(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """One track a language: of two the manual one, which is what that language gives."""
    found: dict[str, Track] = {}
    for track in tracks:
        known = found.setdefault(track.language, track)
        if known.transcript_type == "auto":
            found[track.language] = track
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Line:
    """A segment: when it begins, and its text in one line."""

    start: float
    address: str
    """Where YouTube plays from there."""
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One tier that was asked."""

    tier: str
    said: str
    tone: Tone
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A transcript."""

    result: TranscriptResult
    lines: tuple[Line, ...]
    kind: str
    whence: str
    stale: bool
    question: str
    """The query with which the API gives the same transcript: empty, or from `?` on."""

    def file(self, form: str) -> str:
        """Where the API has it as a file, below its prefix."""
        joint = "&" if self.question else "?"
        return f"/api/transcript/{self.result.video_id}{self.question}{joint}format={form}"

    def name(self, form: str) -> str:
        """What to call the file."""
        return f"{self.result.video_id}.{self.result.language}.{form}"


def shown(outcome: Outcome, asked: Asked) -> Shown | None:
    """The transcript, if there is one."""
    result = outcome.transcript
    if result is None:
        return None
    query = urlencode([("languages", code) for code in asked.languages])
    return Shown(
        result=result,
        lines=tuple(
            Line(each.start, watch(result.video_id, each.start), " ".join(each.text.split()))
            for each in result.segments
        ),
        kind=TYPES[result.transcript_type],
        whence=FROM[outcome.source],
        stale=outcome.stale,
        question=f"?{query}" if query else "",
    )


def steps(outcome: Outcome) -> tuple[Step, ...]:
    """What was tried, in order: as the API tells in `Server-Timing`."""
    last = len(outcome.attempts) - 1
    return tuple(
        _remembered(attempt)
        if attempt.cause == "hit" and (at < last or outcome.kept is None)
        else _step(attempt)
        for at, attempt in enumerate(outcome.attempts)
    )


def _remembered(attempt: Attempt) -> Step:
    """A tier that had an answer, which was no transcript: or nobody would have been asked after it."""
    return Step(TIERS[attempt.tier], "remembers a failure", "bad", attempt.milliseconds)


def _step(attempt: Attempt) -> Step:
    if attempt.cause in _CAUSES:
        return Step(TIERS[attempt.tier], BY_CAUSE[Cause(attempt.cause)].title, "bad", attempt.milliseconds)
    said, tone = _OUTCOMES.get(attempt.cause, (attempt.cause.replace("_", " "), "bad"))
    return Step(TIERS[attempt.tier], said, tone, attempt.milliseconds)


def watch(video_id: str, seconds: float = 0.0) -> str:
    """Where YouTube plays the video from that second on."""
    at = f"&t={int(seconds)}s" if seconds >= 1 else ""
    return f"{_WATCH}?v={quote(video_id, safe='')}{at}"
