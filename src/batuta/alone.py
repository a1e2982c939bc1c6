"""A service of shopping alone, over HTTP: the catalogue, the media service or the composer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from batuta.access.door import guard
from batuta.access.gate import Gate
from batuta.access.keys import Keys
from batuta.jobs.carrier import carrier_name
from batuta.services.catalog.app import catalog_app
from batuta.services.catalog.catalog import Catalog
from batuta.services.composer.app import composer_app
from batuta.services.kinds import staff
from batuta.services.vision.app import vision_app
from batuta.services.vision.vision import open_vision
from batuta.settings import Settings
from batuta.storage.artefacts import ObjectArtefacts
from batuta.storage.database import Database
from batuta.telemetry.http import observe
from batuta.telemetry.scraping import metrics_response
from batuta.weights import Weights

Make = Callable[[Settings, Database, AsyncExitStack], Awaitable[FastAPI]]


@dataclass(frozen=True)
class _Plain:
    """A service that answers at once, without jobs."""

    make: Make
    port: int


async def _catalog(settings: Settings, database: Database, stack: AsyncExitStack) -> FastAPI:
    del database
    catalog = await Catalog.opened(settings.catalog_folder)
    stack.push_async_callback(catalog.aclose)
    return catalog_app(catalog)


async def _media(settings: Settings, database: Database, stack: AsyncExitStack) -> FastAPI:
    artefacts = ObjectArtefacts.opened(settings.artefacts_folder, settings.batuta_artefacts)
    team = staff(settings, database, artefacts, stack, carrier_name(database))
    vision = open_vision(
        Weights.from_settings(settings),
        team.workers["audio-transcriber"],
        artefacts,
        settings.batuta_data / "media",
    )
    return vision_app(await stack.enter_async_context(vision), max_upload_bytes=settings.max_upload_bytes)


async def _composer(settings: Settings, database: Database, stack: AsyncExitStack) -> FastAPI:
    del settings, database, stack
    return composer_app()


PLAIN_SERVICES: Final = {
    "media": _Plain(_media, 8001),
    "catalog": _Plain(_catalog, 8002),
    "composer": _Plain(_composer, 8003),
}
"""By the name each is served under, with the port of its seed."""


def plain_service(name: str, settings: Settings | None = None, *, bound_to: str | None = None) -> FastAPI:
    """One of them behind the gate, made when the server starts."""
    settings = settings or Settings()
    database = Database.of_settings(settings)
    keys = Keys(database)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.aclose)
            await database.create_tables()
            stack.push_async_callback(keys.aclose)
            app.mount("/", await PLAIN_SERVICES[name].make(settings, database, stack))
            yield

    app.router.lifespan_context = lifespan
    app.add_api_route("/metrics", metrics_response, include_in_schema=False)
    guard(app, Gate.of_service(keys, settings, bound_to=bound_to or settings.host), max_body_bytes=None)
    observe(app)
    return app
