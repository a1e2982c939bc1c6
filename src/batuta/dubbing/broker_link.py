"""One connection to RabbitMQ, with the queues and the exchange we need, for as long as it lasts.

It does not mend itself: whoever has it learns that it is lost, and opens another. What was not acknowledged
on it RabbitMQ delivers again.

Messages are taken as aiormq gives them, on which aio-pika stands: with their properties as they came, which
a dead letter has to keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import aio_pika
import aiormq.abc
from aio_pika.abc import AbstractChannel
from aio_pika.connection import make_url
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, AMQPError, ChannelPreconditionFailed
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from yarl import URL

from batuta.errors import InvalidRequest, ServiceRefused, ServiceUnavailable
from batuta.telemetry.masking import MASK

CREATED: Final = "job.created"
DEAD: Final = "job.created.dead"
STATUS: Final = "job.status"
PREFETCH: Final = 8
"""Messages under way at a time."""
CONNECT_SECONDS: Final = 10.0
CONFIRM_SECONDS: Final = 5.0
"""RabbitMQ confirms a persistent message once it is on the disk: milliseconds."""
HEARTBEAT_SECONDS: Final = 10
"""A peer that is silent for three of them is gone (aiormq's rule; RabbitMQ's own is two)."""
CLOSE_SECONDS: Final = 1.5
LINK_ERRORS: Final = (*CONNECTION_EXCEPTIONS, TimeoutError)
"""Whatever the libraries raise when a connection breaks, or is none."""

R = TypeVar("R")


class Address:
    """Where a RabbitMQ is; its password is told to nobody else."""

    def __init__(self, url: str) -> None:
        """Raises `InvalidRequest` for what is no such URL, which is not repeated: a password may be in it."""
        try:
            given = make_url(url)
            beats = int(given.query.get("heartbeat", "0"))
            self.url: URL = given if beats > 0 else given.update_query(heartbeat=HEARTBEAT_SECONDS)
            self._secrets = [each for each in (self.url.password, self.url.raw_password) if each]
            self._shown = f"{self.url.host}:{self.url.port or self.url.scheme}{self.url.path}"
            usable = self.url.scheme in {"amqp", "amqps"} and bool(self.url.host)
        except ValueError:
            usable = False
        if not usable:
            raise InvalidRequest(
                "RABBITMQ_URL is no broker's address: write amqp://user:password@host:5672/vhost, "
                "with %2F for a / in user, password or vhost"
            )

    def __str__(self) -> str:
        """Host, port and virtual host."""
        return self._shown

    def cause(self, error: BaseException) -> str:
        """What the error says, without our password in it."""
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


class Link:
    """An open connection."""

    def __init__(self, address: Address, channel: aiormq.abc.AbstractChannel) -> None:
        self._address = address
        self._channel = channel
        self._closed: asyncio.Future[object] = channel.closing  # pyright: ignore[reportUnknownMemberType]  # of nothing in particular
        self._dismissed = asyncio.Event()

    async def consume(self, took: Callable[[DeliveredMessage], None]) -> None:
        """Have messages of `job.created` brought from now on, so many at a time as may be under way."""

        async def bring(message: DeliveredMessage) -> None:
            took(message)

        async def dismissed(_: object) -> None:
            self._dismissed.set()

        self._channel.on_consumer_cancel_callbacks.add(dismissed)
        await self._kept(self._channel.basic_qos(prefetch_count=PREFETCH))
        await self._kept(self._channel.basic_consume(CREATED, bring))

    async def send(
        self, body: bytes, properties: Basic.Properties, *, queue: str = "", exchange: str = ""
    ) -> None:
        """Return once RabbitMQ has the message for good; one to a queue has to get there.

        Raises `ServiceUnavailable`, also when it is not confirmed in time.
        """
        sending = self._channel.basic_publish(
            body,
            exchange=exchange,
            routing_key=queue,
            properties=properties,
            mandatory=bool(queue),
        )
        await self._kept(sending)

    async def acknowledge(self, message: DeliveredMessage) -> None:
        """Let RabbitMQ forget the message."""
        tag = message.delivery_tag
        if tag is not None:
            await self._kept(self._channel.basic_ack(tag))

    async def lost(self) -> None:
        """Wait for the end of the connection; raises `ServiceUnavailable`."""
        dismissed = asyncio.create_task(self._dismissed.wait())
        try:
            await asyncio.wait({self._closed, dismissed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            dismissed.cancel()
        raise ServiceUnavailable(f"RabbitMQ at {self._address}: {self._why_lost()}")

    async def _kept(self, work: Awaitable[R]) -> R:
        """What the work gives, in time; raises `ServiceUnavailable`.

        A connection that ends may cancel what waits for it, of which nobody here has asked for.
        """
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                return await work
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            raise ServiceUnavailable(f"RabbitMQ at {self._address}: {self._why_lost()}") from error
        except LINK_ERRORS as error:
            raise ServiceUnavailable(f"RabbitMQ at {self._address}: {self._address.cause(error)}") from error

    def _why_lost(self) -> str:
        if not self._closed.done():
            return f"the queue {CREATED} was deleted"
        error = None if self._closed.cancelled() else self._closed.exception()
        silent = error is None or isinstance(error, asyncio.CancelledError)
        return "it is silent" if silent or error is None else self._address.cause(error)


@asynccontextmanager
async def linked(address: Address) -> AsyncGenerator[Link]:
    """A connection until the block ends.

    Raises `ServiceUnavailable` where none can be had, `ServiceRefused` where a queue or the exchange is not
    as it must be.
    """
    logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)  # we say what it says, once
    connection = aio_pika.Connection(address.url)
    try:
        yield await _opened(connection, address)
    finally:
        await _close(connection)


async def _opened(connection: aio_pika.Connection, address: Address) -> Link:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()
            channel = connection.channel(on_return_raises=True)
            await channel.initialize()
            await _declare(channel)
            return Link(address, await channel.get_underlay_channel())
    except ChannelPreconditionFailed as error:
        raise ServiceRefused(
            f"RabbitMQ at {address}: {CREATED} and {DEAD} must be durable queues without arguments, and "
            f"{STATUS} a durable fanout exchange: delete or move what is there ({address.cause(error)})"
        ) from error
    except LINK_ERRORS as error:
        raise ServiceUnavailable(f"RabbitMQ at {address}: {address.cause(error)}") from error
    except asyncio.CancelledError as error:
        if is_cancelled():
            raise
        raise ServiceUnavailable(f"RabbitMQ at {address} ended the connection as it was opened") from error


async def _declare(channel: AbstractChannel) -> None:
    """What every producer of the seed declares, in the same way, and what is ours."""
    for queue in (CREATED, DEAD):
        await channel.declare_queue(queue, durable=True)
    await channel.declare_exchange(STATUS, aio_pika.ExchangeType.FANOUT, durable=True)


async def _close(connection: aio_pika.Connection) -> None:
    """Say good-bye, for so long as may be: one that hangs is left."""
    closing = asyncio.create_task(connection.close())
    if not (await asyncio.wait({closing}, timeout=CLOSE_SECONDS))[0]:
        closing.cancel()
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS / 3)
    if closing.done() and not closing.cancelled():
        with contextlib.suppress(AMQPError, OSError, RuntimeError):
            closing.result()
    if not connection.is_closed:  # it failed on its way; without its transport it is closed at once
        await connection.close()


def is_cancelled() -> bool:
    """Whether somebody asked for this task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
