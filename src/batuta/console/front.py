"""The front door: where a browser that names no page is led, and where it shows its key."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from batuta.console.pages import PagesHere
from batuta.version import __version__

HOME: Final = "/console/"
DOCS: Final = "/docs"
"""The one page of ours outside of it, where people expect it."""
LOGIN: Final = "/login"

front_router = APIRouter(include_in_schema=False)


@front_router.get("/")
async def root(request: Request) -> Response:
    """The console for browsers; for programs, where things are."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(HOME, 303)
    return JSONResponse({"name": "batuta", "version": __version__, "console": HOME, "api": "/openapi.json"})


@front_router.get("/console")
@front_router.get(HOME)
async def home(pages: PagesHere) -> Response:
    """The first page of the first app that is served."""
    return RedirectResponse(pages.first, 303)


@front_router.get(LOGIN)
async def login_page(
    request: Request, pages: PagesHere, target: Annotated[str, Query(alias="next", max_length=2000)] = HOME
) -> HTMLResponse:
    """The form that takes a key."""
    return pages.page("login", request, None, target=local(target))


def local(target: str) -> str:
    """The target, if it lies in the console; a login must not lead to somebody else's page."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return HOME
    of_ours = parts.path.startswith(HOME) or parts.path == DOCS
    ours = not parts.scheme and not parts.netloc and of_ours and "\\" not in target
    return target if ours else HOME
