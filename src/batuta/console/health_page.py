"""Whether the services are well, and for administrators how much there is to do."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from batuta.captions.admin_routes import the_admin
from batuta.captions.health import Health
from batuta.captions.routes import Reader
from batuta.console.pages import PagesHere

DUTIES: Final = MappingProxyType(
    {
        "video-downloader": "fetches recordings from the web",
        "audio-normalization": "cleans and levels the sound",
        "audio-transcriber": "recognises what is said",
        "translator": "translates captions",
    }
)

health_router = APIRouter(include_in_schema=False)


@health_router.get("/console/health")
async def health_page(request: Request, caller: Reader, pages: PagesHere) -> HTMLResponse:
    """The same answers as `GET /health` and `GET /admin/stats`; the page refreshes itself."""
    health: Health = request.app.state.health
    stats = await (await the_admin(request)).stats() if caller.may("admin") else None
    return pages.page("health", request, caller, health=await health.report(), stats=stats, duties=DUTIES)
