"""A job as its page shows it: stages, player, and the conformity report in people's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from batuta.captions.views import request_of, result_of
from batuta.jobs import JobRecord, JobStatus, StageRecord, StageStatus
from batuta.media import Conformity, Violation
from batuta.media.conformity import HARD_RULES, Rule
from batuta.storage.artefacts import Artefact

SHOWN_CUES: Final = 12
"""Of the cues that break a rule, so many are named."""


@dataclass(frozen=True, slots=True)
class ShownStage:
    """One stage."""

    name: str
    word: str
    """pending, waiting, processing, stalled, completed, failed, cancelled or skipped."""
    progress: float
    seconds: float | None
    reused: bool
    error: str | None


def stages_of(job: JobRecord) -> tuple[ShownStage, ...]:
    """The stages in order."""
    return tuple(
        ShownStage(
            name=name,
            word=_word(job, stage),
            progress=stage.progress,
            seconds=stage.seconds,
            reused=stage.reused,
            error=None if stage.error is None else stage.error.get("message"),
        )
        for name, stage in job.stages.items()
    )


def _word(job: JobRecord, stage: StageRecord) -> str:
    if stage.stalled and not job.status.final:
        return "stalled"
    if stage.status is StageStatus.PENDING and job.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        return "skipped"
    return str(stage.status)


def title_of(job: JobRecord) -> str:
    """What to call the job: its caller's name for it, its media's title, or where it comes from."""
    title = None if job.result is None else result_of(job).title
    return job.reference or title or request_of(job).youtube_url or "Uploaded file"


@dataclass(frozen=True, slots=True)
class Player:
    """What can be played: the recording itself where it is kept, the sound captions were made from."""

    media_type: str | None
    """Of the recording; None where it is no longer kept, "" where nobody knows."""
    has_sound: bool

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see, as far as its type says."""
        return (self.media_type or "").startswith("video/")

    @property
    def plays(self) -> bool:
        """Whether there is anything at all."""
        return self.media_type is not None or self.has_sound


def player_of(media: Artefact | None, sound: Artefact | None) -> Player:
    """The player for what is kept."""
    if media is None:
        return Player(None, sound is not None)
    known = media.media_type.startswith(("video/", "audio/"))
    return Player(media.media_type if known else "", sound is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule of the profile: how many cues break it, which, and the worst of them."""

    label: str
    is_hard: bool
    broken: int
    limit: str
    worst: str
    cues: tuple[int, ...]
    """Indexes of the first cues that break it."""


@dataclass(frozen=True, slots=True)
class _Words:
    label: str
    unit: str


_RULES: Final[MappingProxyType[Rule, _Words]] = MappingProxyType(
    {
        "width": _Words("Line too wide", "characters"),
        "lines": _Words("Too many lines", "lines"),
        "duration_min": _Words("Shown too briefly", "s"),
        "duration_max": _Words("Shown too long", "s"),
        "gap": _Words("Too little time between cues", "s"),
        "overlap": _Words("Cues overlap", "s"),
        "cps": _Words("Too fast to read", "characters/s"),
        "empty": _Words("Cue without text", "lines"),
    }
)


def findings_of(conformity: Conformity) -> tuple[Finding, ...]:
    """The rules that are broken, those first that never have to be."""
    broken = [_finding(rule, found) for rule in _RULES if (found := conformity.of(rule))]
    return tuple(sorted(broken, key=lambda finding: not finding.is_hard))


def _finding(rule: Rule, found: list[Violation]) -> Finding:
    words = _RULES[rule]
    worst = max(found, key=lambda violation: abs(violation.value - violation.limit))
    cues = tuple(dict.fromkeys(violation.cue_index for violation in found))
    return Finding(
        label=words.label,
        is_hard=rule in HARD_RULES,
        broken=len(cues),
        limit=f"{worst.limit:.3g} {words.unit}",
        worst=f"{worst.value:.3g} {words.unit}",
        cues=cues[:SHOWN_CUES],
    )
