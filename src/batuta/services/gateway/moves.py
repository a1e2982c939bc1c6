"""How a job may change: which state may follow which, and what a change makes of the rest. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final

from batuta.errors import Conflict, InvalidRequest
from batuta.services.gateway.keys import output_keys
from batuta.services.gateway.models import Job, JobChange, JobStatus

_QUEUED, _PROCESSING, _COMPLETED, _FAILED = JobStatus

_MOVES: Final = {
    _QUEUED: {_PROCESSING, _COMPLETED, _FAILED},  # what is said of the work in between may get lost
    _PROCESSING: {_COMPLETED, _FAILED},
    _COMPLETED: {_PROCESSING},  # a line was edited, and the video is made again
    _FAILED: {_PROCESSING},  # tried again
}


def may_move(now: JobStatus, then: JobStatus) -> bool:
    """Whether a job may go from one state to another; it may always stay, since news may come twice."""
    return now is then or then in _MOVES[now]


def changed(job: Job, change: JobChange, at: dt.datetime) -> Job:
    """The job after the change; that its output is really there is for whoever asks to find out.

    Raises `Conflict` for a move that is none, `InvalidRequest` for an output that is not the job's own:
    whoever could name any object could have it signed.
    """
    status = change.status or job.status
    if not may_move(job.status, status):
        allowed = " or ".join(sorted(_MOVES[job.status]))
        raise Conflict(f"job {job.id} is {job.status}: it may become {allowed}, not {status}")
    output = change.output_object_key or job.output_object_key
    if output is not None and output not in output_keys(job.id):
        own = " or ".join(output_keys(job.id))
        raise InvalidRequest(f"outputObjectKey {output[:100]!r} is not job {job.id}'s: that has {own}")
    if status is _COMPLETED and output is None:
        raise InvalidRequest(f"job {job.id} cannot be COMPLETED without an outputObjectKey")
    begins = status is _PROCESSING and job.status is not _PROCESSING
    moves = status is not job.status
    progress = 0 if begins else job.progress
    left = None if moves else job.estimated_time_remaining
    return job.model_copy(
        update={
            "status": status,
            "output_object_key": output,
            "progress": _whole(change.progress, progress) if status is not _COMPLETED else 100,
            "estimated_time_remaining": (
                None if status in {_COMPLETED, _FAILED} else _whole(change.estimated_time_remaining, left)
            ),
            "activity": change.activity or (None if moves else job.activity),
            "error": _error(job, change, status),
            "updated_at": at,
        }
    )


def _error(job: Job, change: JobChange, status: JobStatus) -> object:
    """Of a job that failed; one that goes on has none."""
    return (change.error or job.error) if status is _FAILED else None


def _whole(said: float | None, before: int | None) -> int | None:
    return before if said is None else round(said)
