"""The caches of albums: how full they are, how well they serve, the newest years; save, forget everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batuta.albums.app import Albums
from batuta.albums.resolver import LONGEST_NAME
from batuta.albums.routes import Admin, App, Changer, Reader
from batuta.console.kept_years import NEWEST, YearsWalk
from batuta.console.pages import PagesHere
from batuta.console.sentences import counted

PATH: Final = "/console/albums/cache"
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))

albums_cache_router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ShownCache:
    """One of the three caches; numbers are those of this process."""

    name: str
    duty: str
    entries: int
    hits: int
    misses: int
    evictions: int | None
    """None where nothing is ever pushed out."""
    unsaved: int
    lifetime: str
    """How long and how many entries are kept, in words."""

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self.hits + self.misses

    @property
    def rate(self) -> float | None:
        """Hits of a hundred questions."""
        return 100 * self.hits / self.asked if self.asked else None


@albums_cache_router.get(PATH)
async def albums_cache_page(
    request: Request,
    caller: Reader,
    albums: App,
    pages: PagesHere,
    artist: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
    years: Literal["shown", "left out"] = "shown",
) -> HTMLResponse:
    """The numbers, which refresh themselves, and the newest years of artists who begin with `artist`."""
    prefix = artist.strip()
    wanted = years == "shown"
    return pages.page(
        "albums_cache",
        request,
        caller,
        caches=caches_of(albums),
        kept=await _walk(request).newest(albums.caches.album_years_cache, prefix) if wanted else None,
        most=NEWEST,
        prefix=prefix,
        longest=LONGEST_NAME,
    )


@albums_cache_router.post(f"{PATH}/save")
async def save_form(caller: Changer, albums: App) -> Response:
    """Write what is not on the disk yet."""
    del caller
    await albums.caches.save_all_to_disk()
    return RedirectResponse(PATH, 303)


@albums_cache_router.post(f"{PATH}/clear")
async def clear_form(caller: Admin, albums: App) -> Response:
    """Forget every entry of all three caches, on the disk too."""
    del caller
    await albums.caches.invalidate_all()
    await albums.caches.save_all_to_disk()
    return RedirectResponse(PATH, 303)


def caches_of(albums: Albums) -> tuple[ShownCache, ...]:
    """The three caches, that of conclusions first."""
    caches = albums.caches
    years, answers = caches.album_service.get_stats(), caches.api_service.get_stats()
    others = caches.generic_service.get_stats()
    return (
        ShownCache(
            "Album years",
            "what was concluded",
            years["total_albums"],
            years["hits"],
            years["misses"],
            None,
            years["unsaved"],
            f"for {_lifetime(years['ttl_seconds'])}, or until a track of the album changes",
        ),
        ShownCache(
            "Answers",
            "what each source said",
            answers["total_entries"],
            answers["hits"],
            answers["misses"],
            None,
            answers["unsaved"],
            f"a year for good, a no for {_lifetime(answers['negative_ttl_seconds'])}",
        ),
        ShownCache(
            "Generic",
            "lists of tracks, raw responses",
            others["total_entries"],
            others["hits"],
            others["misses"],
            others["evictions"],
            others["unsaved"],
            f"for {_lifetime(others['default_ttl'])} by default, up to {others['max_entries']:,} of them",
        ),
    )


def _lifetime(seconds: float) -> str:
    """In the largest unit of which it is a whole number."""
    for length, unit in _UNITS:
        if seconds >= length and seconds % length == 0:
            return counted(round(seconds / length), unit)
    return f"{seconds:g} seconds"


def _walk(request: Request) -> YearsWalk:
    """The walk of this server; so that two never go on at once."""
    walk: YearsWalk = request.app.state.years_walk
    return walk
