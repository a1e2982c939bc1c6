"""`batuta serve`: the HTTP server, whole or one service of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Final, Literal, get_args

import uvicorn
from cyclopts import Parameter, validators
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from batuta.access.gate import ensure_key
from batuta.access.keys import Keys
from batuta.alone import PLAIN_SERVICES, plain_service
from batuta.cli.screen import say
from batuta.logs import start_logging
from batuta.server import APPS, batuta_app, orchestrator_app, standalone_service
from batuta.services.kinds import kind_named
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.telemetry.tracing import start_tracing

Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]
Part = Literal[
    "all",
    "captions",
    "transcripts",
    "albums",
    "dubbing",
    "shopping",
    "downloader",
    "normalizer",
    "transcriber",
    "translator",
    "speech",
    "worker",
    "catalog",
    "media",
    "composer",
]
ORCHESTRATORS: Final = frozenset({"all", *APPS})
PORTS: Final = {"dubbing": 8400}
"""Of orchestrators whose seed names another than the usual one."""
_PART: Final = "BATUTA_PART"
_ADDRESS: Final = "HOST"


def serve(
    part: Part = "all",
    *,
    host: str | None = None,
    port: Port | None = None,
    workers: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=64))] = None,
) -> int:
    """Serve over HTTP until stopped.

    Parameters
    ----------
    part
        all (each orchestrator under its name), captions, transcripts, albums, dubbing or shopping (under
        the seed's own paths), or one service alone.
    host
        Address to listen on; the default is 127.0.0.1 (HOST).
    port
        Port to listen on; the default is 8000, 8400 for dubbing, or a service's own (PORT).
    workers
        Server processes (WORKERS); a service alone has one.
    """
    os.environ[_PART] = part
    if host is not None:
        os.environ[_ADDRESS] = host  # the processes read the settings anew
    settings = Settings()
    alone = part not in ORCHESTRATORS
    if not alone:
        asyncio.run(_check_storage(settings))
    config = uvicorn.Config(
        "batuta.cli.serve:application",
        factory=True,
        host=settings.host,
        port=_port(part, settings) if port is None else port,
        workers=1 if alone else workers or settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    try:
        if config.workers > 1:
            Multiprocess(config, sockets=[config.bind_socket()]).run()
            return 0
        server.run()
    except SystemExit:  # uvicorn's way to say that it could not start; its log says why
        return 1
    return 0 if server.started else 1


def application() -> FastAPI:
    """What one server process serves: the part `serve` was asked for."""
    settings = Settings()
    part = os.environ.get(_PART, "all")
    if part not in get_args(Part):
        raise ValueError(f"{_PART}={part!r} is no part of Batuta")
    stop_logging = start_logging(
        settings,
        f"{'orchestrator' if part in ORCHESTRATORS else part}.log",
        json_lines=settings.log_format == "json",
    )
    stop_tracing = start_tracing(part)
    app = _app(part, settings)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        try:
            async with inner(app):
                yield
        finally:
            await asyncio.to_thread(stop_tracing)
            stop_logging()

    app.router.lifespan_context = lifespan
    return app


async def _check_storage(settings: Settings) -> None:
    """Before the server starts: a data folder of no use is an error, an address of others needs a key."""
    database = Database.of_settings(settings)
    try:
        await database.create_tables()
        made = await ensure_key(Keys(database), settings, settings.host)
    finally:
        await database.aclose()
    if made is not None:
        say(f"{settings.host} is not this machine alone, so a key is needed. This one is shown once: {made}")


def _port(part: Part, settings: Settings) -> int:
    if part in ORCHESTRATORS or "port" in settings.model_fields_set:
        return settings.port if "port" in settings.model_fields_set else PORTS.get(part, settings.port)
    return PLAIN_SERVICES[part].port if part in PLAIN_SERVICES else kind_named(part)[1].port


def _app(part: str, settings: Settings) -> FastAPI:
    match part:
        case "all":
            return batuta_app(settings)
        case _ if part in APPS:
            return orchestrator_app(part, settings)
        case _ if part in PLAIN_SERVICES:
            return plain_service(part, settings)
        case service:
            return standalone_service(service, settings)
