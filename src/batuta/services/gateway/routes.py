"""The gateway over HTTP; routes, names and shapes are the seed's."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from batuta.access.answers import PROBLEMS
from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.access.door import requires
from batuta.errors import InvalidRequest, NotFound
from batuta.services.gateway.desk import Desk
from batuta.services.gateway.models import (
    Cleaned,
    Job,
    JobChange,
    JobPage,
    Link,
    Uploaded,
)
from batuta.services.gateway.refusals import JobNotFound
from batuta.services.gateway.store import MAX_ID
from batuta.services.jobs_over_http import owner_seen

UPLOAD_FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "targetLang"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "targetLang": {"type": "string", "description": "a code such as `es`"},
                    "options": {"type": "string", "description": "JSON", "default": "{}"},
                },
            },
            "encoding": {"options": {"contentType": "application/json"}},
        }
    },
}

_ID: Final = re.compile(r"\d{1,18}", re.ASCII)

gateway_router = APIRouter(prefix="/api/v1", tags=["dubbing"], responses=PROBLEMS)


async def the_desk(request: Request) -> Desk:
    """The gateway behind the server that was asked; raises `NotFound` where another one is used."""
    desk: Desk | None = request.app.state.gateway
    if desk is None:
        raise NotFound("this server has no gateway of its own: ask the one of API_GATEWAY_URL")
    return desk


App = Annotated[Desk, Depends(the_desk)]
Reader = Annotated[Caller, Depends(requires("read"))]
Submitter = Annotated[Caller, Depends(requires("submit"))]
Changer = Annotated[Caller, Depends(requires("submit", starts_work=False))]
Service = Annotated[Caller, Depends(requires("admin"))]


async def readable(job_id: str, desk: App, caller: Reader) -> Job:
    """The job, if the caller may see it; another's job is as unknown as one that never was."""
    job = await desk.gateway.job(number(job_id))
    if owner_seen(caller) not in {None, job.owner}:
        raise JobNotFound(f"there is no job {job.id}")
    return job


async def changeable(job_id: str, desk: App, caller: Changer) -> Job:
    """The job, if the caller may clean up after it."""
    return await readable(job_id, desk, caller)


Readable = Annotated[Job, Depends(readable)]
Changeable = Annotated[Job, Depends(changeable)]


@gateway_router.post(
    "/upload",
    status_code=201,
    openapi_extra={"requestBody": UPLOAD_FORM},
    dependencies=[Depends(streams_body)],
)
async def upload(request: Request, response: Response, desk: App, caller: Submitter) -> Uploaded:
    """Dub the video in the form's `file` into `targetLang`."""
    job = await desk.uploads.take(request, caller.owner)
    response.headers["Location"] = str(request.url_for("get_dub_job", job_id=job.id).path)
    return Uploaded(status=job.status, job_id=job.id, message="the video is stored and will be dubbed")


@gateway_router.get("/jobs")
async def list_dub_jobs(
    desk: App,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
) -> JobPage:
    """The newest jobs first; `cursor` is the `nextCursor` of the page before."""
    owner, before = owner_seen(caller), None if cursor is None else _place(cursor)
    found = await desk.jobs.newest(limit + 1, owner=owner, before=before)
    page = found[:limit]
    return JobPage(
        jobs=page,
        total=await desk.jobs.count(owner=owner),
        next_cursor=str(page[-1].id) if len(found) > limit else None,
    )


@gateway_router.get("/job/{job_id}")
async def get_dub_job(job: Readable) -> Job:
    """Everything about one job."""
    return job


@gateway_router.patch("/job/{job_id}")
async def patch_dub_job(job_id: str, change: JobChange, desk: App, caller: Service) -> Job:
    """Say how the work goes; for the services that do it."""
    del caller  # whoever has the scope may
    return await desk.gateway.patch(number(job_id), change)


@gateway_router.get("/job/{job_id}/download")
async def link_to_output(job: Readable, request: Request, desk: App) -> Link:
    """Where the dubbed video can be had for an hour, by whoever has the link."""
    url = await desk.link(job)
    return Link(url=str(request.base_url).rstrip("/") + url if url.startswith("/") else url)


@gateway_router.post("/job/{job_id}/cleanup")
async def cleanup(
    job: Changeable,
    desk: App,
    delete_record: Annotated[bool, Query(alias="deleteRecord")] = False,  # noqa: FBT002  # a query parameter
) -> Cleaned:
    """Delete the job's videos, and the job itself if asked."""
    return await desk.clean(job, delete_record=delete_record)


def number(job_id: str) -> int:
    """The id of a job; raises `JobNotFound` for what is none."""
    if _ID.fullmatch(job_id) is None:
        raise JobNotFound(f"there is no job {job_id[:40]!r}: ids are numbers")
    return int(job_id)


def _place(cursor: str) -> int:
    if _ID.fullmatch(cursor) is None:
        raise InvalidRequest(f"cursor {cursor!r} is none of ours: take `nextCursor` as it is")
    return min(int(cursor), MAX_ID)
