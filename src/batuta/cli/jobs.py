"""`batuta jobs`: look at jobs without disturbing whoever runs them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from cyclopts import App, Parameter

from batuta.captions.pipeline import caption
from batuta.cli.screen import print_document
from batuta.jobs.journal import Journal
from batuta.jobs.store import JobStore, Listing
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.telemetry.masking import masked_text

app = App(name="jobs", help="Jobs: list, show.")

AsJson = Annotated[bool, Parameter(name="--json", negative="")]


@app.command(name="list")
async def list_jobs(*, limit: int = 20, as_json: AsJson = False) -> int:
    """The newest jobs.

    Parameters
    ----------
    limit
        How many.
    """
    async with _database() as database:
        records = await JobStore(database).newest(caption.name, Listing(limit=limit))
    if as_json:
        print_document(json.dumps([record.model_dump(mode="json") for record in records], indent=2))
        return 0
    for record in records:
        url = record.request.get("youtube_url")
        source = masked_text(url) if url else record.reference or "uploaded file"
        when = record.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        print_document(f"{record.job_id}  {record.status!s:<9}  {record.progress:5.1f} %  {when}  {source}")
    return 0


@app.command
async def show(job_id: str) -> int:
    """Everything about one job, with its stage journal, as JSON.

    Parameters
    ----------
    job_id
        An id of `batuta jobs list`.
    """
    async with _database() as database:
        record = await JobStore(database).get(job_id)
        executions = await Journal(database, "").of_job(job_id)
    found = {
        **record.model_dump(mode="json"),
        "journal": [execution.model_dump(mode="json") for execution in executions],
    }
    print_document(json.dumps(found, indent=2, ensure_ascii=False))
    return 0


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    settings = Settings()
    database = Database.opened(settings.batuta_data, settings.database_url)
    try:
        await database.create_tables()
        yield database
    finally:
        await database.aclose()
