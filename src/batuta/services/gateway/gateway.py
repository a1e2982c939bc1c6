"""The gateway as the orchestrator sees it, and the one in this process; another is asked by `far.py`."""

from __future__ import annotations

from typing import Protocol

from batuta.errors import InvalidRequest
from batuta.services.gateway.models import Job, JobChange, JobStatus
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.store import DubJobs


class Gateway(Protocol):
    """Whoever keeps the dubbing jobs. A change may be told twice: the second time changes nothing."""

    async def job(self, job_id: int) -> Job:
        """The job; raises `NotFound`."""
        ...

    async def patch(self, job_id: int, change: JobChange) -> Job:
        """The job after the change.

        Raises `NotFound`, `Conflict` for a move that is none, and `InvalidRequest` for an output that is not
        the job's own (`keys.output_key`) or, with COMPLETED, is not there.
        """
        ...


class OwnGateway:
    """The gateway in this process."""

    def __init__(self, jobs: DubJobs, objects: Objects) -> None:
        self._jobs = jobs
        self._objects = objects

    async def job(self, job_id: int) -> Job:
        """See `Gateway.job`."""
        return await self._jobs.get(job_id)

    async def patch(self, job_id: int, change: JobChange) -> Job:
        """See `Gateway.patch`."""
        if change.status is JobStatus.COMPLETED:
            output = change.output_object_key or (await self._jobs.get(job_id)).output_object_key
            if output is not None and not await self._objects.has(output):
                raise InvalidRequest(f"job {job_id} cannot be COMPLETED: upload {output[:100]!r} first")
        return await self._jobs.patch(job_id, change)
