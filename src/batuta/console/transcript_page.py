"""One transcript: the question, and in its address the answer; without scripts as well as with them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from batuta.access.caller import Caller
from batuta.access.door import count_submit
from batuta.console.advice import Failure, failure_of
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.console.transcript_shown import PATH, Asked, languages_in, pickable, shown, steps, watch
from batuta.errors import BatutaError
from batuta.transcripts.formats import TRANSCRIPT_FORMATS
from batuta.transcripts.models import Cause, Track
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome
from batuta.transcripts.questions import video_of
from batuta.transcripts.routes import App, Asker, Reader

transcript_router = APIRouter(include_in_schema=False)

LongestAddress = Annotated[str, Query(max_length=2048)]
Codes = Annotated[list[str] | None, Query(max_length=20)]
Looks = Annotated[Literal["", "only", "too"], Query()]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question; of `outcome` and `failure` at least one is there where something was asked."""

    outcome: Outcome | None = None
    failure: Failure | None = None
    tracks: tuple[Track, ...] | None = None
    """What YouTube offers, where that was asked."""


@transcript_router.get(PATH)
async def transcript_page(
    request: Request,
    caller: Reader,
    transcripts: App,
    pages: PagesHere,
    v: LongestAddress = "",
    languages: Codes = None,
    tracks: Looks = "",
) -> HTMLResponse:
    """The form, and below it the transcript of the video `v` in the first of `languages` that there is.

    With `tracks` the languages that YouTube offers are shown, too: only them, or with the transcript.
    """
    asked = Asked(v.strip(), languages_in(languages or ()))
    if not asked.video:
        return await _page(pages, request, caller, asked, Answer())
    asked = _named(asked)
    answer = Answer() if tracks == "only" else await _answer(transcripts, asked, generate=False)
    lacks = answer.failure is not None and answer.failure.code == Cause.LANGUAGE_NOT_AVAILABLE
    if tracks or lacks:
        answer = await _with_tracks(transcripts, asked, answer)
    return await _page(pages, request, caller, asked, answer)


@transcript_router.post(PATH)
async def make_form(request: Request, caller: Asker, transcripts: App, pages: PagesHere) -> HTMLResponse:
    """The same, made from the sound where YouTube has no transcript to give."""
    fields = await plain_form(request)
    asked = _named(Asked(fields.get("v", "").strip()[:2048], languages_in([fields.get("languages", "")])))
    count_submit(request)
    answer = await _answer(transcripts, asked, generate=True, owner=caller.owner)
    return await _page(pages, request, caller, asked, answer)


def _named(asked: Asked) -> Asked:
    """The question with the video's id in the place of its address."""
    try:
        return Asked(video_of(asked.video), asked.languages)
    except BatutaError:  # what is wrong with it is said in the answer
        return asked


async def _answer(transcripts: Transcripts, asked: Asked, *, generate: bool, owner: str = "") -> Answer:
    try:
        outcome = await transcripts.get(asked.video, asked.wanted, generate=generate, owner=owner)
    except BatutaError as error:  # what was asked is no video, or no language
        return Answer(failure=failure_of(error))
    return Answer(outcome, None if outcome.error is None else failure_of(outcome.error))


async def _with_tracks(transcripts: Transcripts, asked: Asked, answer: Answer) -> Answer:
    try:
        tracks = await transcripts.languages(asked.video)
    except BatutaError as error:
        return Answer(answer.outcome, answer.failure or failure_of(error))
    return Answer(answer.outcome, answer.failure, pickable(tracks))


async def _page(pages: Pages, request: Request, caller: Caller, asked: Asked, answer: Answer) -> HTMLResponse:
    """In a thread: a talk of ten hours has fifteen thousand lines."""
    transcripts: Transcripts = request.app.state.transcripts

    def render() -> HTMLResponse:
        outcome = answer.outcome
        return pages.page(
            "transcript",
            request,
            caller,
            asked=asked,
            shown=None if outcome is None else shown(outcome, asked),
            steps=() if outcome is None else steps(outcome),
            failure=answer.failure,
            tracks=answer.tracks,
            formats=TRANSCRIPT_FORMATS,
            watch=watch,
            can_make=transcripts.generator is not None and caller.may("submit"),
        )

    return await asyncio.to_thread(render)
