"""`batuta worker`: carries jobs without serving HTTP; any number of them on one Postgres."""

from __future__ import annotations

import asyncio
import signal

import structlog

from batuta.house import open_batuta
from batuta.logs import start_logging
from batuta.settings import Settings
from batuta.telemetry.tracing import start_tracing

log = structlog.get_logger()


async def worker() -> int:
    """Carry jobs until stopped.

    With DATABASE_URL every worker and server carries its share, and takes over from those that die. Without
    it one process carries the jobs of the data folder, and a second one stands by.
    """
    settings = Settings()
    stop_logging = start_logging(settings, "worker.log", json_lines=settings.log_format == "json")
    stop_tracing = start_tracing("worker")
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    try:
        async with open_batuta(settings):
            log.info("worker.ready", jobs_at_once=settings.jobs_at_once)
            await stopped.wait()
    finally:
        await asyncio.to_thread(stop_tracing)
        stop_logging()
    return 0
