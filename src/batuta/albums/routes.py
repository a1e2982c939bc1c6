"""Albums over HTTP; routes are the contract's."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from batuta.access.answers import PROBLEMS
from batuta.access.caller import Caller
from batuta.access.door import requires
from batuta.albums.app import Albums
from batuta.albums.models import AlbumCacheEntry, TrackDict
from batuta.albums.resolver import LONGEST_NAME, Resolution, checked_name
from batuta.albums.scoring import Said
from batuta.errors import Cancelled, StorageError

MOST_TRACKS: Final = 10_000
_BREATH: Final = 100
"""Tracks gone through before the loop gets its turn."""
LONGEST_SECONDS: Final = 60.0
"""For one question; a source that has not answered by then counts as one that failed."""
_LOOK_SECONDS: Final = 0.5
"""Between two looks whether the caller is still there."""
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Tracks = Annotated[list[TrackDict], Field(max_length=MOST_TRACKS)]
NameQuery = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME)]

router = APIRouter(tags=["albums"], responses=PROBLEMS)


class SaidView(BaseModel):
    """What one source said, and why it counted."""

    source: str
    weight: str
    year: int | None
    text: str

    @classmethod
    def of(cls, said: Said) -> SaidView:
        """Out of a conclusion."""
        return cls(source=said.source, weight=said.weight.value, year=said.year, text=said.text)


class KeptView(BaseModel):
    """A year that is kept."""

    year: str
    confidence: int
    kept_at: dt.datetime

    @classmethod
    def of(cls, entry: AlbumCacheEntry) -> KeptView:
        """Out of the cache."""
        kept_at = dt.datetime.fromtimestamp(entry.timestamp, dt.UTC)
        return cls(year=entry.year, confidence=entry.confidence, kept_at=kept_at)


class YearView(BaseModel):
    """The year of an album's first release; `confidence` is 0 to 100."""

    artist: str
    album: str
    year: str | None
    confidence: int
    origin: str = Field(description="`cache`: known before; `sources`: concluded now; `stored`: as you said")
    said: list[SaidView] = []
    kept_at: dt.datetime | None = None
    stays: KeptView | None = Field(
        default=None, description="another year that is kept nevertheless, since it is surer"
    )


class YearBody(BaseModel):
    """The body of `PUT /year`."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    artist: Name
    album: Name
    year: str = Field(
        pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$", description="1993, or a date that begins with it"
    )
    confidence: int = Field(default=100, ge=0, le=100)


class ResultView(BaseModel):
    """What a source answered, as it is cached."""

    artist: str
    album: str
    source: str
    year: str | None
    timestamp: float
    ttl: int | None
    metadata: dict[str, Any]
    api_response: dict[str, Any] | None


class Changed(BaseModel):
    """How many tracks were gone through."""

    tracks: int


async def the_albums(request: Request) -> Albums:
    """The application behind the server that was asked."""
    albums: Albums = request.app.state.albums
    return albums


App = Annotated[Albums, Depends(the_albums)]
Reader = Annotated[Caller, Depends(requires("read"))]
Changer = Annotated[Caller, Depends(requires("submit", starts_work=False))]
Admin = Annotated[Caller, Depends(requires("admin"))]


async def resolution_for(
    request: Request, albums: Albums, artist: str, album: str, *, refresh: bool = False
) -> Resolution:
    """What is known of the year, or found out while the caller waits; raises as `AlbumYears.resolve`.

    A question whose caller has left gives its turns at the sources to the others.
    """
    asking = asyncio.create_task(albums.years.resolve(artist, album, refresh=refresh, within=LONGEST_SECONDS))
    try:
        while not (await asyncio.wait({asking}, timeout=_LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                raise Cancelled(f"the caller who asked for {album!r} left")
        return asking.result()
    finally:
        asking.cancel()
        await asyncio.wait({asking})


@router.get("/year")
async def year(
    request: Request,
    artist: NameQuery,
    album: NameQuery,
    albums: App,
    caller: Reader,
    refresh: Annotated[bool, Query(description="ask the sources although it is known")] = False,  # noqa: FBT002  # a query parameter
) -> YearView:
    """The year, and what each source said; null where those that were asked do not know it."""
    del caller
    found = await resolution_for(request, albums, artist, album, refresh=refresh)
    return YearView(
        artist=found.artist,
        album=found.album,
        year=found.year,
        confidence=found.confidence,
        origin=found.origin,
        said=[SaidView.of(said) for said in found.said],
        kept_at=found.kept_at,
        stays=None if found.stays is None else KeptView.of(found.stays),
    )


@router.put("/year")
async def store_year(body: YearBody, albums: App, caller: Changer) -> YearView:
    """Keep a year; one of higher confidence that is still valid stays, and is what is answered."""
    del caller
    caches = albums.caches
    artist, album = checked_name("artist", body.artist), checked_name("album", body.album)
    await caches.store_album_year(artist, album, body.year, body.confidence)
    kept = await caches.get_album_year_entry_from_cache(artist, album)
    if kept is None:
        raise StorageError(f"the year {body.year!r} of {album!r} was not kept")
    return _stored(kept)


@router.get("/results")
async def results(
    artist: NameQuery,
    album: NameQuery,
    albums: App,
    caller: Reader,
    source: Annotated[str | None, Query(max_length=64)] = None,
) -> list[ResultView]:
    """What the sources, or one of them, answered about the album, as far as that is kept."""
    del caller
    names = albums.years.sources if source is None else (source,)
    found = [await albums.caches.get_cached_api_result(artist, album, name) for name in names]
    return [ResultView(**result.model_dump()) for result in found if result is not None]


@router.post("/tracks/changed")
async def tracks_changed(
    body: Annotated[TrackDict | Tracks, Field(union_mode="smart")], albums: App, caller: Changer
) -> Changed:
    """Forget exactly what the changed track, or each of the tracks, makes stale."""
    del caller
    tracks = body if isinstance(body, list) else [body]
    for number, track in enumerate(tracks):
        if number % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
        await albums.caches.invalidate_for_track(track)
    return Changed(tracks=len(tracks))


@router.get("/stats")
async def stats(albums: App, caller: Reader) -> dict[str, Any]:
    """How much there is, and how well it serves."""
    del caller
    caches = albums.caches
    return {
        "album": _without_folder(dict(caches.album_service.get_stats())),
        "api": _without_folder(dict(caches.api_service.get_stats())),
        "generic": _without_folder(dict(caches.generic_service.get_stats())),
        "asking": albums.years.asking,
        "last_run": await caches.get_last_run_timestamp(),
    }


@router.post("/save", status_code=204)
async def save(albums: App, caller: Changer) -> None:
    """Write what is not on the disk yet; a failure says which cache failed."""
    del caller
    await albums.caches.save_all_to_disk()


@router.delete("/", status_code=204)
async def forget_everything(albums: App, caller: Admin) -> None:
    """Forget every entry of all three caches, on the disk too."""
    del caller
    await albums.caches.invalidate_all()
    await albums.caches.save_all_to_disk()


@router.get("/health", name="albums_health")
async def health() -> dict[str, str]:
    """Whether albums are served; the caches are memory, and the sources are asked only for what they lack."""
    return {"status": "healthy", "service": "batuta-albums"}


def _without_folder(stats: dict[str, Any]) -> dict[str, Any]:
    """Where the files lie is the operator's business, not every reader's."""
    return {**stats, "cache_file": Path(stats["cache_file"]).name}


def _stored(entry: AlbumCacheEntry) -> YearView:
    kept = KeptView.of(entry).model_dump()
    return YearView(artist=entry.artist, album=entry.album, origin="stored", **kept)
