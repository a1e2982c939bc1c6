"""How dubs are shown, out of the records. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from batuta.dubbing.models import DubRequest, DubResult, Segment, SegmentState
from batuta.jobs import JobRecord, JobStatus
from batuta.jobs.estimates import seconds_left
from batuta.services.gateway.models import JobChange, JobError
from batuta.services.gateway.models import JobStatus as GatewayStatus
from batuta.services.stage_views import StageView, stage_view

ACTIVITIES: Final = {
    "fetch": "taking the video out of the object store",
    "extraction": "extracting the sound",
    "separation": "separating voices from the background",
    "transcription": "listening",
    "translation": "translating",
    "synthesis": "speaking",
    "mix": "mixing",
    "merge": "putting sound and picture together",
    "upload": "storing the result",
    "update": "storing the result",
}
_SHORT: Final = 2000


class SegmentView(BaseModel):
    """One line as `GET /jobs/{id}` shows it; seconds."""

    index: int
    start: float
    end: float
    source_text: str
    text: str
    state: SegmentState
    clip_seconds: float | None
    engine: str | None
    warnings: tuple[str, ...]


class DubView(BaseModel):
    """A dub as `GET /jobs/{id}` shows it; `id` is the gateway's."""

    id: int
    status: JobStatus
    progress: float
    activity: str | None
    target_language: str
    source_language: str
    voice: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    completed_at: dt.datetime | None
    stages: dict[str, StageView]
    segments: list[SegmentView]
    warnings: tuple[str, ...]
    output_key: str | None
    duration: float | None
    error_message: str | None
    error: dict[str, Any] | None
    stalled: bool
    eta_seconds: float | None


def request_of(record: JobRecord) -> DubRequest:
    """What the job was asked."""
    return DubRequest.model_validate(record.request)


def result_of(record: JobRecord) -> DubResult:
    """What the finished job has."""
    return DubResult.model_validate(record.result)


def dub_view(record: JobRecord, segments: Sequence[Segment]) -> DubView:
    """The dub as it is shown."""
    request = request_of(record)
    result = None if record.result is None else result_of(record)
    error = record.error
    return DubView(
        id=request.dub_id,
        status=record.status,
        progress=record.progress,
        activity=activity_of(record),
        target_language=request.target_language,
        source_language=request.source_language if result is None else result.source_language,
        voice=request.voice,
        created_at=record.created_at,
        updated_at=record.updated_at,
        completed_at=record.completed_at,
        stages={name: stage_view(record, stage) for name, stage in record.stages.items()},
        segments=[SegmentView.model_validate(each, from_attributes=True) for each in segments],
        warnings=() if result is None else result.warnings,
        output_key=None if result is None else result.output_key,
        duration=None if result is None else result.duration,
        error_message=None if error is None else error.get("message"),
        error=None if error is None else dict(error),
        stalled=any(stage.stalled for stage in record.stages.values()),
        eta_seconds=seconds_left(record, dt.datetime.now(dt.UTC)),
    )


def activity_of(record: JobRecord) -> str | None:
    """What is being done, in words; nothing once the job is over."""
    if record.status.final:
        return None
    return ACTIVITIES.get(record.current_stage or "", "waiting")


def change_of(record: JobRecord) -> JobChange:
    """What the gateway is told of the job.

    That it is completed its last stage has told, a moment before the record says so; in that moment the
    gateway may be told that it is still going on, so it is told again.
    """
    match record.status:
        case JobStatus.FAILED:
            return JobChange(status=GatewayStatus.FAILED, error=_error(record))
        case JobStatus.CANCELLED:
            stopped = JobError(code="CANCELLED", message="the job was cancelled")
            return JobChange(status=GatewayStatus.FAILED, error=stopped)
        case JobStatus.COMPLETED:
            output = result_of(record).output_key
            return JobChange(status=GatewayStatus.COMPLETED, progress=100, output_object_key=output)
        case JobStatus.QUEUED | JobStatus.RUNNING:
            return JobChange(
                status=GatewayStatus.PROCESSING,
                progress=record.progress,
                estimated_time_remaining=seconds_left(record, dt.datetime.now(dt.UTC)),
                activity=activity_of(record),
            )


def _error(record: JobRecord) -> JobError:
    error = record.error or {}
    failed = [name for name, each in record.stages.items() if each.error is not None]
    begun = [name for name, each in record.stages.items() if each.started_at is not None]
    stage = next(iter([*failed, *reversed(begun)]), None)  # what one of them gave may end the job, too
    return JobError(
        code=str(error.get("code", "failed")).upper(),
        message=str(error.get("message", "the job failed"))[:_SHORT],
        stage=stage,
    )
