"""The year of an album: the question, and in its address the answer; without scripts as well as with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from batuta.access.caller import Caller
from batuta.albums.app import Albums
from batuta.albums.models import AlbumCacheEntry
from batuta.albums.resolver import LONGEST_NAME
from batuta.albums.routes import App, Changer, Reader, YearBody, resolution_for
from batuta.console.advice import Failure
from batuta.console.albums_shown import PATH, Asked, ShownYear, failure_of, shown
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.errors import BatutaError, InvalidRequest
from batuta.services.problems import fields_of

albums_router = APIRouter(include_in_schema=False)

LONGEST: Final = 2000
"""Characters of a name that come back to whoever sent them, with what is wrong."""
TypedName = Annotated[str, Query(max_length=LONGEST)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question, and of what else was wanted."""

    shown: ShownYear | None = None
    failure: Failure | None = None
    """Why there is no year to show."""
    stored: AlbumCacheEntry | None = None
    """The year that was stored by hand."""
    stays: AlbumCacheEntry | None = None
    """The year that is kept because it is more certain than what was to take its place."""
    forgotten: bool = False
    wrong: Failure | None = None
    """Why a year could not be stored."""
    typed: tuple[str, str] = ("", "100")
    """Year and confidence, as they were typed."""


@albums_router.get(PATH)
async def album_page(
    request: Request,
    caller: Reader,
    albums: App,
    pages: PagesHere,
    artist: TypedName = "",
    album: TypedName = "",
) -> HTMLResponse:
    """The form, and below it the year of the album with what each source said."""
    asked = Asked(artist.strip(), album.strip())
    answer = await _answer(request, albums, asked) if asked.said else Answer()
    return _page(pages, request, caller, asked, answer)


@albums_router.post(PATH)
async def album_form(request: Request, caller: Changer, albums: App, pages: PagesHere) -> HTMLResponse:
    """Ask the sources again, store a year, or forget the album; then the same page."""
    fields = await plain_form(request)
    asked = Asked(fields.get("artist", "").strip()[:LONGEST], fields.get("album", "").strip()[:LONGEST])
    match fields.get("do"):
        case "again":
            answer = await _answer(request, albums, asked, refresh=True)
        case "store":
            answer = await _stored(request, albums, asked, fields)
        case "forget":
            await albums.caches.invalidate_album_cache(asked.artist, asked.album)
            await albums.caches.api_service.invalidate_for_album(asked.artist, asked.album)
            answer = Answer(forgotten=True)
        case other:
            raise InvalidRequest(f"the form says {other!r}: do one of again, store and forget")
    return _page(pages, request, caller, asked, answer)


async def _answer(request: Request, albums: Albums, asked: Asked, *, refresh: bool = False) -> Answer:
    """What the sources say, and what is kept nevertheless."""
    try:
        found = await resolution_for(request, albums, asked.artist, asked.album, refresh=refresh)
    except BatutaError as error:
        return Answer(failure=failure_of(error))
    return Answer(shown(found), stays=found.stays)


async def _stored(request: Request, albums: Albums, asked: Asked, fields: dict[str, str]) -> Answer:
    """Store the year, and show what is kept then: one that is more certain stays."""
    year, confidence = fields.get("year", "").strip(), fields.get("confidence", "").strip()
    typed = (year, confidence)
    named = {"artist": asked.artist, "album": asked.album, "year": year}
    try:
        body = fields_of(YearBody, {**named, "confidence": confidence} if confidence else named)
        await albums.caches.store_album_year(body.artist, body.album, body.year, body.confidence)
    except BatutaError as error:
        known = await albums.caches.get_album_year_entry_from_cache(asked.artist, asked.album)
        answer = Answer() if known is None else await _answer(request, albums, asked)
        return Answer(answer.shown, wrong=failure_of(error), typed=typed)
    kept = await albums.caches.get_album_year_entry_from_cache(body.artist, body.album)
    answer = await _answer(request, albums, asked)
    taken = kept is not None and (kept.year, kept.confidence) == (body.year, body.confidence)
    return Answer(answer.shown, answer.failure, stored=kept if taken else None, stays=None if taken else kept)


def _page(pages: Pages, request: Request, caller: Caller, asked: Asked, answer: Answer) -> HTMLResponse:
    return pages.page(
        "album",
        request,
        caller,
        asked=asked,
        answer=answer,
        can_change=caller.may("submit"),
        longest=LONGEST_NAME,
    )
