"""Waiting for a job while a caller holds the line: the job belongs to nobody's connection.

Whoever leaves loses nothing: the job goes on, and the same request finds it again (`Captions.start`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request

from batuta.captions.app import Captions
from batuta.captions.document import CaptionsDocument
from batuta.errors import Cancelled
from batuta.jobs import JobRecord

HEARTBEAT_SECONDS = 10.0
"""Between two signs of life; proxies drop silent connections after 30 to 60 s (nginx: 60)."""


async def until_over(captions: Captions, job_id: str) -> AsyncGenerator[JobRecord | None]:
    """None every `HEARTBEAT_SECONDS`, and the completed job at its end, which its own time limit brings.

    Raises the error the job failed with, or `Cancelled`.
    """
    end = asyncio.create_task(captions.end_of(job_id))
    try:
        while not (await asyncio.wait({end}, timeout=HEARTBEAT_SECONDS))[0]:
            yield None
        yield end.result()
    finally:
        end.cancel()  # the watching, not the job
        await asyncio.wait({end})


async def document_for(request: Request, captions: Captions, job_id: str) -> CaptionsDocument:
    """The captions of the job, waited for as long as the caller does; raises the job's error."""
    async with aclosing(until_over(captions, job_id)) as signs:
        async for over in signs:
            if over is not None:
                return await captions.document(over)
            if await request.is_disconnected():
                break
    raise Cancelled(f"the caller left; job {job_id} goes on, and the same request finds it")
