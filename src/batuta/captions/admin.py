"""Looking after captions: numbers, cleaning up, starting afresh. What is reported removed is removed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from batuta.errors import BatutaError
from batuta.jobs import JobRecord, Jobs, JobStatus
from batuta.jobs.retention import Lifetimes, Retention
from batuta.jobs.store import ACTIVE
from batuta.settings import Settings
from batuta.version import __version__

SERVICE_SECONDS: Final = 30.0
NOTHING: Final = dt.timedelta()


class Resettable(Protocol):
    """A service that can be told to forget everything."""

    async def reset(self) -> Mapping[str, Any]:
        """Forget every job with its files; what the service says it removed."""
        ...


class Admin:
    """What an operator may do."""

    def __init__(
        self, jobs: Jobs, retention: Retention, services: Mapping[str, Resettable], settings: Settings
    ) -> None:
        self._jobs = jobs
        self._retention = retention
        self._services = services
        self._settings = settings

    @property
    def lifetimes(self) -> Lifetimes:
        """How long the settings keep things."""
        settings = self._settings
        return Lifetimes(
            jobs=dt.timedelta(hours=settings.job_retention_hours),
            results=dt.timedelta(hours=settings.cache_ttl_hours),
        )

    async def stats(self) -> dict[str, Any]:
        """The seed's answer to `GET /admin/stats`; `redis` counts our own store, whatever it is."""
        counts = await self._jobs.store.count()
        size = await asyncio.to_thread(_megabytes, self._settings.batuta_data)
        waiting, oldest = await self._jobs.queue.waiting()
        return {
            "orchestrator": {"version": __version__, "environment": self._settings.environment},
            "redis": {
                "total_jobs": sum(counts.values()),
                "active_jobs": sum(counts[status] for status in ACTIVE),
                "completed_jobs": counts[JobStatus.COMPLETED],
                "memory_usage": size,
            },
            "jobs": {str(status): number for status, number in counts.items()},
            "queue": {
                "waiting": waiting,
                "oldest": None if oldest is None else oldest.isoformat(),
                "carried_here": self._jobs.carried,
            },
            "settings": {
                "cache_ttl_hours": self._settings.cache_ttl_hours,
                "job_timeout_minutes": self._settings.job_timeout_minutes,
                "poll_interval": self._settings.poll_interval,
                "max_poll_attempts": self._settings.max_poll_attempts,
            },
        }

    async def cleanup(self, max_age: dt.timedelta, *, deep: bool) -> dict[str, Any]:
        """Remove finished jobs older than this, what nobody mentions any more, and with `deep` old logs."""
        cleaned = await self._retention.clean(Lifetimes(jobs=max_age, results=max_age))
        return {
            "message": "cleanup done",
            "jobs_removed": cleaned.jobs,
            "logs_cleaned": deep and await asyncio.to_thread(_remove_old_logs, self._settings.logs_folder),
            "files_removed": cleaned.files,
            "bytes_removed": cleaned.bytes,
        }

    async def factory_reset(self) -> dict[str, Any]:
        """Stop every job and forget everything, here and in the services."""
        for record in await self._jobs.store.unfinished():
            await self._stop(record)
        removed = await self._jobs.store.delete_all()
        names = list(self._services)
        answers = await asyncio.gather(*(self._reset(self._services[name]) for name in names))
        await self._retention.clean(Lifetimes(NOTHING, NOTHING), fresh=NOTHING)
        return {
            "message": "factory reset done in every service",
            "orchestrator": {
                "jobs_removed": removed,
                "logs_cleaned": await asyncio.to_thread(_remove_old_logs, self._settings.logs_folder),
            },
            "microservices": dict(zip(names, answers, strict=True)),
            "warning": "all data was removed from every service",
        }

    async def _stop(self, record: JobRecord) -> None:
        try:
            await self._jobs.cancel(record.job_id)
        except BatutaError:  # it ended or went by itself
            return

    async def _reset(self, service: Resettable) -> dict[str, Any]:
        try:
            async with asyncio.timeout(SERVICE_SECONDS):
                return {"status": "success", "data": dict(await service.reset())}
        except BatutaError as error:
            return {"status": "error", "error": error.message}
        except TimeoutError:
            return {"status": "error", "error": f"no answer within {SERVICE_SECONDS:g} s"}


def _remove_old_logs(folder: Path) -> bool:
    """Remove the logs that were rotated away; whether there were any."""
    old = list(folder.glob("*.log.*")) if folder.is_dir() else []
    for file in old:
        file.unlink(missing_ok=True)
    return bool(old)


def _megabytes(folder: Path) -> str:
    """What the records take on the disk."""
    size = sum(file.stat().st_size for file in folder.glob("*.sqlite*"))
    return f"{size / 1e6:.1f}MB"
