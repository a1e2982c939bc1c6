"""A service in this process, with its routes."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from fastapi import APIRouter

from batuta.clients import AppTransport
from batuta.services.app import service_app
from batuta.services.registry import ServiceJobs
from batuta.services.translator.service import routes
from batuta.services.work import Service
from batuta.storage.artefacts import ObjectArtefacts
from batuta.storage.database import Database


@asynccontextmanager
async def served(
    folder: Path, service: Service, own_routes: APIRouter = routes
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of the service, which keeps everything in the folder."""
    database = Database.in_folder(folder)
    await database.create_tables()
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    jobs = ServiceJobs(service, database, artefacts, folder / "workspaces", dt.timedelta(seconds=60))
    app = service_app(jobs, max_upload_bytes=2_000_000, routes=own_routes)
    client = httpx2.AsyncClient(base_url="http://service", transport=AppTransport(app))
    async with app.router.lifespan_context(app), client as http:
        yield http
    await database.aclose()
