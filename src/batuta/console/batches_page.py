"""Batches: many transcripts at once, as a form, a list of the newest, and a page for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batuta.access.caller import Caller
from batuta.console.advice import Failure, failure_of
from batuta.console.job_shown import stages_of
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.console.transcript_shown import FROM, Asked, languages_in
from batuta.errors import BatutaError, InvalidRequest
from batuta.jobs import JobRecord, Terms
from batuta.services.jobs_over_http import owner_seen
from batuta.telemetry.traces import current_traceparent
from batuta.transcripts.batch import MOST, BatchRequest, BatchView
from batuta.transcripts.batches import Batches
from batuta.transcripts.causes import BY_CAUSE
from batuta.transcripts.routes import Changeable, Jobs, Readable, Reader, Submitter

PATH: Final = "/console/transcripts/batches"
NEWEST: Final = 20

batches_router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """One batch of the list."""

    record: JobRecord
    view: BatchView
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One video of a batch; `word` is ready or failed, and empty while nobody knows."""

    video_id: str
    address: str
    """Its transcript's page."""
    word: str
    language: str | None = None
    said: str = ""
    """Where the transcript came from, or why there is none."""
    detail: str = ""


@batches_router.get(PATH)
async def batches_page(request: Request, caller: Reader, batches: Jobs, pages: PagesHere) -> HTMLResponse:
    """The form, and the newest batches."""
    return await _page(pages, request, caller, batches, {}, None)


@batches_router.post(PATH)
async def start_form(request: Request, caller: Submitter, batches: Jobs, pages: PagesHere) -> Response:
    """Start the batch and show it; the form again, with what is wrong, where that cannot be done."""
    fields: dict[str, str] = {}
    try:
        fields = await plain_form(request)
        record = await _started(batches, caller, fields)
    except BatutaError as error:
        return await _page(pages, request, caller, batches, fields, error)
    return RedirectResponse(f"{PATH}/{record.job_id}", 303)


@batches_router.get(f"{PATH}/{{job_id}}")
async def batch_page(
    request: Request, job: Readable, caller: Reader, batches: Jobs, pages: PagesHere
) -> HTMLResponse:
    """How far it is, and each video with what became of it."""
    view, asked = batches.view(job), BatchRequest.model_validate(job.request)
    return pages.page(
        "batch",
        request,
        caller,
        job=job,
        view=view,
        asked=asked,
        title=_title(asked, view),
        final=job.status.final,
        stages=stages_of(job),
        rows=_ended(view, asked) if view.videos else _under_way(asked),
        most=MOST,
    )


@batches_router.post(f"{PATH}/{{job_id}}/cancel")  # the dependency takes the id
async def cancel_form(job: Changeable, batches: Jobs) -> Response:
    """Stop it and show it, however it ended."""
    await batches.cancel(job.job_id)
    return RedirectResponse(f"{PATH}/{job.job_id}", 303)


async def _started(batches: Batches, caller: Caller, fields: dict[str, str]) -> JobRecord:
    videos, playlist = fields.get("videos", "").split(), fields.get("playlist", "").strip()
    if bool(videos) is bool(playlist):
        raise InvalidRequest("give either videos, one a line, or the address of a playlist")
    if len(videos) > MOST:
        raise InvalidRequest(f"{len(videos)} videos are too many for one batch: send up to {MOST}")
    languages = languages_in([fields.get("languages", "")])
    terms = Terms(owner=caller.owner, traceparent=current_traceparent())
    return await batches.start(videos or None, playlist or None, languages or None, terms=terms)


async def _page(  # what the page consists of
    pages: Pages,
    request: Request,
    caller: Caller,
    batches: Batches,
    fields: dict[str, str],
    error: BatutaError | None,
) -> HTMLResponse:
    problem: Failure | None = None if error is None else failure_of(error)
    return pages.page(
        "batches",
        request,
        caller,
        status_code=200 if error is None else error.status,
        listed=[_listed(batches, record) for record in await batches.newest(NEWEST, owner_seen(caller))],
        fields=fields,
        problem=problem,
        most=MOST,
    )


def _listed(batches: Batches, record: JobRecord) -> Listed:
    view = batches.view(record)
    return Listed(record, view, _title(BatchRequest.model_validate(record.request), view))


def _title(asked: BatchRequest, view: BatchView) -> str:
    if asked.playlist is not None:
        return view.title or f"Playlist {asked.playlist}"
    others = len(asked.video_ids) - 1
    return f"{asked.video_ids[0]} and {others} more" if others > 0 else asked.video_ids[0]


def _ended(view: BatchView, asked: BatchRequest) -> list[Row]:
    return [
        Row(
            line.video_id,
            _address(line.video_id, asked),
            "ready" if line.ok else "failed",
            line.language,
            FROM.get(line.source, "") if line.ok and line.source else _why(line.cause),
            line.message or "",
        )
        for line in view.videos
    ]


def _why(cause: str | None) -> str:
    return next((kind.title for known, kind in BY_CAUSE.items() if known == cause), "No transcript")


def _under_way(asked: BatchRequest) -> list[Row]:
    """What became of each is told at the end; its transcript can be opened before."""
    return [Row(video_id, _address(video_id, asked), "") for video_id in asked.video_ids]


def _address(video_id: str, asked: BatchRequest) -> str:
    return Asked(video_id, asked.languages or ()).address()
