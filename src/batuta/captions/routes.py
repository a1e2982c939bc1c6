"""Captions over HTTP; routes, names and shapes are the seed's."""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from batuta.access.answers import PROBLEMS
from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.access.door import requires
from batuta.captions.app import Captions, options_from
from batuta.captions.health import Health
from batuta.captions.models import (
    Accepted,
    CaptionOptions,
    CaptionStatus,
    JobList,
    JobView,
    PipelineBody,
    RetryBody,
    SubmissionFields,
)
from batuta.captions.rendered import Bodies, Lists
from batuta.captions.views import job_line, result_of, status_of
from batuta.errors import Conflict, InvalidRequest, NotFound
from batuta.jobs import JobRecord, JobStatus, Terms
from batuta.media import FORMATS
from batuta.services.files import file_response
from batuta.services.forms import read_uploads
from batuta.services.jobs_over_http import (
    MAX_KEY_LENGTH,
    check_visible,
    owner_seen,
    plausible,
    seen_before,
    told,
)
from batuta.services.problems import fields_of
from batuta.storage.artefacts import Artefact
from batuta.telemetry.traces import current_traceparent

MAX_WAIT_SECONDS: Final = 60.0

_FILE: Final = {"file": {"type": "string", "format": "binary"}}
UPLOAD_FORM: Final = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    **_FILE,
                    **CaptionOptions.model_json_schema()["properties"],
                    **SubmissionFields.model_json_schema()["properties"],
                },
            }
        }
    },
}

router = APIRouter(tags=["captions"], responses=PROBLEMS)


async def the_captions(request: Request) -> Captions:
    """The application behind the server that was asked; `async`, or FastAPI would call it in a thread."""
    captions: Captions = request.app.state.captions
    return captions


App = Annotated[Captions, Depends(the_captions)]
Reader = Annotated[Caller, Depends(requires("read"))]
Submitter = Annotated[Caller, Depends(requires("submit"))]
Changer = Annotated[Caller, Depends(requires("submit", starts_work=False))]
IdempotencyKey = Annotated[str | None, Header(max_length=MAX_KEY_LENGTH)]


async def readable(job_id: str, captions: App, caller: Reader) -> JobRecord:
    """The job, if the caller may see it; another's job is as unknown as one that never was."""
    record = await captions.get(plausible(job_id))
    check_visible(caller, record.owner, job_id)
    return record


async def changeable(job_id: str, captions: App, caller: Changer) -> JobRecord:
    """The job, if the caller may stop it or take it up again."""
    return await readable(job_id, captions, caller)


Readable = Annotated[JobRecord, Depends(readable)]
Changeable = Annotated[JobRecord, Depends(changeable)]


@router.post("/pipeline", status_code=202)
@router.post("/process", status_code=202, include_in_schema=False)
async def start(
    body: PipelineBody,
    request: Request,
    response: Response,
    captions: App,
    caller: Submitter,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Caption the media behind a URL."""
    options = CaptionOptions.model_validate(body.model_dump(include=set(CaptionOptions.model_fields)))
    terms = terms_of(body, caller, idempotency_key)
    record = await captions.start(
        options,
        url=str(body.youtube_url),
        prefer_existing=body.prefer_existing,
        terms=terms,
        force=body.force,
    )
    return _accepted(record, request, response)


@router.post(
    "/pipeline/upload",
    status_code=202,
    openapi_extra={"requestBody": UPLOAD_FORM},
    dependencies=[Depends(streams_body)],
)
async def upload(
    request: Request,
    response: Response,
    captions: App,
    caller: Submitter,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Caption the file in the form's `file`; what else `POST /pipeline` takes are fields of the form."""
    limit: int = request.app.state.settings.max_upload_bytes
    fields = await read_uploads(request, captions.artefacts, limit, [])
    file = fields.pop("file", None)
    if not isinstance(file, Artefact):
        raise InvalidRequest("the form needs a field `file` with the media file")
    treatment = {name: fields.pop(name) for name in SubmissionFields.model_fields if name in fields}
    submission = fields_of(SubmissionFields, treatment)
    terms = terms_of(submission, caller, idempotency_key)
    record = await captions.start(options_from(fields), upload=file, terms=terms, force=submission.force)
    return _accepted(record, request, response)


@router.get("/jobs", response_model=JobList)
async def list_jobs(
    request: Request,
    captions: App,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    status: CaptionStatus | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The newest jobs first; `cursor` is the `next_cursor` of the page before."""
    lists: Lists = request.app.state.lists
    owner, before = owner_seen(caller), None if cursor is None else _place(cursor)

    async def listed() -> bytes:
        records = await captions.newest(limit + 1, status, owner=owner, before=before)
        page = records[:limit]
        answer = JobList(
            total=sum((await captions.count(owner)).values()),
            jobs=[job_line(record) for record in page],
            next_cursor=_cursor(page[-1]) if len(records) > limit else None,
        )
        return answer.model_dump_json().encode()

    body = await lists.get((owner, limit, status, cursor), captions.changes, listed)
    return Response(body, media_type="application/json")


@router.get("/jobs/{job_id}", response_model=JobView)
async def show(job_id: str, request: Request, captions: App, caller: Reader) -> Response:
    """Everything about one job, with its text once there is one."""
    bodies: Bodies = request.app.state.bodies
    head = await captions.head(plausible(job_id))
    check_visible(caller, head.owner, job_id)
    tag = f'"{job_id}-{head.seq}"'
    body = bodies.get(job_id, head.seq)
    if body is None:
        record = await captions.get(job_id)
        body = (await captions.view(record)).model_dump_json().encode()
        if record.status.final:
            bodies.keep(job_id, record.seq, body)
        tag = f'"{job_id}-{record.seq}"' if record.status.final else ""
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"} if tag else {"Cache-Control": "no-store"}
    if tag and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def last_seen(job: Readable, last_event_id: Annotated[str | None, Header()] = None) -> int:
    """The number of the event after which to go on; raises `AllSeen` when there will be none."""
    return seen_before(job, last_event_id)


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse)
async def events(
    job: Readable, captions: App, seen: Annotated[int, Depends(last_seen)]
) -> AsyncIterator[ServerSentEvent]:
    """What happened to the job and what happens, up to its end; `Last-Event-ID` goes on after that event."""
    async for event in told(job.job_id, captions.follow(job.job_id, seen)):
        yield event


@router.get("/jobs/{job_id}/wait")
async def wait(
    job: Readable,
    captions: App,
    timeout: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 30.0,  # noqa: ASYNC109
) -> JobView:
    """The job once it is over, or after `timeout` seconds as it then is."""
    return await captions.view(await captions.wait(job.job_id, timeout))


@router.post("/jobs/{job_id}/cancel")
async def cancel(job: Changeable, captions: App) -> JobView:
    """Stop the job; one that is over already cannot be stopped."""
    record = await captions.cancel(job.job_id)
    if record.status is not JobStatus.CANCELLED:
        raise Conflict(f"job {job.job_id} is {status_of(record)} already")
    return await captions.view(record)


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry(job: Changeable, caller: Submitter, captions: App, body: RetryBody | None = None) -> JobView:
    """Do a finished job again, with other options if given; only what these make stale is done again."""
    del caller  # counted as a submission
    wanted = body or RetryBody()
    record = await captions.retry(job.job_id, wanted.overrides, stage=wanted.stage)
    return await captions.view(record)


@router.delete("/jobs/{job_id}", status_code=204)
async def delete(job: Changeable, captions: App) -> None:
    """Stop the job and forget it."""
    await captions.delete(job.job_id)


@router.get(
    "/jobs/{job_id}/subtitles.{form}",
    response_class=PlainTextResponse,
    responses={200: {"content": {form.media_type: {} for form in FORMATS.values()}}},
)
async def subtitles(form: str, job: Readable, captions: App) -> PlainTextResponse:
    """The captions in one of the formats: srt, vtt, txt, tsv, json."""
    if form not in FORMATS:
        raise NotFound(f"no subtitles in {form!r}: ask for one of {', '.join(FORMATS)}")
    if job.result is None:
        raise Conflict(f"job {job.job_id} is {status_of(job)}: it has no captions")
    document = await captions.document(job)
    name = f'attachment; filename="{job.job_id}.{document.subtitles.language}.{form}"'
    text = await asyncio.to_thread(document.write, form)
    return PlainTextResponse(text, media_type=FORMATS[form].media_type, headers={"Content-Disposition": name})


@router.get("/jobs/{job_id}/audio", response_class=Response)
@router.head("/jobs/{job_id}/audio", response_class=Response, include_in_schema=False)
async def audio(job: Readable, request: Request, captions: App) -> Response:
    """The normalized audio the captions were made from, or a part of it."""
    if job.result is None:
        raise Conflict(f"job {job.job_id} is {status_of(job)}: its audio is not ready")
    result = result_of(job)
    if result.audio is None:
        raise NotFound(f"job {job.job_id} listened to nothing: its captions existed already")
    name = result.audio_file or "audio"
    return await file_response(request, captions.artefacts, result.audio, name, inline=True)


@router.get("/jobs/{job_id}/media", response_class=Response)
@router.head("/jobs/{job_id}/media", response_class=Response, include_in_schema=False)
async def media(job: Readable, request: Request, captions: App) -> Response:
    """The media the captions belong to, or a part of it, for as long as it is kept."""
    found = await captions.media(job)
    return await file_response(request, captions.artefacts, found, "media", inline=True)


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Whether we and the services we call are well; asked side by side, remembered for a few seconds."""
    found: Health = request.app.state.health
    return await found.report()


def terms_of(submission: SubmissionFields, caller: Caller, idempotency_key: str | None = None) -> Terms:
    """On what terms the caller's job is taken on."""
    return Terms(
        owner=caller.owner,
        priority=submission.priority,
        callback_url=submission.callback_url,
        reference=submission.reference,
        idempotency_key=idempotency_key,
        traceparent=current_traceparent(),
    )


def _cursor(record: JobRecord) -> str:
    place = f"{record.created_at.isoformat()} {record.job_id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str) -> tuple[dt.datetime, str]:
    """The place in the list that a cursor stands for; raises `InvalidRequest`."""
    try:
        written, job_id = base64.urlsafe_b64decode(cursor).decode("ascii").split(" ")
        moment = dt.datetime.fromisoformat(written)
        if moment.utcoffset() is None or not job_id.isalnum():
            raise ValueError(written)
        return moment.astimezone(dt.UTC), job_id  # here: the first and the last day cannot be moved
    except (binascii.Error, ValueError, OverflowError) as error:
        raise InvalidRequest(f"cursor {cursor!r} is none of ours: take `next_cursor` as it is") from error


def _accepted(record: JobRecord, request: Request, response: Response) -> Accepted:
    response.headers["Location"] = str(request.url_for("show", job_id=record.job_id).path)
    return Accepted(
        job_id=record.job_id,
        status=status_of(record),
        message="captioning started" if record.seq == 0 else "an equal job answers",
        youtube_url=record.request.get("youtube_url"),
        overall_progress=record.progress,
    )
