"""The jobs of one service: accepted once, done once, remembered.

A job's id is the hash of its order and the service's version, so the same work asked for twice is the same
job, and nobody is ever handed another's result because two files had one name. Jobs outlive the process: what
was accepted and not finished is done again after a restart.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from batuta.errors import BatutaError, DeadlineExceeded, NotFound
from batuta.jobs.orders import Order
from batuta.services.records import ServiceJob, ServiceRecords, ServiceStatus
from batuta.services.work import Made, Service
from batuta.storage.artefacts import Artefact, ArtefactStore, as_local_file
from batuta.storage.database import Database

ID_LENGTH: Final = 32
CLEANING_SECONDS: Final = 3600.0
LONGEST_WORK: Final = dt.timedelta(days=1)
"""What another process has not touched for so long it no longer works on."""
T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True)
class Cleared:
    """What a service has forgotten."""

    jobs: int
    stopped: int
    """Those of the jobs that were not over."""
    files: int


class ServiceJobs:
    """Accepts, does and remembers the jobs of one service."""

    def __init__(
        self,
        service: Service,
        database: Database,
        artefacts: ArtefactStore,
        workspaces: Path,
        timeout: dt.timedelta,
        *,
        instance: str = "",
        owns_files: bool = True,
    ) -> None:
        """`workspaces` is a folder for files being made; `timeout` is what one order may take.

        `instance` tells several services of one name on one database apart: none sees another's jobs. A
        service that does not own the files of its store leaves deleting them to whoever does.
        """
        self.service = service
        self.artefacts = artefacts
        self.records = ServiceRecords(f"{service.name}@{instance}" if instance else service.name, database)
        self._owns_files = owns_files
        self._workspaces = workspaces / service.name
        self._timeout = timeout
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, float] = {}
        self._unwritten: dict[str, BatutaError] = {}
        """Why jobs ended whose end could not be recorded: a full disk must not look like work under way."""
        self._places = asyncio.Semaphore(service.concurrency)
        self._registering = asyncio.Lock()
        self._uninterrupted: set[asyncio.Task[Any]] = set()

    async def launch(self) -> None:
        """Go on, in the order of acceptance, with what an earlier process did not finish."""
        if not self._running:
            await asyncio.to_thread(shutil.rmtree, self._workspaces, ignore_errors=True)  # left by a kill
        for job in sorted(await self.records.final(final=False), key=lambda job: job.created_at):
            self._set_going(job)

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs are done again after the next launch."""
        await asyncio.gather(*self._uninterrupted, return_exceptions=True)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.service.aclose()

    async def accept(self, order: Order[Any], uploaded: Iterable[Artefact] = ()) -> ServiceJob:
        """The job that does this order: a new one, the one under way, or the finished one.

        `uploaded` are those of the order's files that were sent along with it.
        """
        return await self._to_the_end(self._accept(order, tuple(uploaded)))

    async def get(self, job_id: str) -> ServiceJob:
        """The job with its newest progress; raises `NotFound`."""
        job = await self.records.find(job_id)
        if job is None:
            raise NotFound(f"{self.service.name} has no job {job_id!r}")
        if job.status.final:
            return job
        if job_id in self._unwritten:
            return job.model_copy(update=_failed(self._unwritten[job_id]))
        return job.model_copy(update={"progress": self._progress.get(job_id, job.progress)})

    async def wait(self, job_id: str, seconds: float) -> ServiceJob:
        """The job once it is over, or after so many seconds as it then is."""
        task = self._running.get(job_id)
        if task is not None:
            await asyncio.wait({task}, timeout=seconds)
        return await self.get(job_id)

    async def remove(self, job_id: str) -> None:
        """Stop the job and forget it, with its files; raises `NotFound`."""
        await self._to_the_end(self._remove(job_id))

    async def clean(self, older_than: dt.timedelta) -> int:
        """Forget jobs finished longer ago than this, with their files; how many."""
        cutoff = _now() - older_than
        async with self._registering:
            old = [
                job
                for job in await self.records.final(final=True)
                if (job.completed_at or job.created_at) <= cutoff and job.id not in self._running
            ]
            await self.records.delete(old)
            await self.records.forget_other_instances(min(cutoff, _now() - LONGEST_WORK))
            await self.discard(file for job in old for file in job.owned)
        return len(old)

    async def keep_clean(self, older_than: dt.timedelta) -> None:
        """Clean once an hour, for ever."""
        while True:
            await asyncio.sleep(CLEANING_SECONDS)
            try:
                await self.clean(older_than)
            except Exception:  # what is locked or full now may not be so in an hour
                log.exception("service.not_cleaned", service=self.service.name)

    async def clear(self, *, running: bool) -> Cleared:
        """Forget every finished job, with its files; with `running` stop and forget the others, too."""
        stopped = [job.id for job in await self.records.final(final=False)] if running else []
        files = {file.sha256 for job in await self.records.all() for file in job.owned}
        for job_id in stopped:
            with suppress(NotFound):
                await self.remove(job_id)
        finished = await self.clean(dt.timedelta())
        left = {file.sha256 for job in await self.records.all() for file in job.owned}
        return Cleared(jobs=len(stopped) + finished, stopped=len(stopped), files=len(files - left))

    async def discard(self, files: Iterable[Artefact]) -> None:
        """Delete those of the files that no job of any service mentions, where that is up to us."""
        if not self._owns_files:
            return
        for file in await self.records.unmentioned(files):
            await self.artefacts.delete(file)

    async def _accept(self, order: Order[Any], uploaded: tuple[Artefact, ...]) -> ServiceJob:
        """Look and write without another acceptance in between: two of the same order are one job."""
        job_id = order.key(self.service.version)[:ID_LENGTH]
        async with self._registering:
            task = self._running.get(job_id)  # asked before the database is: a job may end in between
            known = await self.records.find(job_id)
            if known is not None and await self._is_of_use(known, under_way=task is not None):
                return known
            if task is not None:  # its end, or that it was removed, is written; it is about to be over
                await asyncio.wait({task})
            owned = (*known.owned, *uploaded) if known is not None else uploaded
            job = ServiceJob(
                id=job_id,
                order=order.model_dump(mode="json"),
                owned=tuple(dict.fromkeys(owned)),
                created_at=_now(),
            )
            await self.records.insert(job)
            self._set_going(job)
            return job

    async def _remove(self, job_id: str) -> None:
        """Forget first, then stop: whoever waits for the end then learns that there is no such job."""
        async with self._registering:
            job = await self.get(job_id)
            await self.records.delete([job])
            task = self._running.get(job_id)
            if task is not None:
                task.cancel()
        if task is not None:
            await asyncio.wait({task})
        async with self._registering:
            await self.discard(job.owned)

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this even if the caller leaves: half of it is a job that nobody does or nobody forgets."""
        task = asyncio.create_task(work)
        self._uninterrupted.add(task)
        task.add_done_callback(self._uninterrupted.discard)
        return await asyncio.shield(task)

    def _set_going(self, job: ServiceJob) -> None:
        if job.id in self._running:
            return
        task = asyncio.create_task(self._do(job), name=f"{self.service.name}:{job.id}")
        self._running[job.id] = task
        task.add_done_callback(lambda task: self._over(job.id, task))

    def _over(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._running.pop(job_id, None)
        self._progress.pop(job_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("service.unrecorded", service=self.service.name, job_id=job_id, cause=str(error))
            self._unwritten[job_id] = error if isinstance(error, BatutaError) else BatutaError(str(error))

    async def _do(self, job: ServiceJob) -> None:
        async with self._places:
            job = job.model_copy(update={"status": ServiceStatus.PROCESSING, "runs": job.runs + 1})
            await self.records.update(job)
            job = job.model_copy(update={**await self._end_of(job), "completed_at": _now()})
            if not await self.records.update(job):  # forgotten in the very moment in which it was finished
                await self.discard(job.owned)
        self._unwritten.pop(job.id, None)

    async def _end_of(self, job: ServiceJob) -> dict[str, Any]:
        """What the work comes to: its file, or why there is none."""
        limit = asyncio.timeout(self._timeout.total_seconds())
        try:
            async with limit:
                return await self._perform(job)
        except BatutaError as error:
            return _failed(error)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            if isinstance(error, TimeoutError) and limit.expired():
                return _failed(
                    DeadlineExceeded(f"{self.service.name} stopped the work after {self._timeout}")
                )
            log.exception("service.broken", service=self.service.name, job_id=job.id)
            return _failed(BatutaError(f"{type(error).__name__}: {error}"))

    async def _perform(self, job: ServiceJob) -> dict[str, Any]:
        """Do the order in a folder of its own, which is gone afterwards."""
        order = self.service.order.model_validate(job.order)
        workspace = self._workspaces / job.id
        try:
            await asyncio.to_thread(_make_empty, workspace)
            async with AsyncExitStack() as stack:
                files = {
                    name: await stack.enter_async_context(as_local_file(self.artefacts, artefact, workspace))
                    for name, artefact in order.files.items()
                }
                made = await self.service.perform(order, files, workspace, self._teller(job.id))
            return await self._completed(job, made)
        finally:
            await asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True)

    async def _completed(self, job: ServiceJob, made: Made) -> dict[str, Any]:
        shown = {"filename": made.filename, "details": dict(made.details)}
        if isinstance(made.file, Artefact):
            artefact, owned = made.file, job.owned
        else:
            artefact = await self.artefacts.put_file(made.file, made.media_type)
            owned = (*job.owned, artefact)
        done = {"status": ServiceStatus.COMPLETED, "progress": 100.0}
        return {**done, **_plain(shown), "artefact": artefact, "owned": owned}

    def _teller(self, job_id: str) -> Callable[[float], None]:
        def tell(percent: float) -> None:
            if job_id in self._running:
                self._progress[job_id] = max(self._progress.get(job_id, 0.0), min(percent, 100.0))

        return tell

    async def _is_of_use(self, job: ServiceJob, *, under_way: bool) -> bool:
        """Whether the job answers a new equal order: under way, or finished with its file still here."""
        if job.status is ServiceStatus.COMPLETED:
            expired = self._is_expired(job)
            return not expired and job.artefact is not None and await self.artefacts.has(job.artefact)
        return under_way and not job.status.final

    def _is_expired(self, job: ServiceJob) -> bool:
        lifetime = self.service.order.lifetime
        return lifetime is not None and job.created_at < _now() - lifetime


def _failed(error: BatutaError) -> dict[str, Any]:
    return {"status": ServiceStatus.FAILED, "error": _plain(error.to_dict())}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON can keep them: a file name may hold bytes that are no text (PEP 383).

    Raises `TypeError` for what is no JSON at all, while there is still somebody to tell.
    """
    plain: dict[str, Any] = json.loads(json.dumps(values, ensure_ascii=False).encode(errors="replace"))
    return plain


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _is_cancelled() -> bool:
    """Whether somebody stops this task, rather than that its work ran into something that was stopped."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
