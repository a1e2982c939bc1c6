"""Puts the console on an app: routes, static files, and errors as pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, FastAPI

from batuta.console.albums_cache_page import albums_cache_router
from batuta.console.albums_page import albums_router
from batuta.console.assets import Assets, assets_router
from batuta.console.batches_page import batches_router
from batuta.console.cache_page import cache_router
from batuta.console.docs_page import Listing, docs_router
from batuta.console.dub_page import dub_router
from batuta.console.dubs_page import dubs_router
from batuta.console.failures import ErrorPages
from batuta.console.front import HOME, LOGIN, front_router
from batuta.console.health_page import health_router
from batuta.console.job_actions import actions_router
from batuta.console.job_page import job_router
from batuta.console.jobs_page import jobs_router
from batuta.console.kept_years import YearsWalk
from batuta.console.lost import lost_router
from batuta.console.new_page import new_router
from batuta.console.pages import Pages
from batuta.console.shop_page import shop_router
from batuta.console.transcript_page import transcript_router

__all__ = ["HOME", "LOGIN", "add_console"]

_ROUTERS: Final[Mapping[str, tuple[APIRouter, ...]]] = {
    "captions": (jobs_router, new_router, job_router, actions_router),
    "transcripts": (transcript_router, batches_router, cache_router),
    "albums": (albums_router, albums_cache_router),
    "dubbing": (dubs_router, dub_router),
    "shopping": (shop_router,),
}
"""The pages of each app."""


def add_console(app: FastAPI, prefixes: Mapping[str, str]) -> None:
    """Serve the console under `/console/`, its login page at `/login`, its files under `/static/`.

    And at `/docs` the documentation of the app, of whatever routes it has when that is first asked for.

    To be called after `guard`, so that what the door refuses is shown as a page, too. `prefixes` says
    which apps are served and where the API of each lies, which is what the pages in the browser talk to.
    """
    assets = Assets.packaged()
    pages = Pages(assets, prefixes)
    app.state.pages = pages
    app.state.assets = assets
    app.state.listing = Listing(app, pages)
    app.state.years_walk = YearsWalk()
    for router in (assets_router, front_router, health_router, docs_router):
        app.include_router(router)
    for name in prefixes:
        for router in _ROUTERS.get(name, ()):
            app.include_router(router)
    app.include_router(lost_router)  # the last: it answers whatever is left under /console/
    app.add_middleware(ErrorPages, pages=pages)
