"""A database, a receiver, a clock that stands still, and couriers by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog
from ended_jobs import SECRET, ended
from structlog.testing import LogCapture
from webhook_receiver import Receiver, receiving

from batuta.clients.addresses import AllowList
from batuta.clients.guarded import GuardedClient
from batuta.jobs.webhooks import Courier, enqueue
from batuta.jobs.webhooks.deliveries import Deliveries
from batuta.storage.database import Database
from batuta.testing.clock import VirtualClock


@pytest.fixture
async def receiver(anyio_backend: str) -> AsyncIterator[Receiver]:
    del anyio_backend
    async with receiving() as found:
        yield found


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, anyio_backend: str, tmp_path: Path
) -> AsyncIterator[Database]:
    """SQLite, or what a test's parameter says."""
    del anyio_backend
    url = request.getfixturevalue("postgres_url") if getattr(request, "param", "") == "postgres" else None
    found = Database.opened(tmp_path, url)
    await found.create_tables()
    yield found
    await found.aclose()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def now(clock: VirtualClock) -> Callable[[], dt.datetime]:
    """The time of day by the clock, beginning a moment from now."""
    start = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    return lambda: start + dt.timedelta(seconds=clock.now())


@pytest.fixture
async def courier(
    database: Database, now: Callable[[], dt.datetime]
) -> AsyncIterator[Callable[..., Courier]]:
    """Makes couriers, each like one of another process; they may go to the loopback."""
    made: list[Courier] = []

    def make(**options: object) -> Courier:
        allow = AllowList.of(options.pop("allow", ["127.0.0.1"]))
        client = GuardedClient(allow, seconds=options.pop("seconds", 5.0))
        options = {"now": now, "jitter": lambda: 0.0, **options}
        made.append(Courier(Deliveries(database), client, SECRET, **options))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


@pytest.fixture(autouse=True)
def logged() -> AsyncIterator[LogCapture]:
    """What is logged meanwhile."""
    before = structlog.get_config()["processors"]
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(processors=before)


@pytest.fixture
def callback_url() -> str:
    """Where the owner of a job wants to be told; nobody is there."""
    return "http://hooks.example/hook"


@pytest.fixture
def ends(database: Database, callback_url: str) -> Callable[..., object]:
    """Let a job end whose owner wants to be told; gives the delivery's id."""

    async def end(job_id: str = "abc", url: str | None = None, **changes: object) -> str:
        record = ended(job_id, **changes)
        return await database.write(
            lambda connection: enqueue(connection, record, url or callback_url, reference="mine")
        )

    return end
