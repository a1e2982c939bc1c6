"""The gateway put together: what its routes and the orchestrator have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batuta.errors import Conflict
from batuta.services.gateway.bucket import Bucket, BucketObjects
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.gateway import OwnGateway
from batuta.services.gateway.keys import download_name, output_keys
from batuta.services.gateway.models import Cleaned, Job, JobChange, JobError, JobStatus
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.refusals import OutputNotReady
from batuta.services.gateway.store import DubJobs
from batuta.services.gateway.uploads import Announce, Check, Uploads
from batuta.storage.database import Database

LINK_SECONDS: Final = 3600


async def _nobody(_job_id: int) -> None:
    """Nobody works on jobs here."""


@dataclass(frozen=True)
class Desk:
    """The gateway in this process."""

    jobs: DubJobs
    objects: Objects
    gateway: OwnGateway
    uploads: Uploads
    forget: Callable[[int], Awaitable[None]]
    """Told of jobs whose record is deleted."""

    async def link(self, job: Job) -> str:
        """Where the job's output can be had for an hour; raises `OutputNotReady`."""
        key = job.output_object_key
        if job.status is not JobStatus.COMPLETED or key is None:
            raise OutputNotReady(f"job {job.id} is {job.status}: it has no output to give")
        if not await self.objects.has(key):
            raise OutputNotReady(f"the output of job {job.id} is no longer kept: have it made again")
        name = download_name(key, job.source_object_key, job.target_language)
        return await self.objects.signed_url(key, LINK_SECONDS, name)

    async def clean(self, job: Job, *, delete_record: bool) -> Cleaned:
        """Delete the job's objects, and its record if asked; raises `Conflict` while it is worked on.

        What breaks off can be asked for again: the record goes last.
        """
        if job.status is JobStatus.PROCESSING:
            raise Conflict(f"job {job.id} is PROCESSING: cancel it, or wait for its end, before cleaning up")
        if job.status is JobStatus.QUEUED:
            error = JobError(code="cleaned_up", message="its objects were deleted before the work began")
            await self.jobs.patch(job.id, JobChange(status=JobStatus.FAILED, error=error))
        for key in (job.source_object_key, *output_keys(job.id)):
            await self.objects.delete(key)
        if delete_record:
            await self.forget(job.id)
            await self.jobs.delete(job.id)
        else:
            await self.jobs.forget_output(job.id)
        return Cleaned(job_id=job.id, record_deleted=delete_record, message="the job's objects are deleted")


def open_objects(data: Path, bucket: Bucket | None) -> Objects:
    """The bucket, or without one `objects/` in the data folder; blocks shortly. Raises `InvalidRequest`."""
    return FolderObjects.opened(data) if bucket is None else BucketObjects(bucket)


@asynccontextmanager
async def open_desk(
    database: Database,
    objects: Objects,
    *,
    check: Check,
    announce: Announce,
    max_bytes: int,
    forget: Callable[[int], Awaitable[None]] = _nobody,
) -> AsyncGenerator[Desk]:
    """The gateway, running until the block ends: jobs nobody was told of are announced at once and later.

    At the end the objects are closed, too.
    """
    jobs = DubJobs(database)
    uploads = Uploads(jobs, objects, check=check, announce=announce, max_bytes=max_bytes)
    keeping_up = asyncio.create_task(uploads.keep_up())
    try:
        yield Desk(jobs, objects, OwnGateway(jobs, objects), uploads, forget)
    finally:
        keeping_up.cancel()
        await asyncio.gather(keeping_up, return_exceptions=True)
        await objects.aclose()
