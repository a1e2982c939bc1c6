"""A real RabbitMQ, with queues that are new for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from broker_foreign import Foreign, foreigner
from broker_wire import Wire, wired

from batuta.testing.rabbitmq import RabbitServer, rabbitmq_server


@pytest.fixture(scope="session")
def rabbitmq(worker_folder: Path) -> Iterator[RabbitServer]:
    """A real RabbitMQ for the tests of this process; a test that stops it starts it again."""
    with rabbitmq_server(worker_folder / "rabbitmq") as server:
        yield server


@pytest.fixture
async def foreign(rabbitmq: RabbitServer, anyio_backend: str) -> AsyncIterator[Foreign]:
    """Somebody else's program at the same RabbitMQ, of which nothing was left by other tests."""
    del anyio_backend
    async with foreigner(rabbitmq.url) as foreign:
        await foreign.clean()
        yield foreign


@pytest.fixture
async def wire(rabbitmq: RabbitServer, anyio_backend: str) -> AsyncIterator[Wire]:
    """A way to the RabbitMQ that can be cut."""
    del anyio_backend
    async with wired(rabbitmq.port) as wire:
        yield wire
