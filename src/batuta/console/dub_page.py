"""One dub: its lines as they are heard, translated and spoken, the video when it is done, lines said anew."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from batuta.access.caller import Caller
from batuta.console.advice import Failure
from batuta.console.dubs_page import Gateway
from batuta.console.dubs_shown import (
    PATH,
    ListedDub,
    can_be_edited,
    counted_lines,
    lines,
    listed_job,
    listed_record,
    voice_label,
)
from batuta.console.job_shown import stages_of
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.dubbing.app import MAX_LINE, Dubbing
from batuta.dubbing.models import DubResult, Segment
from batuta.dubbing.routes import AgainBody, App, Changeable, DubId, LineNumber, Reader, Submitter
from batuta.dubbing.views import DubView, dub_view, request_of, result_of
from batuta.errors import BatutaError, NotFound
from batuta.jobs import JobRecord
from batuta.services.gateway.desk import Desk
from batuta.services.gateway.models import Job
from batuta.services.gateway.routes import Changer
from batuta.services.jobs_over_http import check_visible
from batuta.services.problems import fields_of

_DUB: Final = f"{PATH}/{{dub_id}}"

dub_router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A dub as far as it is known: to the gateway in this process, to us, mostly to both."""

    number: int
    job: Job | None
    record: JobRecord | None

    @property
    def listed(self) -> ListedDub:
        """In the words of the list."""
        if self.record is not None:
            return listed_record(self.record, self.record.updated_at)
        if self.job is None:
            raise NotFound(f"there is no dub {self.number}")
        return listed_job(self.job)


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is to play."""

    video: bool
    source: bool


@dataclass(frozen=True, slots=True)
class NotSaid:
    """A line that could not be changed: what was typed, and why not."""

    number: int
    text: str
    failure: Failure


async def found(dub_id: DubId, caller: Reader, dubbing: App, desk: Gateway) -> Found:
    """The dub, if the caller may see it."""
    job = None
    if desk is not None:
        job = await desk.gateway.job(dub_id)
        check_visible(caller, job.owner, str(dub_id))
    try:
        record = await dubbing.record(dub_id)
    except NotFound:
        if job is None:
            raise
        return Found(dub_id, job, None)  # not begun yet, or so long ago that only the gateway knows it
    check_visible(caller, record.owner if job is None else job.owner, str(dub_id))
    return Found(dub_id, job, record)


Dub = Annotated[Found, Depends(found)]


@dub_router.get(_DUB)
async def dub_page(request: Request, dub: Dub, caller: Reader, dubbing: App, pages: PagesHere) -> Response:
    """Everything about it."""
    return await _page(pages, request, caller, dubbing, dub)


@dub_router.get(f"{_DUB}/download")
async def download(dub: Dub, desk: Gateway) -> Response:
    """The dubbed video out of the object store, which keeps it longest."""
    if desk is None or dub.job is None:
        raise NotFound("the video is with the gateway elsewhere (API_GATEWAY_URL): ask there for its link")
    return RedirectResponse(await desk.link(dub.job), 303)


@dub_router.post(f"{_DUB}/cancel")
async def cancel_form(dub_id: DubId, job: Changeable, dubbing: App) -> Response:
    """Stop it and show it, however it ended."""
    await dubbing.cancel(job)
    return RedirectResponse(f"{PATH}/{dub_id}", 303)


@dub_router.post(f"{_DUB}/retry")
async def retry_form(
    dub_id: DubId, job: Changeable, caller: Submitter, dubbing: App, request: Request
) -> Response:
    """Do it again, from a stage on where one is chosen."""
    del caller  # counted as a submission
    body = fields_of(AgainBody, {"from": (await plain_form(request)).get("from")})
    await dubbing.retry(job, body.stage)
    return RedirectResponse(f"{PATH}/{dub_id}", 303)


@dub_router.post(f"{_DUB}/delete")
async def delete_form(dub: Dub, caller: Changer, desk: Gateway) -> Response:
    """Delete the videos and forget the dub; then those that are left."""
    del caller  # has the scope
    if desk is None or dub.job is None:
        raise NotFound("the gateway is elsewhere (API_GATEWAY_URL): delete it there")
    await desk.clean(dub.job, delete_record=True)
    return RedirectResponse(PATH, 303)


@dub_router.post(f"{_DUB}/lines/{{number}}")
async def line_form(
    number: LineNumber,
    dub: Dub,
    job: Changeable,
    caller: Submitter,
    dubbing: App,
    request: Request,
    pages: PagesHere,
) -> Response:
    """Say one line otherwise; the page again, with what is wrong at the line, where that cannot be done."""
    text = (await plain_form(request)).get("text", "")
    try:
        await dubbing.change_line(job, number, text)
    except BatutaError as error:
        wrong = NotSaid(number, text, Failure(error.title, "", error.message, error.code))
        return await _page(pages, request, caller, dubbing, dub, wrong, status_code=error.status)
    return RedirectResponse(f"{PATH}/{dub.number}#line-{number}", 303)


async def _page(  # what the page consists of
    pages: Pages,
    request: Request,
    caller: Caller,
    dubbing: Dubbing,
    dub: Found,
    wrong: NotSaid | None = None,
    *,
    status_code: int = 200,
) -> Response:
    """In a thread: a film has two thousand lines."""
    desk: Desk | None = request.app.state.gateway
    record = dub.record
    segments: list[Segment] = [] if record is None else await dubbing.segments(record)
    kept = await _kept(dubbing, record)

    def render() -> Response:
        view: DubView | None = None if record is None else dub_view(record, segments)
        result: DubResult | None = None if record is None or record.result is None else result_of(record)
        return pages.page(
            "dub",
            request,
            caller,
            status_code=status_code,
            page=f"{PATH}/{dub.number}",
            dub=dub.listed,
            view=view,
            seq=0 if record is None else record.seq,
            asked=None if record is None else request_of(record),
            again=record is not None and record.runs > 1,
            result=result,
            kept=kept,
            stages=() if record is None else stages_of(record),
            lines=lines(segments, editable=record is not None and can_be_edited(record)),
            counts=counted_lines(segments),
            editable=record is not None and can_be_edited(record) and caller.may("submit"),
            wrong=wrong,
            longest=MAX_LINE,
            can_change=caller.may("submit"),
            gateway_here=desk is not None,
            voice_label=voice_label,
        )

    return await asyncio.to_thread(render)


async def _kept(dubbing: Dubbing, record: JobRecord | None) -> Kept:
    if record is None or record.result is None:
        return Kept(video=False, source=False)
    try:
        await dubbing.source(record)
        has_source = True
    except BatutaError:
        has_source = False
    return Kept(video=await dubbing.artefacts.has(result_of(record).video), source=has_source)
