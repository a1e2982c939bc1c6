"""Puts the console on an app: routes, static files, and errors as pages."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from batuta.console.assets import Assets, assets_router
from batuta.console.failures import ErrorPages
from batuta.console.front import HOME, LOGIN, front_router
from batuta.console.health_page import health_router
from batuta.console.job_actions import actions_router
from batuta.console.job_page import job_router
from batuta.console.jobs_page import jobs_router
from batuta.console.lost import lost_router
from batuta.console.new_page import new_router
from batuta.console.pages import Pages

__all__ = ["HOME", "LOGIN", "add_console"]

_ROUTERS: Final = (
    assets_router,
    front_router,
    jobs_router,
    new_router,
    job_router,
    actions_router,
    health_router,
    lost_router,  # the last: it answers whatever is left under /console/
)


def add_console(app: FastAPI, captions_prefix: str) -> None:
    """Serve the console under `/console/`, its login page at `/login`, its files under `/static/`.

    To be called after `guard`, so that what the door refuses is shown as a page, too. The API of captions
    lies under `captions_prefix`, and is what the pages in the browser talk to.
    """
    assets = Assets.packaged()
    pages = Pages(assets, captions_prefix)
    app.state.pages = pages
    app.state.assets = assets
    for router in _ROUTERS:
        app.include_router(router)
    app.add_middleware(ErrorPages, pages=pages)
