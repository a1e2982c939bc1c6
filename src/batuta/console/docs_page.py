"""The documentation of the API: what `/openapi.json` says, as a page that loads nothing from elsewhere."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batuta.captions.routes import Reader
from batuta.console.docs_shown import shown
from batuta.console.front import DOCS
from batuta.console.pages import Pages, PagesHere

REDOC: Final = "/redoc"

docs_router = APIRouter(include_in_schema=False)


class Listing:
    """The operations of an app as HTML: rendered when first asked for, and kept, as they never change."""

    def __init__(self, app: FastAPI, pages: Pages) -> None:
        """`app` is asked for its document only when somebody wants to see it."""
        self._app = app
        self._pages = pages
        self._lock = asyncio.Lock()
        self._html: str | None = None

    async def html(self) -> str:
        """A part of a page; whatever the document says is escaped in it."""
        async with self._lock:
            if self._html is None:
                self._html = await asyncio.to_thread(self._rendered)
        return self._html

    def _rendered(self) -> str:
        return self._pages.render("docs_listing", DOCS, None, docs=shown(self._app.openapi()))


@docs_router.get(DOCS)
async def docs_page(request: Request, caller: Reader, pages: PagesHere) -> HTMLResponse:
    """Every operation, for whoever may read `/openapi.json`."""
    listing: Listing = request.app.state.listing
    return pages.page("docs", request, caller, listing=await listing.html())


@docs_router.get(REDOC)
async def redoc() -> Response:
    """The one page of documentation that we have."""
    return RedirectResponse(DOCS)
