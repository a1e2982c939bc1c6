"""The contract of dubbing: what is asked, what is spoken, what comes back."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from batuta.storage.artefacts import Artefact

SegmentState = Literal["heard", "translated", "spoken", "failed"]
"""How far a segment is; `failed` has the original voice in the place of a new one."""
Loudness = Literal["web", "broadcast", "netflix"]


class DubRequest(BaseModel):
    """One dub with every default filled in."""

    model_config = ConfigDict(frozen=True)

    dub_id: int
    """The gateway's number for the job."""
    source_key: str
    """Where the video is in the object store."""
    target_language: str
    """A code such as `pt`."""
    spoken_as: str | None = None
    """The target with its region, such as `pt-PT`, for the choice of a voice."""
    source_language: str = "auto"
    voice: str | None = None
    keep_background: bool = True
    subtitles: Literal["soft", "none"] = "soft"
    loudness: Loudness = "web"
    script: Artefact | None = None
    """A `Script` to start from, some of its lines changed: those without a clip are spoken."""
    round: int = 1
    """How often the dub was set going: what it tells others it tells each time."""

    @property
    def with_subtitles(self) -> bool:
        """Whether the video is to carry subtitles, in both languages."""
        return self.subtitles == "soft"


class Segment(BaseModel):
    """One line of a dub; seconds on the time line of the video."""

    model_config = ConfigDict(frozen=True)

    index: int
    start: float
    end: float
    source_text: str
    text: str = ""
    """In the target language; empty until it is translated."""
    translated: bool = True
    """Whether that is so; nobody could translate a line that is spoken as it is."""
    state: SegmentState = "heard"
    clip: Artefact | None = None
    clip_seconds: float | None = None
    engine: str | None = None
    """Who speaks it, with which voice."""
    warnings: tuple[str, ...] = ()


class Script(BaseModel):
    """All that is said in a dub, in both languages, with the clips: what a change of one line starts from."""

    model_config = ConfigDict(frozen=True)

    source_language: str
    target_language: str
    duration: float
    """Seconds of the video."""
    segments: tuple[Segment, ...]
    engines: dict[str, str] = Field(default_factory=dict)
    """Who did which step, with the version."""
    warnings: tuple[str, ...] = ()


class ReportedSegment(BaseModel):
    """A segment in `dubbing_report.json` (contract: dubbing, "Command line"); times are seconds."""

    model_config = ConfigDict(frozen=True)

    index: int
    start: float
    end: float
    source_text: str
    text: str
    clip_seconds: float | None
    tempo: float
    planned_start: float
    actual_start: float | None
    engine: str | None
    warnings: tuple[str, ...]


class Totals(BaseModel):
    """The whole dub in numbers."""

    model_config = ConfigDict(frozen=True)

    segments: int
    spoken: int
    fallbacks: int
    """Segments in which the original voice is kept."""
    untranslated: int
    """Segments that are spoken in the language of the video."""
    max_tempo: float
    on_plan: float
    """The share of segments that start within 0.15 s of the plan, 0 to 1."""
    overflow_seconds: float
    duration: float
    loudness: float | None
    """LUFS."""
    true_peak: float | None
    """dBTP."""


class DubbingReport(BaseModel):
    """`dubbing_report.json`."""

    model_config = ConfigDict(frozen=True)

    source_language: str
    target_language: str
    segments: tuple[ReportedSegment, ...]
    totals: Totals
    engines: dict[str, str]
    warnings: tuple[str, ...]


class Spoken(BaseModel):
    """What the flow of the segments gives."""

    model_config = ConfigDict(frozen=True)

    script: Artefact
    """With a clip for each segment; it may have thousands, so it is a file."""
    source_language: str
    subtitles_source: Artefact
    """SubRip, in the language spoken in the video."""
    subtitles_target: Artefact
    warnings: tuple[str, ...] = ()


class Published(BaseModel):
    """Where the result is in the object store, and the report beside it."""

    model_config = ConfigDict(frozen=True)

    output_key: str
    report: Artefact


class DubResult(BaseModel):
    """What a finished dub has."""

    model_config = ConfigDict(frozen=True)

    output_key: str
    video: Artefact
    script: Artefact
    """What a change of one line starts from; its clips are mentioned by the rows of the segments."""
    report: Artefact
    subtitles_source: Artefact
    subtitles_target: Artefact
    source_language: str
    target_language: str
    duration: float
    warnings: tuple[str, ...] = ()


PATIENCE: Final = 8.0
"""Times JOB_TIMEOUT_MINUTES that a dub may take: speaking takes about as long as the video lasts."""
STAGES: Final = {
    "fetch": 3.0,
    "extraction": 4.0,
    "separation": 10.0,
    "transcription": 15.0,
    "translation": 3.0,
    "synthesis": 50.0,
    "mix": 6.0,
    "merge": 4.0,
    "upload": 3.0,
    "update": 2.0,
}
"""In order, each with its usual share of the time."""


def stages_of(request: DubRequest) -> dict[str, float]:
    """The stages this request needs."""
    return {name: share for name, share in STAGES.items() if name != "separation" or request.keep_background}
