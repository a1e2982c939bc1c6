"""A real Redis for the cache's tests, and the watch that no key in it lives for ever."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from batuta.testing.redis import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis(worker_folder: Path) -> Iterator[RedisServer]:
    """A server for the tests of this process; a test that stops it starts it again."""
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


@pytest.fixture
def cache_name() -> str:
    """A name nobody else has in this Redis."""
    return f"test-{uuid.uuid4().hex[:12]}"
