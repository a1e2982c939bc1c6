"""The house over HTTP: all orchestrators in one app, one alone, or a service of theirs alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from batuta.access.door import guard
from batuta.access.gate import Gate, OpenPaths
from batuta.access.keys import Keys
from batuta.access.routes import access_routes
from batuta.albums.routes import router as albums_router
from batuta.captions.admin_routes import admin_router, deliveries_router
from batuta.captions.doors import bazarr_router, openai_router
from batuta.captions.rendered import Bodies, Lists
from batuta.captions.routes import health as captions_health
from batuta.captions.routes import router as captions_router
from batuta.console import add_console
from batuta.dubbing.routes import router as dubbing_router
from batuta.errors import BatutaError, InvalidRequest
from batuta.house import Batuta, open_batuta
from batuta.jobs import Jobs
from batuta.services.app import service_app
from batuta.services.gateway.links import OBJECTS_PATH
from batuta.services.gateway.object_routes import objects_router
from batuta.services.gateway.routes import gateway_router
from batuta.services.jobs_over_http import AllSeen, no_content
from batuta.services.kinds import kind_named, service_jobs
from batuta.services.problems import install_problems
from batuta.settings import Settings
from batuta.shopping.app import Shopping
from batuta.shopping.routes import router as shopping_router
from batuta.shopping.sockets import router as shopping_sockets
from batuta.storage.artefacts import ObjectArtefacts
from batuta.storage.database import Database
from batuta.storage.lock import FolderLock
from batuta.tasks import ended
from batuta.telemetry.http import observe
from batuta.telemetry.scraping import JobNumbers, metrics_response, set_collector
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.transcripts.hits import Hits, PostedHits
from batuta.transcripts.routes import router as transcripts_router
from batuta.version import __version__


@dataclass(frozen=True)
class _App:
    """One orchestrator's part of the server."""

    routers: tuple[APIRouter, ...]
    doors: tuple[APIRouter, ...] = ()
    """What other programs expect at the root, wherever the app itself is."""
    signed: tuple[str, ...] = ()
    """Folders at the root whose addresses are signed, so that whoever has one needs no key."""
    short_ways: tuple[Callable[[str], BaseRoute], ...] = ()
    """Routes to look at before all others, given the prefix of the app."""


APPS: Final = {
    "captions": _App((captions_router, deliveries_router, admin_router), (openai_router, bazarr_router)),
    "transcripts": _App((transcripts_router,), short_ways=(Hits, PostedHits)),
    "albums": _App((albums_router,)),
    "dubbing": _App((dubbing_router,), (gateway_router, objects_router), signed=(f"{OBJECTS_PATH}/",)),
    "shopping": _App((shopping_router, shopping_sockets)),
}
"""The orchestrators, by the name each is served under."""


def batuta_app(settings: Settings | None = None, *, bound_to: str | None = None) -> FastAPI:
    """All orchestrators as one ASGI app, each under `/` and its name, and the console."""
    return _app({name: f"/{name}" for name in APPS}, settings or Settings(), bound_to)


def orchestrator_app(name: str, settings: Settings | None = None, *, bound_to: str | None = None) -> FastAPI:
    """One orchestrator as an ASGI app, under its seed's own paths; raises `InvalidRequest`."""
    if name not in APPS:
        raise InvalidRequest(f"there is no orchestrator {name!r}: serve one of {', '.join(APPS)}")
    return _app({name: ""}, settings or Settings(), bound_to)


def _app(prefixes: Mapping[str, str], settings: Settings, bound_to: str | None) -> FastAPI:
    database = Database.of_settings(settings)
    keys = Keys(database)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_batuta(settings, database=database) as batuta:
            _show(batuta, app)
            set_collector(lambda: _numbers(batuta.jobs))
            opening = asyncio.create_task(_opened(batuta.shopping)) if "shopping" in prefixes else None
            try:
                yield
            finally:
                set_collector(None)
                if opening is not None:
                    await ended(opening)
                await keys.aclose()

    app = FastAPI(
        title="Batuta",
        version=__version__,
        lifespan=lifespan,
        telemetry=FASTAPI_TELEMETRY,
        docs_url=None,  # its page loads scripts from elsewhere, which our pages never do
        redoc_url=None,
        redirect_slashes=False,  # `ID/` is no id
    )
    app.state.settings = settings
    app.state.bodies, app.state.lists = Bodies(), Lists()
    for name, prefix in prefixes.items():
        app.router.routes.extend(short_way(prefix) for short_way in APPS[name].short_ways)
    for name, prefix in prefixes.items():
        for router in APPS[name].routers:
            app.include_router(router, prefix=prefix)
        for door in APPS[name].doors:
            for place in dict.fromkeys(("", prefix)):
                app.include_router(door, prefix=place)
    app.add_api_route("/metrics", metrics_response, include_in_schema=False)
    if "" not in prefixes.values():
        app.add_api_route("/health", captions_health, include_in_schema=False)
    install_problems(app)
    app.add_exception_handler(AllSeen, no_content)
    gate = Gate(
        keys,
        settings,
        bound_to=bound_to or settings.host,
        names=settings.known_names,
        trust_loopback=settings.batuta_trust_loopback,
        open_paths=OpenPaths.with_apps_under(
            *prefixes.values(), folders=tuple(folder for name in prefixes for folder in APPS[name].signed)
        ),
    )
    app.include_router(access_routes(gate, keys))
    guard(app, gate)
    add_console(app, prefixes)
    observe(app)
    return app


def _show(batuta: Batuta, app: FastAPI) -> None:
    """What the routes ask for."""
    app.state.captions = batuta.captions
    app.state.health = batuta.health
    app.state.admin = batuta.admin
    app.state.courier = batuta.courier
    app.state.transcripts = batuta.transcripts
    app.state.batches = batuta.batches
    app.state.albums = batuta.albums
    app.state.dubbing = batuta.dubbing
    app.state.shopping = batuta.shopping
    app.state.gateway = batuta.gateway


def standalone_service(
    name: str, settings: Settings | None = None, *, bound_to: str | None = None
) -> FastAPI:
    """One of the services as an ASGI app of its own, in a folder of its own within the data folder.

    Raises `InvalidRequest` for an unknown name, `Conflict` where the service is being served already.
    """
    settings = settings or Settings()
    full_name, kind = kind_named(name)
    house = Database.of_settings(settings)
    keys = Keys(house)  # where `batuta keys` makes them
    gate = Gate.of_service(keys, settings, bound_to=bound_to or settings.host)
    folder = settings.batuta_data / "services" / full_name
    settings = settings.model_copy(
        update={"batuta_data": folder, "database_url": None, "batuta_artefacts": None}
    )
    lock = FolderLock(folder)
    lock.acquire()
    database = Database.in_folder(folder)
    artefacts = ObjectArtefacts.in_folder(settings.artefacts_folder)
    jobs = service_jobs(kind, settings, database, artefacts, embedded=False)
    app = service_app(jobs, max_upload_bytes=settings.max_upload_bytes, routes=kind.routes)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            for each in (house, database):
                stack.push_async_callback(each.aclose)
                await each.create_tables()
            stack.push_async_callback(keys.aclose)
            await stack.enter_async_context(inner(app))
            lifetime = dt.timedelta(hours=settings.cache_ttl_hours)
            stack.push_async_callback(ended, asyncio.create_task(jobs.keep_clean(lifetime)))
            yield

    app.router.lifespan_context = lifespan
    app.add_api_route("/metrics", metrics_response, include_in_schema=False)
    guard(app, gate, max_body_bytes=None)
    observe(app)
    return app


async def _opened(shopping: Shopping) -> None:
    """Have the catalogue open before somebody asks for it; whoever asks learns what is wrong with it."""
    with suppress(BatutaError):
        await shopping.ready()


async def _numbers(jobs: Jobs) -> JobNumbers:
    waiting, oldest = await jobs.queue.waiting()
    age = 0.0 if oldest is None else (dt.datetime.now(dt.UTC) - oldest).total_seconds()
    counts = await jobs.store.count()
    return JobNumbers({str(status): number for status, number in counts.items()}, waiting, age)
