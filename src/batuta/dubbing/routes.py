"""Dubbing over HTTP (contract: dubbing, "Orchestrator"); `{dub_id}` is the gateway's number of the job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from batuta.access.answers import PROBLEMS
from batuta.access.caller import Caller
from batuta.access.door import requires
from batuta.dubbing.app import MAX_LINE, Dubbing
from batuta.dubbing.models import STAGES
from batuta.dubbing.views import DubView, request_of
from batuta.errors import Conflict
from batuta.jobs import JobRecord, JobStatus, Terms
from batuta.media import FORMATS, write
from batuta.services.files import disposition, file_response
from batuta.services.gateway.models import Job
from batuta.services.jobs_over_http import check_visible, seen_before, told
from batuta.telemetry.traces import current_traceparent

MAX_WAIT_SECONDS: Final = 60.0
MAX_ID: Final = 2**63 - 1

router = APIRouter(tags=["dubbing"], responses=PROBLEMS)


class OrchestrateBody(BaseModel):
    """The body of `POST /orchestrate`."""

    model_config = ConfigDict(extra="forbid")

    job_id: int = Field(ge=1, le=MAX_ID, description="of the gateway")


class Orchestrated(BaseModel):
    """The answer to `POST /orchestrate`."""

    message: str
    job: Job


class LineBody(BaseModel):
    """The body of `PATCH /jobs/{id}/segments/{n}`."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=MAX_LINE, description="what is to be said instead")


class AgainBody(BaseModel):
    """The body of `POST /jobs/{id}/retry`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    stage: str | None = Field(
        default=None, alias="from", max_length=32, description=f"one of {', '.join(STAGES)}"
    )


async def the_dubbing(request: Request) -> Dubbing:
    """The application behind the server that was asked."""
    dubbing: Dubbing = request.app.state.dubbing
    return dubbing


App = Annotated[Dubbing, Depends(the_dubbing)]
Reader = Annotated[Caller, Depends(requires("read"))]
Submitter = Annotated[Caller, Depends(requires("submit"))]
Changer = Annotated[Caller, Depends(requires("submit", starts_work=False))]
DubId = Annotated[int, Path(ge=1, le=MAX_ID)]
LineNumber = Annotated[int, Path(ge=0, le=1_000_000)]


async def readable(dub_id: DubId, dubbing: App, caller: Reader) -> JobRecord:
    """The job, if the caller may see it; another's job is as unknown as one that never was."""
    record = await dubbing.record(dub_id)
    check_visible(caller, record.owner, str(dub_id))
    return record


async def changeable(dub_id: DubId, dubbing: App, caller: Changer) -> JobRecord:
    """The job, if the caller may stop it or change it."""
    return await readable(dub_id, dubbing, caller)


Readable = Annotated[JobRecord, Depends(readable)]
Changeable = Annotated[JobRecord, Depends(changeable)]


@router.post("/orchestrate", status_code=202)
async def orchestrate(
    body: OrchestrateBody, request: Request, dubbing: App, caller: Submitter
) -> Orchestrated:
    """Dub a job of the gateway; the same again is the same job."""
    job = await dubbing.gateway_job(body.job_id)
    if request.app.state.gateway is not None:  # another's jobs do not say whose they are
        check_visible(caller, job.owner, str(body.job_id))
    terms = Terms(owner=job.owner or caller.owner, traceparent=current_traceparent())
    record = await dubbing.orchestrate(body.job_id, terms)
    message = "dubbing started" if record.seq == 0 else f"the dub is {record.status}"
    return Orchestrated(message=message, job=await dubbing.shown_job(record))


@router.get("/jobs/{dub_id}")
async def show(job: Readable, dubbing: App) -> DubView:
    """Everything about one dub: its stages and its segments, as far as they are."""
    return await dubbing.view(job)


async def last_seen(job: Readable, last_event_id: Annotated[str | None, Header()] = None) -> int:
    """The number of the event after which to go on; raises `AllSeen` when there will be none."""
    return seen_before(job, last_event_id)


@router.get("/jobs/{dub_id}/events", response_class=EventSourceResponse)
async def events(
    dub_id: DubId, job: Readable, dubbing: App, seen: Annotated[int, Depends(last_seen)]
) -> AsyncIterator[ServerSentEvent]:
    """What happened to the dub and what happens, up to its end; `Last-Event-ID` goes on after that event."""
    async for event in told(str(dub_id), dubbing.follow(job, seen)):
        yield event


@router.get("/jobs/{dub_id}/wait")
async def wait(
    job: Readable,
    dubbing: App,
    timeout: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 30.0,  # noqa: ASYNC109
) -> DubView:
    """The dub once it is over, or after `timeout` seconds as it then is."""
    return await dubbing.view(await dubbing.wait(job, timeout))


@router.post("/jobs/{dub_id}/cancel")
async def cancel(dub_id: DubId, job: Changeable, dubbing: App) -> DubView:
    """Stop the dub; one that is over already cannot be stopped."""
    record = await dubbing.cancel(job)
    if record.status is not JobStatus.CANCELLED:
        raise Conflict(f"dub {dub_id} is {record.status} already")
    return await dubbing.view(record)


@router.post("/jobs/{dub_id}/retry", status_code=202)
async def retry(job: Changeable, caller: Submitter, dubbing: App, body: AgainBody | None = None) -> DubView:
    """Do a finished dub again; with `from`, that stage and all later ones in any case."""
    del caller  # counted as a submission
    return await dubbing.view(await dubbing.retry(job, body.stage if body else None))


@router.patch("/jobs/{dub_id}/segments/{number}", status_code=202)
async def change_line(
    number: LineNumber, body: LineBody, job: Changeable, caller: Submitter, dubbing: App
) -> DubView:
    """Say one line otherwise: only that line is spoken anew, and the video put together again."""
    del caller
    return await dubbing.view(await dubbing.change_line(job, number, body.text))


@router.get("/jobs/{dub_id}/segments/{number}/audio", response_class=Response)
async def clip(number: LineNumber, job: Readable, request: Request, dubbing: App) -> Response:
    """What is spoken in one line."""
    found = await dubbing.clip(job, number)
    return await file_response(request, dubbing.artefacts, found, f"line-{number}.flac", inline=True)


@router.get("/jobs/{dub_id}/video", response_class=Response)
@router.head("/jobs/{dub_id}/video", response_class=Response, include_in_schema=False)
async def video(dub_id: DubId, job: Readable, request: Request, dubbing: App) -> Response:
    """The dubbed video, or a part of it."""
    found = dubbing.video(job)
    suffix = "mp4" if found.media_type == "video/mp4" else "mkv"
    return await file_response(request, dubbing.artefacts, found, f"dubbed_{dub_id}.{suffix}", inline=True)


@router.get("/jobs/{dub_id}/source", response_class=Response)
@router.head("/jobs/{dub_id}/source", response_class=Response, include_in_schema=False)
async def source(dub_id: DubId, job: Readable, request: Request, dubbing: App) -> Response:
    """The video as it came, or a part of it, for as long as it is kept."""
    found = await dubbing.source(job)
    name = request_of(job).source_key.partition("_")[2] or f"source_{dub_id}"
    return await file_response(request, dubbing.artefacts, found, name, inline=True)


@router.get("/jobs/{dub_id}/subtitles.{which}.vtt", response_class=Response)
async def subtitles_on_screen(which: str, job: Readable, dubbing: App) -> Response:
    """The subtitles as browsers show them (WebVTT): `source` or `target`."""
    text = write(await dubbing.subtitles_text(job, which), "vtt")
    headers = {"Content-Disposition": disposition(f"subtitles.{which}.vtt")}
    return Response(text, media_type=FORMATS["vtt"].media_type, headers=headers)


@router.get("/jobs/{dub_id}/subtitles.{which}.srt", response_class=Response)
async def subtitles(which: str, job: Readable, request: Request, dubbing: App) -> Response:
    """The subtitles: `source` or `target`."""
    found = dubbing.subtitles(job, which)
    return await file_response(request, dubbing.artefacts, found, f"subtitles.{which}.srt")


@router.get("/jobs/{dub_id}/report")
async def report(job: Readable, dubbing: App) -> dict[str, Any]:
    """`dubbing_report.json`."""
    return await dubbing.report(job)


@router.get("/health")
async def health() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}
