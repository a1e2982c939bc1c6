"""The durable engine: the only module that knows it is DBOS.

A *run* is one pass through a pipeline, known by its id. What a run does happens in *steps*; a step that
finished is never executed again, and a run that was under way when the process died goes on when the next
process launches. Measured facts behind each setting: docs/decisions.md, "Durable engine".

Nothing outside this module imports `dbos`; replacing the engine means rewriting this file.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar

import dbos._serialization as dbos_serialization
import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID
from dbos import error as dbos_error
from sqlalchemy.exc import DBAPIError

from batuta.errors import StorageError
from batuta.jobs import codec
from batuta.jobs.sqlite import sqlite_engine
from batuta.storage.database import STATEMENT_TIMEOUT_MS
from batuta.storage.lock import FolderLock

T = TypeVar("T")
RunState = Literal["unknown", "active", "done", "dead"]
RunFunction = Callable[[str], Coroutine[Any, Any, None]]

APP_NAME: Final = "batuta"
APP_VERSION: Final = "stable-1"
"""Constant: the default, a hash of the source, would strand every unfinished run at the next release."""
MAX_RECOVERIES: Final = 100
"""A run whose process dies under it more often is given up. Engines die in processes of their own, so a run
rarely is to blame."""
RETENTION: Final = dt.timedelta(days=7)
"""Finished runs are forgotten by the engine after this; our own job records are what people read."""
RETENTION_BATCH: Final = 500
IDLE_TRANSACTION_SECONDS: Final = 3.0
"""Postgres ends a transaction in which nothing happens for so long: its process stopped, or its machine is
gone, and the rows it locked would keep everybody else from taking over. Shorter than a lease."""


class _JsonSerializer(Serializer):
    def name(self) -> str:
        return "batuta_json_1"

    def serialize(self, data: object) -> str:
        return codec.encode(data)

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401  # the library's signature
        return codec.decode(serialized_data)


def _refuse_pickle(*_args: object, **_kwargs: object) -> NoReturn:
    raise ValueError("pickle is disabled: the row was not written by Batuta")


# A row tagged as pickle would be unpickled even with a serializer configured: code execution from a listing.
dbos_serialization.DBOSDefaultSerializer.serialize = _refuse_pickle
dbos_serialization.DBOSDefaultSerializer.deserialize = _refuse_pickle

# It logs every failed or cancelled run with a traceback; our events and errors say it once, in our words.
_logger = logging.getLogger("dbos")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False

log = structlog.get_logger()

_engine: Engine | None = None
"""DBOS is one per process, and so is the engine."""


@DBOS.workflow(name="run", max_recovery_attempts=MAX_RECOVERIES)
async def _run(run_id: str) -> None:
    if _engine is None:
        raise RuntimeError("the engine is not launched")
    await _engine.carry(run_id)


class Engine:
    """Runs that survive their process: one process a SQLite file at a time, or many on one Postgres."""

    def __init__(
        self, folder: Path, function: RunFunction, *, url: str | None = None, carrier: str = "local"
    ) -> None:
        """`function(run_id)` is what a run does; it must do everything that matters inside `step`.

        With a Postgres `url`, `carrier` names this process; a name must never be used a second time.
        """
        self._folder = folder
        self._function = function
        self._url = url
        self._carrier = carrier
        self._lock = FolderLock(folder)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._retention: asyncio.Task[None] | None = None
        self._sqlite: sa.Engine | None = None

    async def launch(self) -> None:
        """Go on with unfinished runs of the folder; raises `Conflict` when another process has it.

        On Postgres nothing is taken: the runs of others are gone on with by `adopt`.
        """
        global _engine  # noqa: PLW0603  # DBOS finds the run function through the module
        if self._url is None:
            self._lock.acquire()
        _engine = self
        try:
            DBOS(config=self._config())
            DBOS.launch()  # inside the running loop: runs share it, its clients and its pools
        except BaseException as error:
            _engine = None
            self._lock.release()
            if isinstance(error, DBAPIError):
                raise StorageError(f"the engine's database cannot be used: {error.orig}") from error
            raise
        self._retention = asyncio.create_task(self._forget_old_runs())

    async def aclose(self) -> None:
        """Stop at once; what was under way goes on at the next launch."""
        global _engine  # noqa: PLW0603
        if _engine is not self or self._retention is None:
            return
        self._retention.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # DBOS made its thread pool the loop's own and shuts it down; whoever still works needs one meanwhile.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await asyncio.to_thread(DBOS.destroy)
        if self._sqlite is not None:
            self._sqlite.dispose()
        _engine = None
        self._lock.release()

    async def start(self, run_id: str) -> None:
        """Begin a run; nothing happens when it was begun before."""
        with SetWorkflowID(run_id):
            await DBOS.start_workflow_async(_run, run_id)

    async def adopt(self, carriers: Collection[str]) -> None:
        """Let the runs of dead processes go on in live ones; runs that go on already are left alone."""
        # The one private name: the open library recovers the runs of its own process only.
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(carriers))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def cancel(self, run_id: str) -> None:
        """Stop a run: its step under way is cancelled within a second, and no other begins."""
        await DBOS.cancel_workflow_async(run_id, cancel_children=True)

    async def state(self, run_id: str) -> RunState:
        """What the engine knows of a run: `dead` is one that ended without finishing."""
        found = await DBOS.get_workflow_status_async(run_id)
        match found.status if found else None:
            case None:
                return "unknown"
            case "PENDING" | "ENQUEUED" | "DELAYED":
                return "active"
            case "SUCCESS":
                return "done"
            case _:
                return "dead"

    async def step(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work` and remember its outcome under the name; a remembered outcome is given back.

        The outcome, value or error, must fit `codec.encode`. Inside a cancelled run this raises
        `asyncio.CancelledError`.
        """

        async def body() -> T:
            return await work()

        try:
            return await DBOS.run_step_async({"name": name, "preemptible": True}, body)
        except dbos_error.DBOSWorkflowCancelledError as error:
            raise asyncio.CancelledError(str(error)) from error
        except DBAPIError as error:
            raise StorageError(f"the engine's database cannot be used: {error.orig}") from error

    async def carry(self, run_id: str) -> None:
        """Do what the run does, in a task that `aclose` can stop."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._function(run_id)

    def _config(self) -> DBOSConfig:
        config: DBOSConfig = {
            "name": APP_NAME,
            "application_version": APP_VERSION,
            "executor_id": self._carrier,
            "serializer": _JsonSerializer(),
            "notification_listener_polling_interval_sec": 0.25,
            "scheduler_polling_interval_sec": 30.0,
            "log_level": "CRITICAL",
            "enable_otlp": False,
        }
        if self._url is None:
            self._sqlite = sqlite_engine(self._folder / "engine.sqlite")
            return {**config, "system_database_engine": self._sqlite, "max_executor_threads": 8}
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
        return {
            **config,
            "system_database_url": self._url,
            "sys_db_pool_size": 16,
            "sys_db_idle_transaction_timeout_sec": IDLE_TRANSACTION_SECONDS,
            "db_engine_kwargs": {"connect_args": {"connect_timeout": 5, "options": options}},
            "max_executor_threads": 32,
        }

    async def _forget_old_runs(self) -> None:
        """Once an hour."""
        while True:
            try:
                await self._forget_runs_before(dt.datetime.now(dt.UTC) - RETENTION)
            except Exception:  # a database that is locked or full now may not be so in an hour
                log.exception("engine.old_runs_not_forgotten")
            await asyncio.sleep(3600)

    async def _forget_runs_before(self, cutoff: dt.datetime) -> None:
        """Drop runs that finished before this, whole batches at a time."""
        while old := await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            completed_before=cutoff.isoformat(),
            has_parent=False,
            limit=RETENTION_BATCH,
            load_input=False,
            load_output=False,
        ):
            await DBOS.delete_workflows_async([run.workflow_id for run in old], delete_children=True)
