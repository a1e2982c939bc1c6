"""The courier takes deliveries to their URLs, again and again until they are heard or hopeless.

Any number of couriers may work on one database. One that dies leaves its claims, which run out after
CLAIM_SECONDS; the next one sends again, under the same id.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import secrets
from collections.abc import Callable
from typing import Final

import httpx2
import structlog

from batuta.clients.addresses import AllowList, check_url
from batuta.clients.guarded import Answer, GuardedClient
from batuta.clients.retry import retry_after
from batuta.errors import InvalidRequest, ServiceUnavailable
from batuta.jobs.webhooks.deliveries import Claim, Deliveries, Delivery, Parcel
from batuta.jobs.webhooks.schedule import Attempt, State, Verdict, decide
from batuta.jobs.webhooks.secret import webhook_secret
from batuta.jobs.webhooks.signing import signed_headers
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.telemetry.metrics import delivery
from batuta.version import __version__

AT_ONCE: Final = 16
PER_HOST: Final = 4
LOOK_SECONDS: Final = 3.0
"""How soon a courier sees what another process asked for; its own process wakes it."""
CLAIM_SECONDS: Final = 60.0
"""Longer than any attempt (10 s for the answer, 2 s for its body) and two machines' clocks may differ."""
ERROR_CHARACTERS: Final = 300

log = structlog.get_logger()

_OUTCOMES: Final = {State.DELIVERED: "delivered", State.PENDING: "retried", State.FAILED: "given_up"}


def utc_now() -> dt.datetime:
    """The time of day."""
    return dt.datetime.now(dt.UTC)


class Courier:
    """Sends what is due."""

    def __init__(
        self,
        deliveries: Deliveries,
        client: GuardedClient,
        secret: str,
        *,
        now: Callable[[], dt.datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.deliveries = deliveries
        self._client = client
        self._secret = secret
        self._now = now
        self._jitter = jitter
        self._look_seconds = look_seconds
        self._owner = secrets.token_hex(8)
        self._woken = asyncio.Event()
        self._sending: dict[asyncio.Task[None], str] = {}
        self._background: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(cls, database: Database, settings: Settings) -> Courier:
        """One as the operator wants it; raises `InvalidRequest` for a secret that is none, `StorageError`."""
        client = GuardedClient(AllowList.of(settings.allowed_hosts))
        return cls(Deliveries(database), client, webhook_secret(settings))

    async def launch(self) -> None:
        """Begin, with whatever is due."""
        self._background = asyncio.create_task(self._work(), name="webhook-courier")

    async def aclose(self) -> None:
        """Stop at once; what was not finished is sent by the next courier."""
        tasks = [*self._sending, *filter(None, [self._background])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._background = None
        try:
            await self.deliveries.release(self._owner)
        except Exception:
            log.exception("webhooks.not_released")  # the claims run out by themselves
        await self._client.aclose()

    def wake(self) -> None:
        """Look now: something was asked for. For the event loop's thread."""
        self._woken.set()

    async def replay(self, delivery_id: str, job_id: str | None = None) -> Delivery:
        """Send again, under the same id; raises `NotFound`, also when the delivery is not of `job_id`."""
        delivery = await self.deliveries.replay(delivery_id, self._now(), job_id)
        self.wake()
        return delivery

    async def ping(self, url: str) -> Delivery:
        """Send a test to the URL, once, and tell how it went; raises `InvalidRequest` as `check_url` does."""
        check_url(url, self._client.allow)
        parcel = await self.deliveries.add_ping(url, self._now(), self._claim())
        await self._send(parcel, once=True)
        return await self.deliveries.get(parcel.delivery_id)

    async def deliver_due(self) -> int:
        """Send what is due now and wait for the answers, instead of launching; gives how many were sent."""
        sent = 0
        while started := await self._set_off():
            sent += started
            await asyncio.gather(*self._sending)
        return sent

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._set_off()
            except Exception:  # a database that is locked or full now may not be so later
                log.exception("webhooks.not_looked")
            try:
                async with asyncio.timeout(self._look_seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _set_off(self) -> int:
        """Start to send as much as there are free places for; gives how many."""
        places = AT_ONCE - len(self._sending)
        hosts = list(self._sending.values())
        parcels = await self.deliveries.claim(self._claim(), self._now(), places, PER_HOST, hosts)
        for parcel in parcels:
            task = asyncio.create_task(self._send(parcel))
            self._sending[task] = parcel.host
            task.add_done_callback(self._sent)
        return len(parcels)

    def _sent(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        self.wake()  # a place is free

    def _claim(self) -> Claim:
        return Claim(self._owner, self._now() + dt.timedelta(seconds=CLAIM_SECONDS))

    async def _send(self, parcel: Parcel, *, once: bool = False) -> None:
        """One attempt and the note of it."""
        attempt = await self._attempt(parcel)
        verdict = decide(attempt, parcel.tries + 1, self._jitter())
        if once and verdict.state is State.PENDING:
            verdict = Verdict(State.FAILED)
        try:
            await self.deliveries.settle(parcel, self._owner, attempt, verdict, self._now())
        except Exception:  # the claim runs out, and it is sent again: rather twice than not noted
            log.exception("webhook.not_noted", delivery_id=parcel.delivery_id)
            return
        delivery(_OUTCOMES[verdict.state])
        say = log.warning if verdict.state is State.FAILED else log.info
        say(
            f"webhook.{verdict.state}",
            delivery_id=parcel.delivery_id,
            event_type=parcel.event,
            host=parcel.host,
            status=attempt.status,
            error=attempt.error,
        )

    async def _attempt(self, parcel: Parcel) -> Attempt:
        now = self._now().timestamp()
        signed = signed_headers(self._secret, parcel.delivery_id, parcel.event, parcel.body, int(now))
        headers = {"content-type": "application/json", "user-agent": f"batuta/{__version__}", **signed}
        try:
            answer = await self._client.post(parcel.url, parcel.body, headers)
        except InvalidRequest as error:
            return Attempt(error=_plain(error.message), hopeless=True)
        except ServiceUnavailable as error:
            return Attempt(error=_plain(error.message))
        except Exception as error:  # of a library: noted and tried again later, not lost with a task
            log.exception("webhook.broken", delivery_id=parcel.delivery_id)
            return Attempt(error=_plain(f"{type(error).__name__}: {error}"))
        return Attempt(answer.status, _complaint(answer), retry_after(answer.headers, now))


def _complaint(answer: Answer) -> str | None:
    """Why an answer is not a success, in the receiver's words."""
    if httpx2.codes.is_success(answer.status):
        return None
    if location := answer.headers.get("location"):
        return f"it moved to {_plain(location)}, and redirects are not followed: give that URL"
    return f"it answered {answer.status}: {_plain(answer.excerpt.decode(errors='replace'))}".removesuffix(
        ": "
    )


def _plain(text: str) -> str:
    """One line that every database takes: a NUL, say, cannot be kept in Postgres."""
    line = " ".join(text.split())
    return "".join(character for character in line if character.isprintable())[:ERROR_CHARACTERS]
