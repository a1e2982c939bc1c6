"""What to do with a message that says a job was created: accepted, tried again in place, or dead.

| what came of it                                              | the message is                          |
|--------------------------------------------------------------|-----------------------------------------|
| accepted                                                     | acknowledged                            |
| not JSON, without a job's number, longer than 1 MB           | dead at once                            |
| an error that may pass: a service or the database is away    | tried again, for as long as it takes    |
| a job nobody knows                                           | tried again twice, then dead            |
| another error of ours                                        | dead at once                            |
| a failure nobody thought of                                  | tried again four times, then dead       |

A dead message is kept in a queue of its own, with the reason: nothing is thrown away.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, cast

import structlog
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.common import FieldTable
from pamqp.encode import field_table
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from batuta.clients.retry import RetryPolicy
from batuta.errors import BatutaError, InvalidRequest, NotFound, PayloadTooLarge, StorageError
from batuta.services.gateway.models import Job
from batuta.services.problems import invalid
from batuta.telemetry.masking import masked_text

log = structlog.get_logger()

MAX_BODY: Final = 1024 * 1024
ACCEPT_SECONDS: Final = 120.0
"""Accepting is a request or two and a transaction."""
UNKNOWN_TRIES: Final = 2
"""A gateway may announce a job a moment before its own transaction is over."""
UNEXPECTED_TRIES: Final = 5
MAX_REDELIVERIES: Final = 20
"""By quorum queues' own count: whatever brings down whoever takes the message is not met for ever."""
PERSISTENT: Final = 2
"""Delivery mode (AMQP 0-9-1, class basic)."""
_REMEMBERED: Final = 1024
_REASON: Final = 1000
_HEADERS_BYTES: Final = 64 * 1024
"""A message's properties travel in one frame, of which RabbitMQ allows 128 kB."""
_STEEPEST: Final = 16

Accept = Callable[["JobCreated"], Awaitable[None]]
"""Returns once the job will be done whatever happens; may be called again for the same job."""


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a job's number, not a boolean")  # noqa: TRY004  # what pydantic turns into its own
    return value


def _text(value: object) -> str | None:
    """A gateway may send an object in the place of its JSON; only the number decides."""
    return value if value is None or isinstance(value, str) else to_json(value).decode()


_Text = Annotated[str | None, BeforeValidator(_text)]


class JobCreated(BaseModel):
    """The message, as every producer of the seed writes it."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, extra="ignore")

    job_id: Annotated[int, BeforeValidator(_number), Field(ge=1)]
    source_object_key: _Text = None
    target_language: _Text = None
    options_json: _Text = None
    status: _Text = None

    @classmethod
    def of(cls, job: Job) -> JobCreated:
        """What says that the job was created."""
        return cls(
            job_id=job.id,
            source_object_key=job.source_object_key,
            target_language=job.target_language,
            options_json=job.options_json,
            status=job.status.value,
        )

    @classmethod
    def read(cls, body: bytes) -> JobCreated:
        """Out of a message's body; raises `InvalidRequest`."""
        if len(body) > MAX_BODY:
            raise PayloadTooLarge(f"the message has {len(body)} bytes, and may have {MAX_BODY}")
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise invalid(error) from error


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two tries: the first pause, and the longest."""

    first: float = 1.0
    longest: float = 30.0

    def pause(self, tries: int, jitter: float) -> float:
        """After so many tries before the last one; `jitter` is 0 to 1."""
        backoff = RetryPolicy(base=self.first).backoff(min(tries, _STEEPEST), jitter)
        return min(backoff, self.longest)


def next_pause(
    error: Exception, tries: int, unexpected: int, redeliveries: int, pace: Pace, jitter: float
) -> float | None:
    """Seconds until the message is tried again, or None: it is dead.

    `tries` is how often it was tried before this, `unexpected` how often something unexpected has happened to
    it by now, over all its deliveries.
    """
    pause = pace.pause(tries, jitter)
    if isinstance(error, BatutaError):
        if error.retryable:
            return min(max(pause, error.retry_after or 0.0), pace.longest)
        if isinstance(error, StorageError):  # no message is to blame for our own disk or database
            return pause
        return pause if isinstance(error, NotFound) and tries < UNKNOWN_TRIES else None
    if isinstance(error, TimeoutError):
        return pause
    return None if unexpected >= UNEXPECTED_TRIES or redeliveries > MAX_REDELIVERIES else pause


class Intake:
    """Brings messages to whoever accepts jobs."""

    def __init__(self, accept: Accept, pace: Pace) -> None:
        self._accept = accept
        self._pace = pace
        self._unexpected: OrderedDict[str, int] = OrderedDict()
        """Failures nobody thought of, by the message: a broken connection does not make them undone."""

    async def take(self, message: DeliveredMessage) -> str | None:
        """Return None once the job is accepted, otherwise why the message is dead; may take very long."""
        try:
            created = JobCreated.read(message.body)
        except InvalidRequest as error:
            return _reason(error)
        key = hashlib.sha256(message.body).hexdigest()
        tries = 0
        while True:
            try:
                async with asyncio.timeout(ACCEPT_SECONDS):
                    await self._accept(created)
            except Exception as error:  # noqa: BLE001  # none may be the end of a worker
                pause = self._judged(error, key, created, tries, _redeliveries(message))
                if pause is None:
                    self._unexpected.pop(key, None)
                    return _reason(error)
            else:
                self._unexpected.pop(key, None)
                return None
            await asyncio.sleep(pause)
            tries += 1

    def _judged(
        self, error: Exception, key: str, created: JobCreated, tries: int, redeliveries: int
    ) -> float | None:
        if not isinstance(error, BatutaError | TimeoutError):
            self._unexpected[key] = self._unexpected.pop(key, 0) + 1
            if len(self._unexpected) > _REMEMBERED:
                self._unexpected.popitem(last=False)
            log.error("broker.unexpected_failure", job_id=created.job_id, exc_info=error)
        unexpected = self._unexpected.get(key, 0)
        jitter = random.random()  # noqa: S311  # parts the crowd
        pause = next_pause(error, tries, unexpected, redeliveries, self._pace, jitter)
        if pause is not None:
            log.warning(
                "broker.not_accepted", job_id=created.job_id, cause=_reason(error), pause_seconds=pause
            )
        return pause


def dead_letter(message: DeliveredMessage, reason: str, now: dt.datetime) -> Basic.Properties:
    """The message's own properties, with the reason and the moment; the body stays as it is.

    What would make the copy vanish, go elsewhere or be refused becomes a header that only tells: the
    lifetime, further addressees, and the user, whom RabbitMQ compares with the one who sends.
    """
    was = message.header.properties
    own = {
        "x-batuta-reason": masked_text(reason)[:_REASON],
        "x-batuta-at": now.isoformat(timespec="milliseconds"),
        "x-batuta-expiration": was.expiration,
        "x-batuta-user-id": was.user_id,
    }
    headers = {**_kept_headers(was.headers or {}), **{name: each for name, each in own.items() if each}}
    return Basic.Properties(
        content_type=was.content_type,
        content_encoding=was.content_encoding,
        headers=cast("FieldTable", headers),
        delivery_mode=PERSISTENT,
        priority=was.priority,
        correlation_id=was.correlation_id,
        reply_to=was.reply_to,
        message_id=was.message_id,
        timestamp=was.timestamp,
        message_type=was.message_type,
        app_id=was.app_id,
    )


def _kept_headers(headers: FieldTable) -> FieldTable:
    """The same; where they cannot be written again, or leave no room for ours, the start of their text."""
    addressees = {"CC", "BCC"}
    kept: FieldTable = {
        f"x-batuta-{name.lower()}" if name in addressees else name: value for name, value in headers.items()
    }
    try:
        fit = len(field_table(kept)) <= _HEADERS_BYTES
    except Exception:  # noqa: BLE001  # values that the library reads but does not write
        fit = False
    return kept if fit else {"x-batuta-headers": str(kept)[:_REASON]}


def _redeliveries(message: DeliveredMessage) -> int:
    """As quorum queues count them; the others do not."""
    count = (message.header.properties.headers or {}).get("x-delivery-count")
    return count if isinstance(count, int) else 0


def _reason(error: Exception) -> str:
    code = error.code if isinstance(error, BatutaError) else f"unexpected {type(error).__name__}"
    return f"{code}: {error}"[:_REASON]
