"""One job: how it goes while it goes, and what came out of it."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from batuta.captions.app import Captions
from batuta.captions.document import CaptionsDocument
from batuta.captions.routes import App, Readable, Reader
from batuta.captions.views import request_of, result_of
from batuta.console.choices import Choices, Chosen
from batuta.console.job_shown import Player, findings_of, player_of, stages_of, title_of
from batuta.console.pages import PagesHere
from batuta.console.sentences import LogLine, log_of
from batuta.errors import BatutaError
from batuta.jobs import Event, JobRecord
from batuta.media import FORMATS
from batuta.settings import Settings

LOG_EVENTS: Final = 300
"""Of a job's events so many are told, the latest."""
_LOG_SECONDS: Final = 2.0

job_router = APIRouter(include_in_schema=False)


@job_router.get("/console/jobs/{job_id}")  # noqa: FAST003  # the dependency takes it
async def job_page(
    request: Request, job: Readable, caller: Reader, captions: App, pages: PagesHere
) -> HTMLResponse:
    """Stages, log, and for a finished job the player with its transcript."""
    settings: Settings = request.app.state.settings
    document, view, log = await asyncio.gather(
        _document(captions, job), captions.view(job), _log(captions, job)
    )
    return pages.page(
        "job",
        request,
        caller,
        job=view,
        asked=request_of(job),
        title=title_of(job),
        duration=None if job.result is None else result_of(job).duration,
        final=job.status.final,
        stages=stages_of(job),
        log=log,
        document=document,
        findings=() if document is None else findings_of(document.conformity),
        player=None if document is None else await _player(captions, job),
        formats=tuple(FORMATS),
        choices=Choices.of(settings),
        chosen=Chosen.by_request(request_of(job)),
    )


async def _document(captions: Captions, job: JobRecord) -> CaptionsDocument | None:
    """The captions, None where there are none or no longer any."""
    if job.result is None:
        return None
    try:
        return await captions.document(job)
    except BatutaError:
        return None


async def _player(captions: Captions, job: JobRecord) -> Player:
    try:
        media = await captions.media(job)
    except BatutaError:
        media = None
    sound = result_of(job).audio
    heard = sound is not None and await captions.artefacts.has(sound)
    return player_of(media, sound if heard else None)


async def _log(captions: Captions, job: JobRecord) -> tuple[LogLine, ...]:
    """What happened up to the record at hand; the events are numbered as the record is."""
    events: list[Event] = []
    if job.seq == 0:
        return ()
    try:
        async with asyncio.timeout(_LOG_SECONDS):
            async for event in captions.follow(job.job_id, max(0, job.seq - LOG_EVENTS)):
                events.append(event)
                if event.seq >= job.seq:
                    break
    except TimeoutError:  # events may be cleaned away before their record: then there is nothing to wait for
        pass
    return log_of(events)
