"""What every test may use."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

import offspring
from batuta.settings import Settings
from batuta.testing.postgres import PostgresServer, postgres_server
from batuta.testing.redis import RedisServer, redis_server
from batuta.weights import Weights

PullWeights = Callable[[str], Path]


def pytest_configure(config: pytest.Config) -> None:
    """Let our many processes share compiled modules where the environment wants none beside the sources."""
    cache = getattr(config, "cache", None)
    if cache is not None and os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))


@pytest.fixture(autouse=True)
def _own_processes() -> None:
    """What `offspring.children` counts are the test's own."""
    offspring.remember()


@pytest.fixture
def anyio_backend() -> str:
    """Batuta runs on asyncio."""
    return "asyncio"


@pytest.fixture
async def nothing_left_running(anyio_backend: str) -> AsyncIterator[None]:
    """Every task a test causes has ended when the test has."""
    del anyio_backend
    before = asyncio.all_tasks()
    yield
    for _ in range(3):  # a task that is about to end may need a turn of the loop or two
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not [task for task in left if not task.get_coro().__qualname__.startswith("TestRunner.")]


@pytest.fixture(scope="session")
def postgres(worker_folder: Path) -> Iterator[PostgresServer]:
    """A real Postgres for the tests of this process."""
    with postgres_server(worker_folder / "postgres") as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """A new, empty database."""
    return postgres.new_database(f"test_{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def redis(worker_folder: Path) -> Iterator[RedisServer]:
    """A real Redis for the tests of this process; a test that stops it starts it again."""
    with redis_server(worker_folder / "redis") as server:
        yield server


@pytest.fixture(autouse=True)
def no_key_lives_for_ever(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test left in Redis goes by itself."""
    yield
    if "redis" in request.fixturenames:
        server: RedisServer = request.getfixturevalue("redis")
        with server.client() as client:
            assert [key for key in client.scan_iter(count=1000) if client.ttl(key) == -1] == []


@pytest.fixture(scope="session")
def worker_folder() -> Iterator[Path]:
    """A folder that other users can reach, for servers that do not run as root."""
    with tempfile.TemporaryDirectory(prefix="batuta-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def weights() -> PullWeights:
    """The folder of a set of weights by its name, pulled if it is not there."""
    source = Weights.from_settings(Settings())
    return lambda name: asyncio.run(source.ensure(name))


@pytest.fixture(scope="session")
def two_cities(weights: PullWeights) -> Path:
    """44 s of a man reading the first sentence of A Tale of Two Cities; `book.TWO_CITIES` is the text."""
    return weights("speech-two-cities") / "two_cities.wav"
