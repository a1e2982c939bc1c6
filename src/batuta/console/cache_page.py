"""The cache of transcripts: what each tier has and how well it serves; an admin can forget a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from batuta.access.caller import Caller
from batuta.cache import TierStatistics
from batuta.console.advice import failure_of
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.console.sentences import counted, size
from batuta.errors import BatutaError
from batuta.transcripts.orchestrator import Statistics, Transcripts
from batuta.transcripts.questions import video_of
from batuta.transcripts.routes import Admin, App, Reader

PATH: Final = "/console/cache"

cache_router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ShownTier:
    """One tier; `state` is healthy, unhealthy, paused or none."""

    name: str
    duty: str
    state: str
    word: str
    """The state in words."""
    holds: str
    numbers: TierStatistics

    @property
    def asked(self) -> int:
        """How often it was asked and answered; when it was down it was not asked."""
        numbers = self.numbers
        return numbers.hits + numbers.stale + numbers.misses + numbers.errors

    @property
    def rate(self) -> float | None:
        """Hits of a hundred questions."""
        return 100 * self.numbers.hits / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of forgetting a video."""

    video_id: str
    whole: bool
    """Whether every tier was told."""


@cache_router.get(PATH)
async def cache_page(request: Request, caller: Reader, transcripts: App, pages: PagesHere) -> HTMLResponse:
    """What `GET /api/statistics` answers; the page refreshes itself."""
    return await _page(pages, request, caller, transcripts)


@cache_router.post(PATH)
async def forget_form(request: Request, caller: Admin, transcripts: App, pages: PagesHere) -> HTMLResponse:
    """Have the next request for a video fetch it anew, in every language."""
    video = ""
    try:
        video = (await plain_form(request)).get("v", "").strip()
        told = Told(video_of(video), await transcripts.invalidate(video))
    except BatutaError as error:
        return await _page(pages, request, caller, transcripts, error=error, video=video)
    return await _page(pages, request, caller, transcripts, told=told)


async def _page(  # what the page consists of
    pages: Pages,
    request: Request,
    caller: Caller,
    transcripts: Transcripts,
    *,
    told: Told | None = None,
    error: BatutaError | None = None,
    video: str = "",
) -> HTMLResponse:
    found = await transcripts.statistics()
    return pages.page(
        "cache",
        request,
        caller,
        status_code=200 if error is None else error.status,
        tiers=_tiers(found, transcripts),
        memory=found.memory,
        told=told,
        problem=None if error is None else failure_of(error),
        video=video,
    )


def _tiers(found: Statistics, transcripts: Transcripts) -> tuple[ShownTier, ...]:
    numbers, around, memory = found.memory.tiers, transcripts.surroundings, found.memory
    redis = {True: ("healthy", "Up"), False: ("unhealthy", "Down"), None: ("none", "Not configured")}
    youtube = ("healthy", "Up") if around.youtube_up else ("paused", "Paused")
    stored = found.stored
    database = ("unhealthy", "Does not answer") if stored is None else ("healthy", "Up")
    return (
        ShownTier(
            "Memory",
            "of this process",
            "healthy",
            "Up",
            f"{counted(memory.entries, 'entry')}, {size(memory.bytes)}",
            numbers.get("memory", TierStatistics()),
        ),
        ShownTier(
            "Redis",
            "shared by processes",
            *redis[around.redis_up],
            "" if found.cached is None else counted(found.cached, "entry"),
            numbers.get("cache", TierStatistics()),
        ),
        ShownTier(
            "Database",
            "keeps for good",
            *database,
            "" if stored is None else counted(stored, "transcript"),
            numbers.get("database", TierStatistics()),
        ),
        ShownTier("YouTube", "where they come from", *youtube, "", numbers.get("origin", TierStatistics())),
    )
