"""The contract of captions: what is asked, what comes back. Names and defaults are the seed's."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, UrlConstraints

from batuta.services.stage_views import StageView
from batuta.storage.artefacts import Artefact

MediaURL = Annotated[AnyHttpUrl, UrlConstraints(max_length=4096)]
ProfileName = Annotated[str, Field(max_length=32)]
CaptionStatus = Literal[
    "queued",
    "waiting",
    "paused",
    "downloading",
    "normalizing",
    "transcribing",
    "translating",
    "completed",
    "failed",
    "cancelled",
]
ENGLISH: Final = "en"


class CaptionOptions(BaseModel):
    """How to caption; null means the operator's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str | None = Field(default=None, max_length=16, description="`auto` or a code such as `en`")
    language_out: str | None = Field(default=None, max_length=16, description="translate the captions into")
    remove_noise: bool | None = None
    convert_to_mono: bool | None = None
    apply_highpass_filter: bool | None = None
    set_sample_rate_16k: bool | None = None
    isolate_vocals: bool | None = None
    subtitle_profile: ProfileName | None = None
    model: str | None = Field(default=None, max_length=64, description="for example `base` or `tiny.en`")


class SubmissionFields(BaseModel):
    """How to treat a job, whatever it is to give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefer_existing: bool = Field(
        default=False, description="captions that YouTube has, if it has any, in the place of our own"
    )
    force: bool = Field(default=False, description="a new job that asks the URL again")
    callback_url: str | None = Field(
        default=None, max_length=2048, description="told of the end by a signed webhook"
    )
    priority: int = Field(default=0, ge=-100, le=100, description="higher goes first among your own jobs")
    reference: str | None = Field(
        default=None, max_length=256, description="your name for the job, given back with it"
    )


class PipelineBody(CaptionOptions, SubmissionFields):
    """The body of `POST /pipeline`."""

    youtube_url: MediaURL = Field(description="any http or https URL of a video or audio file or page")


StageName = Literal["existing", "download", "normalization", "transcription", "translation", "subtitles"]


class RetryBody(BaseModel):
    """The body of `POST /jobs/{id}/retry`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    stage: StageName | None = Field(
        default=None, alias="from", description="do this stage and all later ones again, stale or not"
    )
    overrides: CaptionOptions = Field(default_factory=CaptionOptions, description="options to change")


class CaptionRequest(BaseModel):
    """One captioning job with every default filled in; equal requests are equal jobs."""

    model_config = ConfigDict(frozen=True)

    youtube_url: str | None = None
    upload: Artefact | None = None
    again: str | None = None
    """Set to ask the URL again; what follows from equal bytes is a lookup all the same."""
    url_allow: tuple[str, ...] = ()
    """Hosts the caller himself named and answers for; never set by a request over HTTP."""
    prefer_existing: bool = False
    language: str = "auto"
    language_out: str | None = None
    remove_noise: bool = True
    convert_to_mono: bool = True
    apply_highpass_filter: bool = False
    set_sample_rate_16k: bool = True
    isolate_vocals: bool = False
    subtitle_profile: str = "default"
    model: str | None = None

    @property
    def to_english(self) -> bool:
        """Whether the recogniser itself translates, as it can into English only."""
        return self.language_out is not None and self.language_out.lower().split("-")[0] == ENGLISH

    @property
    def to_another_language(self) -> bool:
        """Whether the captions are translated after recognition."""
        return self.language_out is not None and not self.to_english


STAGES: Final = {
    "existing": 1,
    "download": 10,
    "normalization": 15,
    "transcription": 70,
    "translation": 5,
    "subtitles": 5,
}
"""In order, each with its usual share of the time."""


def stages_of(request: CaptionRequest) -> dict[str, float]:
    """The stages this request needs."""
    skipped = {"translation": not request.to_another_language, "existing": not request.prefer_existing}
    return {name: weight for name, weight in STAGES.items() if not skipped.get(name)}


class CaptionResult(BaseModel):
    """What a finished job has: references, and the few facts a list shows."""

    model_config = ConfigDict(frozen=True)

    captions: Artefact
    """The document of `captions.document`: transcription, cues, conformity."""
    audio: Artefact | None = None
    """None where the captions existed, so that nothing was listened to."""
    audio_file: str | None = None
    title: str | None = None
    language: str
    duration: float
    hard_violations: int
    warnings: tuple[str, ...] = ()


class LanguageRequest(BaseModel):
    """A file whose language is to be found out."""

    model_config = ConfigDict(frozen=True)

    upload: Artefact
    model: str | None = None


class LanguageResult(BaseModel):
    """The language, None where nobody speaks, and how sure that is: 0 to 1."""

    model_config = ConfigDict(frozen=True)

    language: str | None
    probability: float


class Accepted(BaseModel):
    """The answer to `POST /pipeline`."""

    job_id: str
    status: CaptionStatus
    message: str
    youtube_url: str | None
    overall_progress: float


class SegmentView(BaseModel):
    """One segment of the transcription; seconds."""

    text: str
    start: float
    end: float
    duration: float


class JobView(BaseModel):
    """A job as `GET /jobs/{id}` shows it."""

    job_id: str
    youtube_url: str | None
    status: CaptionStatus
    overall_progress: float
    created_at: dt.datetime
    updated_at: dt.datetime
    completed_at: dt.datetime | None
    stages: dict[str, StageView]
    transcription_text: str | None
    transcription_segments: list[SegmentView] | None
    transcription_file: str | None
    audio_file: str | None
    error_message: str | None
    error: dict[str, Any] | None
    language: str | None
    conformity: dict[str, Any] | None
    warnings: list[str]
    stalled: bool
    """Whether the service at work has not moved for a while."""
    eta_seconds: float | None
    heartbeat_at: dt.datetime | None
    reference: str | None
    priority: int


class JobLine(BaseModel):
    """A job as a list shows it."""

    job_id: str
    youtube_url: str | None
    status: CaptionStatus
    progress: float
    created_at: dt.datetime
    updated_at: dt.datetime
    title: str | None
    reference: str | None
    eta_seconds: float | None


class JobList(BaseModel):
    """The answer to `GET /jobs`; `total` counts all jobs, not only the ones shown."""

    total: int
    jobs: list[JobLine]
    next_cursor: str | None
    """What gives the following page as `cursor`; null on the last one."""
