"""Stores of every kind, shared by the tests of a process: each test has sessions of its own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dynamo_tables import new_table
from session_talks import LIFETIME, Opens, Time

from batuta.sessions import Sessions, SessionStore, SqlSessions
from batuta.storage.database import Database
from batuta.testing.dynamodb import dynamodb_server
from batuta.testing.postgres import PostgresServer


@pytest.fixture(autouse=True)
def _nothing_left_running(nothing_left_running: None) -> None:
    """For all tests here."""


@pytest.fixture(scope="session")
def in_sqlite(worker_folder: Path) -> Iterator[Database]:
    """A database in a folder, with our tables."""
    yield from _database(Database.in_folder(worker_folder / "sessions"))


@pytest.fixture(scope="session")
def in_postgres(postgres: PostgresServer) -> Iterator[Database]:
    """A database of the server, with our tables."""
    yield from _database(Database.at(postgres.new_database(f"sessions_{uuid.uuid4().hex}")))


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[str]:
    """The endpoint of a DynamoDB-speaking server."""
    with dynamodb_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["sqlite", "postgres", "dynamodb"])
def place(request: pytest.FixtureRequest) -> Database | str:
    """A database, or the endpoint of a server; each kind once."""
    name = "dynamodb" if request.param == "dynamodb" else f"in_{request.param}"
    found: Database | str = request.getfixturevalue(name)
    return found


@pytest.fixture
async def store(place: Database | str, anyio_backend: str) -> AsyncIterator[SessionStore]:
    """A store of each kind."""
    del anyio_backend
    if isinstance(place, str):
        opened: SessionStore = await new_table(place)
    else:
        opened = SqlSessions(place)
    yield opened
    await opened.aclose()


@pytest.fixture
def time() -> Time:
    """What all of them take for the time."""
    return Time()


@pytest.fixture
async def opens(store: SessionStore, time: Time) -> AsyncIterator[Opens]:
    """Two of them are as two processes: they share nothing but the store."""
    opened: list[Sessions] = []

    def open_one(
        *, lease_seconds: float = 10, wait_seconds: float = 20, turn_seconds: float = 60
    ) -> Sessions:
        opened.append(
            Sessions(
                store,
                lifetime=LIFETIME,
                turn_seconds=turn_seconds,
                lease_seconds=lease_seconds,
                wait_seconds=wait_seconds,
                now=time.now,
            )
        )
        return opened[-1]

    yield open_one
    for each in opened:
        await each.aclose()


@pytest.fixture
def sessions(opens: Opens) -> Sessions:
    """The conversations of one process."""
    return opens()


@pytest.fixture
def new_id() -> str:
    """What no session is called yet."""
    return f"s-{uuid.uuid4().hex}"


def _database(database: Database) -> Iterator[Database]:
    asyncio.run(database.create_tables())
    yield database
    asyncio.run(database.aclose())
