"""How captioning jobs are shown: the seed's words and shapes, out of the record. Pure."""

from __future__ import annotations

import datetime as dt

from batuta.captions.document import CaptionsDocument
from batuta.captions.models import (
    CaptionRequest,
    CaptionResult,
    CaptionStatus,
    JobLine,
    JobView,
    SegmentView,
)
from batuta.jobs import JobRecord, JobStatus, StageStatus
from batuta.jobs.estimates import seconds_left
from batuta.services.stage_views import stage_view

SHOWN_STAGES = ("download", "normalization", "transcription")
"""The stages of the seed's answer, always there; a translation is shown where there is one."""
WORDS: dict[str | None, CaptionStatus] = {
    "existing": "downloading",
    "download": "downloading",
    "normalization": "normalizing",
    "transcription": "transcribing",
    "translation": "translating",
    "subtitles": "transcribing",
}


def request_of(record: JobRecord) -> CaptionRequest:
    """What the job was asked."""
    return CaptionRequest.model_validate(record.request)


def result_of(record: JobRecord) -> CaptionResult:
    """What the finished job has."""
    return CaptionResult.model_validate(record.result)


def status_of(record: JobRecord) -> CaptionStatus:
    """The seed's word for where the job is."""
    match record.status:
        case JobStatus.QUEUED:
            return "queued"
        case JobStatus.RUNNING:
            current = record.current_stage
            if current is not None and record.stages[current].status is StageStatus.WAITING:
                return "waiting"
            return WORDS.get(current) or _between_stages(record)
        case JobStatus.COMPLETED:
            return "completed"
        case JobStatus.FAILED:
            return "failed"
        case JobStatus.CANCELLED:
            return "cancelled"


def job_line(record: JobRecord) -> JobLine:
    """The job as a list shows it."""
    return JobLine(
        job_id=record.job_id,
        youtube_url=request_of(record).youtube_url,
        status=status_of(record),
        progress=record.progress,
        created_at=record.created_at,
        updated_at=record.updated_at,
        title=None if record.result is None else result_of(record).title,
        reference=record.reference,
        eta_seconds=seconds_left(record, dt.datetime.now(dt.UTC)),
    )


def job_view(
    record: JobRecord, document: CaptionsDocument | None, heartbeat_at: dt.datetime | None = None
) -> JobView:
    """The job as `GET /jobs/{id}` shows it."""
    error = record.error
    transcription = None if document is None else document.transcription
    return JobView(
        job_id=record.job_id,
        youtube_url=request_of(record).youtube_url,
        status=status_of(record),
        overall_progress=record.progress,
        created_at=record.created_at,
        updated_at=record.updated_at,
        completed_at=record.completed_at,
        stages={
            name: stage_view(record, record.stages[name])
            for name in (*SHOWN_STAGES, "translation")
            if name in record.stages
        },
        transcription_text=None if transcription is None else transcription.text,
        transcription_segments=None
        if transcription is None
        else [
            SegmentView(
                text=segment.text,
                start=segment.start,
                end=segment.end,
                duration=round(segment.end - segment.start, 3),
            )
            for segment in transcription.segments
        ],
        transcription_file=None if document is None else "transcription.srt",
        audio_file=None if record.result is None else result_of(record).audio_file,
        error_message=None if error is None else error.get("message"),
        error=None if error is None else dict(error),
        language=None if transcription is None else transcription.language,
        conformity=None if document is None else dict(document.conformity.to_dict()),
        warnings=[] if record.result is None else list(result_of(record).warnings),
        stalled=any(stage.stalled for stage in record.stages.values()),
        eta_seconds=seconds_left(record, dt.datetime.now(dt.UTC)),
        heartbeat_at=None if record.status.final else heartbeat_at,
        reference=record.reference,
        priority=record.priority,
    )


def _between_stages(record: JobRecord) -> CaptionStatus:
    """The word of the last finished stage: the next one begins within milliseconds."""
    done = [name for name, stage in record.stages.items() if stage.completed_at is not None]
    return WORDS.get(done[-1] if done else None) or "queued"
