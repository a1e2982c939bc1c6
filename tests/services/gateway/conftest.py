"""Object stores of both kinds, and the gateway over them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from gateway_parts import Cable, House, Told, open_house

from batuta.services.gateway.bucket import Bucket, BucketObjects
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.store import jobs, uploads
from batuta.storage.database import Database
from batuta.testing.postgres import PostgresServer
from batuta.testing.s3 import KEY, s3_server


@pytest.fixture(autouse=True)
def _nothing_left_running(nothing_left_running: None) -> None:
    """For all tests here."""


@pytest.fixture(scope="session")
def gateway_s3() -> Iterator[str]:
    """A real S3-speaking server's endpoint."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(gateway_s3: str) -> Bucket:
    """A bucket that is not there yet."""
    name = f"videos-{uuid.uuid4().hex}"
    return Bucket(gateway_s3, KEY, KEY, name, request_seconds=20, retries=1)


@pytest.fixture
async def in_bucket(bucket: Bucket) -> AsyncIterator[BucketObjects]:
    """Objects in that bucket."""
    found = BucketObjects(bucket)
    yield found
    await found.aclose()


@pytest.fixture
def in_folder(tmp_path: Path) -> FolderObjects:
    """Objects in a folder."""
    return FolderObjects.opened(tmp_path)


@pytest.fixture(params=["in a folder", "in a bucket"])
def objects(request: pytest.FixtureRequest) -> Objects:
    """A store of each kind."""
    name = "in_folder" if request.param == "in a folder" else "in_bucket"
    return request.getfixturevalue(name)


@pytest.fixture
async def cable(gateway_s3: str) -> AsyncIterator[Cable]:
    """A way to the S3 server that a test may cut."""
    found = Cable(gateway_s3)
    await found.mend()
    yield found
    await found.cut()


@pytest.fixture
def told() -> Told:
    """Whoever is told of new jobs."""
    return Told()


@pytest.fixture
async def house(tmp_path: Path, in_folder: FolderObjects, told: Told) -> AsyncIterator[House]:
    """The gateway over HTTP."""
    async with open_house(tmp_path, in_folder, told) as opened:
        yield opened


@pytest.fixture(scope="session")
def gateway_postgres(postgres: PostgresServer) -> str:
    """One database for all tests: making one costs more than any of them."""
    return postgres.new_database("gateway")


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of each kind, without jobs."""
    url = request.getfixturevalue("gateway_postgres") if request.param == "postgres" else None
    opened = Database.opened(tmp_path, url)
    await opened.create_tables()
    for table in (jobs, uploads):
        await opened.write(lambda connection, table=table: connection.execute(table.delete()))
    yield opened
    await opened.aclose()
