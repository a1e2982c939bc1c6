"""The job record: what a job is and how each event changes it. Pure; the store keeps what this decides.

A record is the fold of its events: `evolve(record, event)` is the only way a record changes, so the two can
never disagree, and an event that comes too late (progress after a cancel, say) changes nothing. Only
`job.retried` leads on from an end.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from batuta.errors import ErrorDict


class JobStatus(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can change any more."""
        return self in FINAL


FINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class StageStatus(StrEnum):
    """Where a stage is."""

    PENDING = "pending"
    WAITING = "waiting"
    """For a place at the service."""
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNDER_WAY: Final = frozenset({StageStatus.WAITING, StageStatus.PROCESSING})


class StageRecord(BaseModel):
    """One stage of one job."""

    model_config = ConfigDict(frozen=True)

    status: StageStatus = StageStatus.PENDING
    progress: float = 0.0
    """0 to 100."""
    weight: float = 1.0
    """The stage's share of the job's progress, relative to the other stages."""
    remote_id: str | None = None
    """The id the service gave the work."""
    key: str | None = None
    """What names its result in the stage journal."""
    stalled: bool = False
    """Whether the service has not moved for a while."""
    reused: bool = False
    """Whether a kept result answered, so that nothing was computed."""
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    error: ErrorDict | None = None

    @property
    def seconds(self) -> float | None:
        """How long the stage took, once it is over."""
        if self.started_at is None or self.completed_at is None:
            return None
        return (self.completed_at - self.started_at).total_seconds()


EventKind = Literal[
    "job.completed",
    "job.failed",
    "job.cancelled",
    "job.retried",
    "stage.started",
    "stage.waiting",
    "stage.submitted",
    "stage.progress",
    "stage.stalled",
    "stage.completed",
    "stage.failed",
]


ENDS: Final = frozenset({"job.completed", "job.failed", "job.cancelled"})
"""The kinds after which nothing happens to a job."""


class Event(BaseModel):
    """Something that happened to a job; `seq` numbers a job's events from 1, without gaps."""

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    stage: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    run: int | None = None
    """The run in which it happened; what an earlier run has still to say changes nothing."""
    seq: int = 0
    at: dt.datetime = Field(default_factory=lambda: dt.datetime.now(dt.UTC))


class JobRecord(BaseModel):
    """Everything people may know about a job."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    pipeline: str
    request: dict[str, Any]
    dedupe_key: str | None = None
    owner: str = ""
    """The API key that started it; empty for callers without one."""
    priority: int = 0
    """Higher goes first among the jobs of its owner."""
    callback_url: str | None = None
    """Who is told of the end."""
    reference: str | None = None
    """The caller's own name for the job, given back with it."""
    traceparent: str | None = None
    """The trace of the request that started it (W3C Trace Context)."""
    runs: int = 1
    """How often it was set going: once, and once for each retry."""
    again: dict[str, str] = Field(default_factory=dict)
    """For stages that are to be done again in any case: what makes their orders new ones."""
    status: JobStatus = JobStatus.QUEUED
    stages: dict[str, StageRecord]
    created_at: dt.datetime
    updated_at: dt.datetime
    completed_at: dt.datetime | None = None
    result: dict[str, Any] | None = None
    error: ErrorDict | None = None
    seq: int = 0
    """The number of the last event that changed the record."""

    @property
    def progress(self) -> float:
        """0 to 100, each stage counting by its weight."""
        if self.status is JobStatus.COMPLETED:
            return 100.0
        total = sum(stage.weight for stage in self.stages.values())
        done = sum(stage.weight * stage.progress for stage in self.stages.values())
        return round(done / total, 1) if total else 0.0

    @property
    def run_id(self) -> str:
        """The engine's name for the present run."""
        return self.job_id if self.runs == 1 else f"{self.job_id}.{self.runs}"

    @property
    def current_stage(self) -> str | None:
        """The name of the stage under way."""
        return next((name for name, stage in self.stages.items() if stage.status in UNDER_WAY), None)


def job_of(run_id: str) -> tuple[str, int]:
    """The job a run of the engine belongs to, and which of its runs it is."""
    job_id, _, number = run_id.partition(".")
    return job_id, int(number or 1)


def evolve(record: JobRecord, event: Event) -> JobRecord:
    """The record after the event; the very same record when the event changes nothing."""
    if record.status.final is not (event.kind == "job.retried"):
        return record
    if event.run is not None and event.run != record.runs:
        return record
    changed = _evolve_stage(record, event) if event.stage is not None else _evolve_job(record, event)
    if changed == {}:
        return record
    return record.model_copy(update={**changed, "updated_at": event.at, "seq": record.seq + 1})


def _evolve_job(record: JobRecord, event: Event) -> dict[str, Any]:
    match event.kind:
        case "job.completed":
            return {
                "status": JobStatus.COMPLETED,
                "completed_at": event.at,
                "result": event.data["result"],
            }
        case "job.failed":
            return {
                "status": JobStatus.FAILED,
                "completed_at": event.at,
                "error": event.data["error"],
                "stages": _close_open_stages(record, StageStatus.FAILED, event),
            }
        case "job.cancelled":
            return {
                "status": JobStatus.CANCELLED,
                "completed_at": event.at,
                "stages": _close_open_stages(record, StageStatus.CANCELLED, event),
            }
        case "job.retried":
            return {
                "status": JobStatus.QUEUED,
                "request": event.data["request"],
                "dedupe_key": event.data["dedupe_key"],
                "runs": record.runs + 1,
                "again": {**record.again, **event.data.get("again", {})},
                "completed_at": None,
                "result": None,
                "error": None,
                "stages": {name: StageRecord(weight=weight) for name, weight in event.data["stages"].items()},
            }
        case _:
            raise ValueError(f"{event.kind} needs a stage")


def _evolve_stage(record: JobRecord, event: Event) -> dict[str, Any]:
    if event.stage not in record.stages:
        raise ValueError(f"{record.pipeline} has no stage {event.stage!r}: declare it with the pipeline")
    stage = record.stages[event.stage]
    update = _stage_update(stage, event)
    if update == {}:
        return {}
    stages = {**record.stages, event.stage: stage.model_copy(update=update)}
    return {"stages": stages, "status": JobStatus.RUNNING}


def _stage_update(stage: StageRecord, event: Event) -> dict[str, Any]:  # noqa: C901, PLR0911  # one a kind
    match event.kind:
        case "stage.started":
            if stage.status in {*UNDER_WAY, StageStatus.COMPLETED}:
                return {}
            return {"status": StageStatus.PROCESSING, "progress": 0.0, "started_at": event.at, "error": None}
        case "stage.waiting":
            return {"status": StageStatus.WAITING} if stage.status is StageStatus.PROCESSING else {}
        case "stage.submitted":
            remote_id = event.data["remote_id"]
            if stage.remote_id == remote_id and stage.status is StageStatus.PROCESSING:
                return {}
            began = {"started_at": event.at} if stage.status is StageStatus.WAITING else {}
            return {"remote_id": remote_id, "status": StageStatus.PROCESSING, **began}
        case "stage.progress":
            progress = round(min(max(float(event.data["progress"]), 0.0), 100.0), 1)
            moved = stage.status is StageStatus.PROCESSING and progress > stage.progress
            return {"progress": progress, "stalled": False} if moved else {}
        case "stage.stalled":
            return {"stalled": True} if stage.status in UNDER_WAY and not stage.stalled else {}
        case "stage.completed":
            if stage.status is StageStatus.COMPLETED:
                return {}
            return {
                "status": StageStatus.COMPLETED,
                "progress": 100.0,
                "reused": bool(event.data.get("reused", False)),
                "key": event.data.get("key"),
                "stalled": False,
                "completed_at": event.at,
            }
        case "stage.failed":
            return {"status": StageStatus.FAILED, "error": event.data["error"], "completed_at": event.at}
        case _:
            raise ValueError(f"{event.kind} is no event of a stage")


def _close_open_stages(record: JobRecord, status: StageStatus, event: Event) -> dict[str, StageRecord]:
    return {
        name: stage.model_copy(update={"status": status, "completed_at": event.at})
        if stage.status in UNDER_WAY
        else stage
        for name, stage in record.stages.items()
    }
