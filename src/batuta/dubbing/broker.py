"""RabbitMQ before dubbing: jobs arrive from it, and how they are is published there (contract: "Broker").

A message is acknowledged when the job is accepted for good, or the message is kept among the dead: whatever
breaks before, RabbitMQ delivers it again. The broker may be away at any time, at the start too: it is sought
until it is there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Final

import structlog
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from batuta.dubbing.broker_link import (
    CONFIRM_SECONDS,
    CREATED,
    DEAD,
    PREFETCH,
    STATUS,
    Address,
    Link,
    is_cancelled,
    linked,
)
from batuta.dubbing.intake import PERSISTENT, Accept, Intake, JobCreated, Pace, dead_letter
from batuta.dubbing.statuses import Statuses
from batuta.errors import BatutaError, ServiceRefused, ServiceUnavailable
from batuta.services.gateway.models import Job

log = structlog.get_logger()

RECONNECT: Final = Pace(first=0.25, longest=5.0)
RETRY: Final = Pace()
STEADY_SECONDS: Final = 10.0
"""A connection that lasted so long did not fail at once."""
FLUSH_SECONDS: Final = 0.5
"""At the end, for states not published yet."""
END_SECONDS: Final = 2.5
"""Longer than it takes to leave a broker that hangs."""


class Broker:
    """Jobs from RabbitMQ and their states to it, while `open_broker` is open."""

    def __init__(self, address: Address, intake: Intake, reconnect: Pace) -> None:
        self._address = address
        self._intake = intake
        self._reconnect = reconnect
        self._statuses = Statuses()
        self._link: Link | None = None
        self._linked = asyncio.Event()
        self.trouble: str | None = None
        """Why there is no connection; None while there is one, or the first is being made."""

    @property
    def connected(self) -> bool:
        """Whether jobs arrive now."""
        return self._link is not None

    async def announce(self, job: Job) -> None:
        """Return once the message that the job was created is kept for good.

        Raises `ServiceUnavailable` otherwise; then it may be kept all the same, and can be announced again.
        """
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                if self.trouble is None:  # about to be there, at the start
                    await self._linked.wait()
                link = self._link
                if link is None:
                    raise ServiceUnavailable(f"{self.trouble}")
                body = JobCreated.of(job).model_dump_json(by_alias=True).encode()
                await link.send(body, _properties(CREATED), queue=CREATED)
        except (ServiceUnavailable, TimeoutError) as error:
            cause = str(error) or "not confirmed in time"
            raise ServiceUnavailable(f"job {job.id} could not be announced ({cause}): try again") from error

    async def publish_status(self, job: Job) -> None:
        """Publish how the job is, soon; while the broker is away the newest state of each job is kept."""
        self._statuses.put(job)

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, until cancelled."""
        loop = asyncio.get_running_loop()
        tries = 0
        while True:
            began = loop.time()
            try:
                await self._session()
            except* BatutaError as group:
                self._lost(group)
            except* Exception as group:  # whatever it is, jobs must go on arriving
                log.exception("broker.failed")
                self._lost(group)
            if is_cancelled():  # of which a group of tasks that fails at that moment says nothing
                return
            tries = 0 if loop.time() - began > STEADY_SECONDS else tries + 1
            jitter = random.random()  # noqa: S311  # parts the crowd
            await asyncio.sleep(self._reconnect.pause(max(tries - 1, 0), jitter))

    async def flush(self) -> None:
        """Return when every state is published; not before there is a connection."""
        await self._statuses.emptied()

    async def _session(self) -> None:
        """One connection's life; raises what ends it."""
        async with linked(self._address) as link, asyncio.TaskGroup() as group:
            waiting: asyncio.Queue[DeliveredMessage] = asyncio.Queue()  # RabbitMQ sends no more than PREFETCH
            for _ in range(PREFETCH):
                group.create_task(self._take(link, waiting))
            group.create_task(self._publish(link))
            await link.consume(waiting.put_nowait)
            self._link, self.trouble = link, None
            self._linked.set()
            log.info("broker.connected", broker=str(self._address))
            try:
                await link.lost()
            finally:
                self._link = None
                self._linked.clear()

    async def _take(self, link: Link, waiting: asyncio.Queue[DeliveredMessage]) -> None:
        while True:
            message = await waiting.get()
            dead = await self._intake.take(message)
            if dead is not None:
                await link.send(message.body, dead_letter(message, dead, dt.datetime.now(dt.UTC)), queue=DEAD)
                log.warning("broker.dead_letter", queue=DEAD, reason=dead)
            await link.acknowledge(message)

    async def _publish(self, link: Link) -> None:
        while True:
            job = await self._statuses.next()
            body = job.model_dump_json(by_alias=True).encode()
            await link.send(body, _properties(STATUS), exchange=STATUS)
            self._statuses.published(job)

    def _lost(self, group: BaseExceptionGroup[Exception]) -> None:
        """Say why, when that is news."""
        errors = group.exceptions
        error = next((each for each in errors if isinstance(each, BatutaError)), errors[0])
        cause = self._address.cause(error) if not isinstance(error, BatutaError) else error.message
        if cause != self.trouble:
            say = log.error if isinstance(error, ServiceRefused) else log.warning
            say("broker.away", broker=str(self._address), cause=cause)
        self.trouble = cause


@asynccontextmanager
async def open_broker(
    url: str, accept: Accept, *, retry: Pace = RETRY, reconnect: Pace = RECONNECT
) -> AsyncGenerator[Broker]:
    """Bring jobs from RabbitMQ to whoever accepts them until the block ends; it need not be there yet.

    Raises `InvalidRequest` for a URL that is no broker's address.
    """
    broker = Broker(Address(url), Intake(accept, retry), reconnect)
    running = asyncio.create_task(broker.run(), context=Context())
    try:
        yield broker
    finally:
        if broker.connected:
            flushed = asyncio.create_task(broker.flush())
            await asyncio.wait({flushed}, timeout=FLUSH_SECONDS)
            flushed.cancel()
        running.cancel()
        await asyncio.wait({running}, timeout=END_SECONDS)
        broker.trouble = "the connection to RabbitMQ is closed for good"


def _properties(kind: str) -> Basic.Properties:
    return Basic.Properties(
        content_type="application/json",
        delivery_mode=PERSISTENT,
        timestamp=dt.datetime.now(dt.UTC),
        message_type=kind,
        app_id="batuta",
    )
