"""Dubs: a form that takes a video, and the list of what became of earlier ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.console.choices import upload_limit
from batuta.console.dubs_shown import (
    PATH,
    DubChoices,
    ListedDub,
    contract_fields,
    listed_job,
    listed_record,
    voice_label,
)
from batuta.console.pages import Pages, PagesHere
from batuta.dubbing.app import Dubbing
from batuta.dubbing.routes import App, Reader, Submitter
from batuta.dubbing.views import request_of
from batuta.errors import BatutaError, NotFound
from batuta.jobs.store import Listing
from batuta.services.gateway.desk import Desk
from batuta.services.jobs_over_http import owner_seen
from batuta.settings import Settings

PER_PAGE: Final = 20

dubs_router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list."""

    dubs: tuple[ListedDub, ...]
    total: int | None
    """None where only the gateway elsewhere knows."""
    following: str | None
    """Where the older ones are."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows as chosen, and what was wrong with it."""

    typed: Mapping[str, str] = field(default_factory=lambda: {"keep_background": "true", "subtitles": "true"})
    problem: BatutaError | None = None


async def the_desk(request: Request) -> Desk | None:
    """The gateway in this process; None where another is used."""
    desk: Desk | None = request.app.state.gateway
    return desk


Gateway = Annotated[Desk | None, Depends(the_desk)]


@dubs_router.get(PATH)
async def dubs_page(
    request: Request,
    caller: Reader,
    dubbing: App,
    desk: Gateway,
    pages: PagesHere,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    form: Literal["", "none"] = "",
) -> Response:
    """The form, and the newest dubs, or those before a number; the list keeps itself up to date."""
    return await _page(pages, request, caller, dubbing, desk, None if form else Form(), before=before)


@dubs_router.post(PATH, dependencies=[Depends(streams_body)])
async def upload_form(
    request: Request, caller: Submitter, dubbing: App, desk: Gateway, pages: PagesHere
) -> Response:
    """Take the video in and show its dub; the form again, with what is wrong, where that cannot be done."""
    if desk is None:
        raise NotFound("videos are taken in by the gateway elsewhere (API_GATEWAY_URL)")
    typed: dict[str, str] = {}

    def fields_of(texts: Mapping[str, str]) -> Mapping[str, str]:
        typed.update(texts)
        return contract_fields(texts)

    try:
        job = await desk.uploads.take(request, caller.owner, fields_of)
    except BatutaError as error:
        form = Form(typed, error) if typed else Form(problem=error)
        return await _page(pages, request, caller, dubbing, desk, form)
    return RedirectResponse(f"{PATH}/{job.id}", 303)


async def _page(  # what the page consists of
    pages: Pages,
    request: Request,
    caller: Caller,
    dubbing: Dubbing,
    desk: Desk | None,
    form: Form | None,
    *,
    before: int | None = None,
) -> Response:
    settings: Settings = request.app.state.settings
    if desk is None or not caller.may("submit"):
        form = None
    listed = await (_records(dubbing, caller) if desk is None else _of_gateway(desk, caller, before))
    return pages.page(
        "dubs",
        request,
        caller,
        status_code=200 if form is None or form.problem is None else form.problem.status,
        listed=listed,
        is_first=before is None,
        before=before,
        gateway_here=desk is not None,
        can_submit=caller.may("submit"),
        form=form,
        choices=None if form is None else DubChoices.of(await dubbing.languages()),
        voice_label=voice_label,
        limit=upload_limit(settings),
        limit_bytes=settings.max_upload_bytes,
    )


async def _of_gateway(desk: Desk, caller: Caller, before: int | None) -> Listed:
    owner = owner_seen(caller)
    found = await desk.jobs.newest(PER_PAGE + 1, owner=owner, before=before)
    page = found[:PER_PAGE]
    following = f"{PATH}?before={page[-1].id}" if len(found) > PER_PAGE else None
    return Listed(tuple(map(listed_job, page)), await desk.jobs.count(owner=owner), following)


async def _records(dubbing: Dubbing, caller: Caller) -> Listed:
    """What we work at for a gateway elsewhere; the rest of its list is its own."""
    found = await dubbing.newest(Listing(PER_PAGE, owner=owner_seen(caller)))
    now = dt.datetime.now(dt.UTC)
    newest = {request_of(record).dub_id: listed_record(record, now) for record in reversed(found)}
    return Listed(tuple(reversed(newest.values())), None, None)
