"""Shopping wired: its three services near or far, the conversations, the language model if there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from batuta.clients import AppTransport, RetryPolicy, ServiceClient
from batuta.services.catalog.app import catalog_app
from batuta.services.catalog.catalog import Catalog as OwnCatalog
from batuta.services.composer.app import composer_app
from batuta.sessions import Sessions, SessionStore, open_store
from batuta.settings import ServiceURL, Settings
from batuta.shopping.app import Shopping
from batuta.shopping.media import AUDIO_SECONDS, Media
from batuta.shopping.model.model import Model
from batuta.shopping.orchestrator import Orchestrator
from batuta.shopping.services import CATALOG_SECONDS, COMPOSER_SECONDS, Catalog, Composer
from batuta.shopping.words import Words
from batuta.storage.database import Database
from batuta.tasks import ended

RETRY: Final = RetryPolicy(max_retries=2, base=0.2)
"""Somebody is waiting: what does not answer within a second or so is said to be away."""


class AtFirstUse:
    """An app that is made when it is first asked: who never goes shopping does not load a catalogue."""

    def __init__(self, make: Callable[[AsyncExitStack], Awaitable[ASGIApp]]) -> None:
        """What the making puts on the stack is closed with this."""
        self._make = make
        self._stack = AsyncExitStack()
        self._app: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await (await self.ready())(scope, receive, send)

    async def ready(self) -> ASGIApp:
        """The app; made once, however many ask, and again only after a failure."""
        if self._app is None or (self._app.done() and (self._app.cancelled() or self._app.exception())):
            self._app = asyncio.ensure_future(self._make(self._stack))
        return await asyncio.shield(self._app)

    async def aclose(self) -> None:
        """Close what was made, and end what is being made."""
        if self._app is not None and not self._app.done():
            self._app.cancel()
            await asyncio.gather(self._app, return_exceptions=True)
        await self._stack.aclose()


@asynccontextmanager
async def open_shopping(
    settings: Settings, database: Database, own_media: Callable[[AsyncExitStack], Awaitable[ASGIApp]]
) -> AsyncGenerator[Shopping]:
    """Shopping as the settings ask for it, in this event loop until the block ends.

    `own_media` makes our own media service.
    """
    async with AsyncExitStack() as stack:

        async def own_catalog(opened: AsyncExitStack) -> ASGIApp:
            catalog = await OwnCatalog.opened(settings.catalog_folder)
            opened.push_async_callback(catalog.aclose)
            return catalog_app(catalog)

        async def own_composer(_: AsyncExitStack) -> ASGIApp:
            return composer_app()

        def client(
            name: str, url: ServiceURL, own: Callable[[AsyncExitStack], Awaitable[ASGIApp]], seconds: float
        ) -> ServiceClient:
            transport, headers = None, dict[str, str]()
            if url is None:
                app = AtFirstUse(own)
                stack.push_async_callback(app.aclose)
                transport = AppTransport(app)
            elif settings.services_api_key is not None:
                headers["Authorization"] = f"Bearer {settings.services_api_key.get_secret_value()}"
            made = ServiceClient(
                name, str(url or f"http://{name}"), transport, timeout=seconds, retry=RETRY, headers=headers
            )
            stack.push_async_callback(made.aclose)
            return made

        catalog = client("catalog", settings.catalog_service_url, own_catalog, CATALOG_SECONDS)
        composer = client("composer", settings.response_composer_url, own_composer, COMPOSER_SECONDS)
        media = client("media", settings.media_service_url, own_media, AUDIO_SECONDS)
        sessions = Sessions(
            _store(settings, database),
            lifetime=settings.session_lifetime,
            lease_seconds=settings.lease_seconds,
        )
        stack.push_async_callback(sessions.aclose)
        stack.push_async_callback(ended, asyncio.create_task(sessions.keep_clean()))
        model = _model(settings)
        if model is not None:
            stack.push_async_callback(model.aclose)
        words = Words(catalog)
        reads = Media(media)
        orchestrator = Orchestrator(Catalog(catalog), Composer(composer), reads, words, model)
        services = {"catalog": catalog, "composer": composer, "media": media}
        yield Shopping(sessions, orchestrator, reads, services)


def _store(settings: Settings, database: Database) -> SessionStore:
    endpoint = settings.dynamodb_endpoint
    return open_store(
        database,
        table=settings.dynamodb_table_name,
        region=settings.aws_region,
        endpoint=None if endpoint is None else str(endpoint),
    )


def _model(settings: Settings) -> Model | None:
    if settings.shopping_openai_base_url is None:
        return None
    key = settings.shopping_openai_api_key
    return Model.at(
        str(settings.shopping_openai_base_url),
        settings.shopping_openai_model,
        None if key is None else key.get_secret_value(),
    )
