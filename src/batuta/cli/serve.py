"""`batuta serve`: the HTTP server, whole or one service of it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import uvicorn
from cyclopts import Parameter, validators
from fastapi import FastAPI

from batuta.server import captions_app, standalone_service
from batuta.settings import Settings
from batuta.storage.database import Database

Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]
Part = Literal["all", "captions", "downloader", "normalizer", "transcriber"]


def serve(part: Part = "all", *, host: str | None = None, port: Port | None = None) -> int:
    """Serve over HTTP until stopped.

    Parameters
    ----------
    part
        all (captions under /captions), captions (under the seed's own paths), or one service alone.
    host
        Address to listen on; the default is 127.0.0.1 (HOST).
    port
        Port to listen on; the default is 8000 (PORT).
    """
    settings = Settings()
    asyncio.run(_check_storage(settings))
    config = uvicorn.Config(
        _app(part, settings),
        host=host or settings.host,
        port=settings.port if port is None else port,
        log_level=settings.log_level.lower(),
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that it could not start; its log says why
        return 1
    return 0 if server.started else 1


async def _check_storage(settings: Settings) -> None:
    """Raise `StorageError` before the server starts, where the data folder is of no use."""
    database = Database.in_folder(settings.batuta_data)
    try:
        await database.create_tables()
    finally:
        await database.aclose()


def _app(part: Part, settings: Settings) -> FastAPI:
    match part:
        case "all":
            return captions_app(settings, prefix="/captions")
        case "captions":
            return captions_app(settings)
        case service:
            return standalone_service(service, settings)
