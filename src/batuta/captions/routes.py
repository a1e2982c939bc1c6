"""Captions over HTTP; routes, names and shapes are the seed's."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from batuta.captions.app import Captions, job_line, options_from, result_of, status_of
from batuta.captions.health import Health
from batuta.captions.models import Accepted, CaptionOptions, CaptionStatus, JobList, JobView, PipelineBody
from batuta.errors import Conflict, Gone, InvalidRequest, NotFound
from batuta.jobs import JobRecord, JobStatus
from batuta.media import FORMATS
from batuta.services.forms import read_uploads
from batuta.storage.artefacts import Artefact

MAX_WAIT_SECONDS: Final = 60.0

router = APIRouter(tags=["captions"])


def the_captions(request: Request) -> Captions:
    """The application behind the server that was asked."""
    captions: Captions = request.app.state.captions
    return captions


App = Annotated[Captions, Depends(the_captions)]


@router.post("/pipeline", status_code=202)
@router.post("/process", status_code=202, include_in_schema=False)
async def start(body: PipelineBody, request: Request, response: Response, captions: App) -> Accepted:
    """Caption the media behind a URL."""
    options = CaptionOptions.model_validate(body.model_dump(exclude={"youtube_url", "force"}))
    record = await captions.start(options, url=str(body.youtube_url), force=body.force)
    return _accepted(record, request, response)


@router.post("/pipeline/upload", status_code=202)
async def upload(request: Request, response: Response, captions: App) -> Accepted:
    """Caption the file in the form's `file`; the options are fields of the form."""
    limit: int = request.app.state.settings.max_upload_bytes
    fields = await read_uploads(request, captions.artefacts, limit, [])
    file = fields.pop("file", None)
    if not isinstance(file, Artefact):
        raise InvalidRequest("the form needs a field `file` with the media file")
    force = str(fields.pop("force", "")).lower() in {"true", "1", "yes"}
    options = options_from(fields)
    return _accepted(await captions.start(options, upload=file, force=force), request, response)


@router.get("/jobs")
async def list_jobs(
    captions: App,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    status: CaptionStatus | None = None,
) -> JobList:
    """The newest jobs first."""
    total, records = await captions.newest(limit, status)
    return JobList(total=total, jobs=[job_line(record) for record in records])


@router.get("/jobs/{job_id}")
async def show(job_id: str, captions: App) -> JobView:
    """Everything about one job, with its text once there is one."""
    return await captions.view(await captions.get(job_id))


@router.get("/jobs/{job_id}/wait")
async def wait(
    job_id: str,
    captions: App,
    timeout: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 30.0,  # noqa: ASYNC109
) -> JobView:
    """The job once it is over, or after `timeout` seconds as it then is."""
    return await captions.view(await captions.wait(job_id, timeout))


@router.post("/jobs/{job_id}/cancel")
async def cancel(job_id: str, captions: App) -> JobView:
    """Stop the job; one that is over already cannot be stopped."""
    record = await captions.cancel(job_id)
    if record.status is not JobStatus.CANCELLED:
        raise Conflict(f"job {job_id} is {status_of(record)} already")
    return await captions.view(record)


@router.get("/jobs/{job_id}/subtitles.{form}")
async def subtitles(job_id: str, form: str, captions: App) -> PlainTextResponse:
    """The captions in one of the formats: srt, vtt, txt, tsv, json."""
    if form not in FORMATS:
        raise NotFound(f"no subtitles in {form!r}: ask for one of {', '.join(FORMATS)}")
    document = await captions.document(await captions.get(job_id))
    name = f'attachment; filename="{job_id}.{document.subtitles.language}.{form}"'
    text = await asyncio.to_thread(document.write, form)
    return PlainTextResponse(text, media_type=FORMATS[form].media_type, headers={"Content-Disposition": name})


@router.get("/jobs/{job_id}/audio")
async def audio(job_id: str, captions: App) -> StreamingResponse:
    """The normalized audio the captions were made from."""
    record = await captions.get(job_id)
    if record.result is None:
        raise Conflict(f"job {job_id} is {status_of(record)}: its audio is not ready")
    found = result_of(record).audio
    if not await captions.artefacts.has(found):
        raise Gone(f"the audio of job {job_id} is no longer kept: caption it again")
    headers = {"Content-Length": str(found.size)}
    return StreamingResponse(captions.artefacts.read(found), media_type=found.media_type, headers=headers)


@router.get("/health")
async def health(request: Request) -> dict[str, object]:
    """Whether we and the services we call are well; asked side by side, remembered for a few seconds."""
    found: Health = request.app.state.health
    return await found.report()


def _accepted(record: JobRecord, request: Request, response: Response) -> Accepted:
    response.headers["Location"] = str(request.url_for("show", job_id=record.job_id).path)
    return Accepted(
        job_id=record.job_id,
        status=status_of(record),
        message="captioning started" if record.status is JobStatus.QUEUED else "an equal job answers",
        youtube_url=record.request.get("youtube_url"),
        overall_progress=record.progress,
    )
