"""The job protocol over HTTP, the same for every service (contracts: captions, "The three services").

`POST /jobs` takes an order (JSON, or a form whose `file` is streamed), `GET /jobs/{id}` says how it is and
waits for its end with `?wait=SECONDS`, `GET /jobs/{id}/download` gives the file.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError
from pydantic_core import from_json

from batuta.access.answers import PROBLEMS
from batuta.errors import Gone, InvalidRequest, NotReady, PayloadTooLarge
from batuta.jobs.orders import Order
from batuta.services.files import file_response
from batuta.services.forms import read_uploads
from batuta.services.problems import install_problems, invalid
from batuta.services.records import ServiceJob
from batuta.services.registry import ServiceJobs
from batuta.storage.artefacts import Artefact
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.version import __version__

MAX_WAIT_SECONDS: Final = 30.0
MAX_AGE_HOURS: Final = 24.0 * 365 * 100
MAX_JSON_BYTES: Final = 1024 * 1024
"""An order in JSON, or what surrounds the file of a form."""


def service_app(jobs: ServiceJobs, *, max_upload_bytes: int, routes: APIRouter | None = None) -> FastAPI:
    """The service as an ASGI app whose lifespan launches the jobs; `routes` is what only this service has."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await jobs.launch()
        try:
            yield
        finally:
            await jobs.aclose()

    app = FastAPI(
        title=f"Batuta {jobs.service.name}",
        version=__version__,
        lifespan=lifespan,
        telemetry=FASTAPI_TELEMETRY,
        responses=PROBLEMS,
    )
    app.state.jobs = jobs
    app.state.max_upload_bytes = max_upload_bytes
    app.include_router(_router)
    if routes is not None:
        app.include_router(routes)
    install_problems(app)
    return app


async def the_jobs(request: Request) -> ServiceJobs:
    """The jobs of the app that was asked."""
    jobs: ServiceJobs = request.app.state.jobs
    return jobs


Jobs = Annotated[ServiceJobs, Depends(the_jobs)]
_FILE: Final = {"file": {"type": "string", "format": "binary"}}
_ORDER: Final = {
    "requestBody": {
        "required": True,
        "description": "The order's fields are the service's own; a file goes in a form.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "multipart/form-data": {"schema": {"type": "object", "properties": _FILE}},
        },
    }
}
_router = APIRouter()


@_router.post("/jobs", status_code=202, openapi_extra=_ORDER)
async def submit(request: Request, jobs: Jobs) -> dict[str, Any]:
    """Accept an order; the same order again is the same job."""
    uploaded: list[Artefact] = []
    try:
        fields = await _fields(request, jobs, uploaded)
        order: Order[Any] = jobs.service.order.model_validate(fields)
    except BaseException as error:
        await jobs.discard(uploaded)
        if isinstance(error, ValidationError):
            raise invalid(error) from error
        raise
    job = await jobs.accept(order, uploaded)
    owned = {file.sha256 for file in job.owned}
    await jobs.discard(file for file in uploaded if file.sha256 not in owned)
    return _shown(job)


@_router.get("/jobs")
async def list_jobs(jobs: Jobs, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> dict[str, Any]:
    """The newest jobs first."""
    found = await jobs.records.newest(limit)
    return {"total": sum((await jobs.records.count()).values()), "jobs": [_shown(job) for job in found]}


@_router.get("/jobs/{job_id}")
async def show(job_id: str, jobs: Jobs, wait: Annotated[float, Query(ge=0)] = 0.0) -> dict[str, Any]:
    """How the job is, or how it ended if that happens within `wait` seconds, of which 30 are the most."""
    return _shown(await jobs.wait(job_id, min(wait, MAX_WAIT_SECONDS)) if wait else await jobs.get(job_id))


@_router.get("/jobs/{job_id}/download")
async def download(job_id: str, request: Request, jobs: Jobs) -> Response:
    """The file that was made, or the part of it that is asked for."""
    job, artefact = await finished(jobs, job_id)
    return await file_response(request, jobs.artefacts, artefact, job.filename or "file")


@_router.delete("/jobs/{job_id}", status_code=204)
async def remove(job_id: str, jobs: Jobs) -> None:
    """Stop the job and forget it."""
    await jobs.remove(job_id)


@_router.get("/health")
async def health(jobs: Jobs) -> dict[str, Any]:
    """Alive, and which version of the engine would do the work."""
    return {
        "status": "healthy",
        "service": jobs.service.name,
        "version": __version__,
        "engine": jobs.service.version,
        "timestamp": dt.datetime.now(dt.UTC).isoformat(),
    }


@_router.get("/admin/stats")
async def stats(jobs: Jobs) -> dict[str, Any]:
    """How many jobs are in which state, and how many bytes they keep."""
    by_status = await jobs.records.count()
    return {
        "total": sum(by_status.values()),
        "by_status": {str(status): number for status, number in by_status.items()},
        "bytes_kept": await jobs.records.bytes_kept(),
    }


@_router.post("/admin/cleanup")
async def cleanup(
    jobs: Jobs, max_age_hours: Annotated[float, Query(ge=0, le=MAX_AGE_HOURS)] = 24.0
) -> dict[str, Any]:
    """Forget finished jobs older than this, with their files."""
    return {"jobs_removed": await jobs.clean(dt.timedelta(hours=max_age_hours))}


@_router.delete("/admin/cache")
async def clear(
    jobs: Jobs,
    running: Annotated[bool, Query(description="stop and forget unfinished jobs, too")] = False,  # noqa: FBT002  # a query parameter
) -> dict[str, int]:
    """Forget every finished job, with its files."""
    cleared = await jobs.clear(running=running)
    return {"jobs_removed": cleared.jobs, "tasks_purged": cleared.stopped, "files_removed": cleared.files}


async def finished(jobs: ServiceJobs, job_id: str) -> tuple[ServiceJob, Artefact]:
    """The finished job and its file; raises its error, `NotReady`, `Gone` or `NotFound`."""
    job = await jobs.get(job_id)
    if job.error is not None:
        raise InvalidRequest(f"job {job_id} failed: {job.error.get('message')}")
    if job.artefact is None:
        raise NotReady(f"job {job_id} is {job.status}: ask again when it is completed")
    if not await jobs.artefacts.has(job.artefact):
        raise Gone(f"the file of job {job_id} is no longer kept: submit the work again")
    return job, job.artefact


async def read_document(jobs: ServiceJobs, job_id: str) -> dict[str, Any]:
    """The finished job's file, which is JSON, as values."""
    _, artefact = await finished(jobs, job_id)
    text = b"".join([chunk async for chunk in jobs.artefacts.read(artefact)])
    document: dict[str, Any] = json.loads(text)
    return document


def _shown(job: ServiceJob) -> dict[str, Any]:
    """The job as the protocol shows it: details beside the fields every service has."""
    error = job.error or {}
    return {
        **job.details,
        "id": job.id,
        "status": str(job.status),
        "progress": round(job.progress, 1),
        "error_message": error.get("message"),
        "error_code": error.get("code"),
        "filename": job.filename,
        "file_size": None if job.artefact is None else job.artefact.size,
        "artefact": None if job.artefact is None else job.artefact.model_dump(),
        "runs": job.runs,
        "created_at": job.created_at.isoformat(),
        "completed_at": None if job.completed_at is None else job.completed_at.isoformat(),
    }


async def _fields(request: Request, jobs: ServiceJobs, uploaded: list[Artefact]) -> dict[str, Any]:
    """The order's fields out of JSON or a form; files are stored on the way, and added to `uploaded`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return await _json_fields(request)
    if kind == "multipart/form-data":
        limit: int = request.app.state.max_upload_bytes
        return await read_uploads(request, jobs.artefacts, limit, uploaded)
    raise InvalidRequest(f"content type {kind or 'none'}: send application/json or multipart/form-data")


async def _json_fields(request: Request) -> dict[str, Any]:
    text = bytearray()
    async for chunk in request.stream():
        text += chunk
        if len(text) > MAX_JSON_BYTES:
            raise PayloadTooLarge(f"an order in JSON may have {MAX_JSON_BYTES} bytes")
    try:
        body = from_json(text, allow_inf_nan=False)  # stricter than `json.loads`: no NaN, no half characters
    except ValueError as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object with the order's fields")
    return body  # pyright: ignore[reportUnknownVariableType]  # validated by the order's model


__all__ = ["finished", "read_document", "service_app", "the_jobs"]
