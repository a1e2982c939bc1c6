"""How a stage of a job is shown, by every app that shows jobs. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel

from batuta.jobs import JobRecord, StageRecord, StageStatus

StageWord = Literal["pending", "processing", "completed", "failed", "skipped"]


class StageView(BaseModel):
    """One stage as `GET /jobs/{id}` shows it."""

    status: StageWord
    job_id: str | None
    progress: float
    started_at: dt.datetime | None
    completed_at: dt.datetime | None
    error: str | None


def stage_view(record: JobRecord, stage: StageRecord) -> StageView:
    """The stage as it is shown."""
    return StageView(
        status=_word(record, stage),
        job_id=stage.remote_id,
        progress=stage.progress,
        started_at=stage.started_at,
        completed_at=stage.completed_at,
        error=None if stage.error is None else stage.error.get("message"),
    )


def _word(record: JobRecord, stage: StageRecord) -> StageWord:
    """The contract's word; a stage that its job's end came before was skipped."""
    match stage.status:
        case StageStatus.PENDING:
            return "skipped" if record.status.final else "pending"
        case StageStatus.WAITING:
            return "pending"
        case StageStatus.PROCESSING:
            return "processing"
        case StageStatus.COMPLETED:
            return "completed"
        case StageStatus.FAILED | StageStatus.CANCELLED:
            return "failed"
