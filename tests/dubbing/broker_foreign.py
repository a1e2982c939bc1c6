"""Another program at the same RabbitMQ: it declares, publishes and looks as the seed's own would."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.connection import make_url
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from batuta.dubbing.broker_link import CREATED, DEAD, STATUS
from batuta.dubbing.intake import JobCreated, Pace
from batuta.services.gateway.models import Job

T = TypeVar("T")
QUICK = Pace(first=0.01, longest=0.05)
"""For tests, who have no time."""
LIMIT_SECONDS = 15.0


def job(number: int, **changes: Any) -> Job:
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    named: dict[str, Any] = {
        "source_object_key": f"1_{number}.mp4",
        "target_language": "es",
        "created_at": now,
        "updated_at": now,
    }
    return Job(id=number, owner="somebody", **{**named, **changes})


@dataclass
class Desk:
    """Accepts jobs as told: `does` is asked before each, and may raise or wait."""

    does: Callable[[JobCreated, int], Any] = lambda _created, _times: None
    asked: list[int] = field(default_factory=list[int])
    done: list[int] = field(default_factory=list[int])
    accepted: asyncio.Queue[int] = field(default_factory=asyncio.Queue[int])

    async def accept(self, created: JobCreated) -> None:
        self.asked.append(created.job_id)
        answer = self.does(created, self.asked.count(created.job_id))
        if answer is not None:
            await answer
        self.done.append(created.job_id)
        self.accepted.put_nowait(created.job_id)

    async def next(self) -> int:
        return await soon(self.accepted)


class Foreign:
    """A connection of its own."""

    def __init__(self, connection: aio_pika.abc.AbstractConnection, channel: aio_pika.Channel) -> None:
        self.connection = connection
        self.channel = channel

    async def clean(self) -> None:
        for queue in (CREATED, DEAD):
            await self.channel.queue_delete(queue)
        await self.channel.exchange_delete(STATUS)

    async def created(self, number: int) -> None:
        """What the seed's gateway sends."""
        body = {"jobId": number, "sourceObjectKey": "1_a.mp4", "targetLanguage": "es", "optionsJson": "{}"}
        await self.send(json.dumps({**body, "status": "QUEUED", "createdAt": 17}).encode())

    async def send(self, body: bytes, **properties: Any) -> None:
        await self.channel.declare_queue(CREATED, durable=True)
        plain = await self.channel.get_underlay_channel()
        await plain.basic_publish(body, routing_key=CREATED, properties=Basic.Properties(**properties))

    async def dead(self, count: int) -> list[DeliveredMessage]:
        """So many dead letters, as soon as they are there."""
        await self.channel.declare_queue(DEAD, durable=True)
        plain = await self.channel.get_underlay_channel()
        letters: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        consumer = await plain.basic_consume(DEAD, letters.put, no_ack=True)
        found = [await soon(letters) for _ in range(count)]
        await plain.basic_cancel(consumer.consumer_tag or "")
        return found

    async def left(self, queue: str) -> int:
        """Messages nobody has taken."""
        declared = await self.channel.declare_queue(queue, durable=True)
        return declared.declaration_result.message_count or 0

    async def statuses(self) -> asyncio.Queue[AbstractIncomingMessage]:
        """Whatever is published from now on."""
        exchange = await self.channel.declare_exchange(STATUS, aio_pika.ExchangeType.FANOUT, durable=True)
        queue = await self.channel.declare_queue(exclusive=True)
        await queue.bind(exchange)
        told: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(told.put, no_ack=True)
        return told


@asynccontextmanager
async def foreigner(url: str) -> AsyncIterator[Foreign]:
    connection = aio_pika.Connection(make_url(url))  # one that cannot be opened is closed, too
    try:
        await connection.connect()
        channel = connection.channel()
        await channel.initialize()
        yield Foreign(connection, channel)
    finally:
        await connection.close()


async def soon(queue: asyncio.Queue[T]) -> T:
    """What comes next."""
    async with asyncio.timeout(LIMIT_SECONDS):
        return await queue.get()


async def until(holds: Callable[[], bool]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not holds():  # noqa: ASYNC110  # others change it, who have no event to set
            await asyncio.sleep(0.01)
