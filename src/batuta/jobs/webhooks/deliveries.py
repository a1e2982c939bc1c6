"""What is to be told and has been, in the database: the outbox of webhooks.

A delivery is written in the transaction that ends the job, so there is neither an end nobody is told of nor a
message about an end that was rolled back. It is sent at least once: a sender that dies between the receiver's
answer and our note of it sends again, under the same id.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from batuta.errors import NotFound
from batuta.jobs.records import JobRecord
from batuta.jobs.webhooks.messages import PING, end_event, end_message, new_delivery_id, ping_message
from batuta.jobs.webhooks.schedule import Attempt, State, Verdict
from batuta.storage.database import Database, UtcDateTime, metadata

_HOST_LENGTH: Final = 255

_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("delivery_id", sa.String(32), primary_key=True),
    sa.Column("job_id", sa.String(64)),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("host", sa.String(_HOST_LENGTH), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("tries", sa.Integer, nullable=False, default=0),  # attempts since it was asked for or replayed
    sa.Column("next_attempt_at", UtcDateTime),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("claimed_by", sa.String(32)),
    sa.Column("claimed_until", UtcDateTime),
    sa.Index("webhook_deliveries_due", "state", "next_attempt_at"),
    sa.Index("webhook_deliveries_by_job", "job_id"),
)
_UNCLAIMED: Final[dict[str, None]] = {"claimed_by": None, "claimed_until": None}
LOOK: Final = 64
"""How many due deliveries are looked at in one go."""


class Delivery(BaseModel):
    """One delivery as people may see it; `next_attempt_at` is null once it is delivered or failed."""

    model_config = ConfigDict(frozen=True)

    delivery_id: str
    job_id: str | None
    url: str
    event: str
    created_at: dt.datetime
    state: State
    attempts: int
    next_attempt_at: dt.datetime | None
    last_status: int | None
    last_error: str | None
    delivered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery as its sender needs it; `tries` counts the attempts before this one."""

    delivery_id: str
    url: str
    host: str
    event: str
    body: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Who sends, and until when nobody else may: after that the sender counts as dead."""

    owner: str
    until: dt.datetime


def enqueue(
    connection: sa.Connection, record: JobRecord, callback_url: str, *, reference: str | None = None
) -> str:
    """Note that the job's end is to be told; gives the delivery's id.

    For the transaction in which the job ends. `record` is as it is then. `callback_url` has passed
    `check_url` when the job was asked for; one that has not does not spoil the job's end, its delivery fails.
    """
    delivery_id, now = new_delivery_id(), dt.datetime.now(dt.UTC)
    body = end_message(delivery_id, record, reference)
    row = _row(delivery_id, callback_url, end_event(record), body, now)
    connection.execute(_deliveries.insert().values(**row, job_id=record.job_id))
    return delivery_id


def forget_jobs(connection: sa.Connection, job_ids: Collection[str]) -> int:
    """Remove the deliveries of jobs that are removed; gives how many there were."""
    return connection.execute(_deliveries.delete().where(_deliveries.c.job_id.in_(job_ids))).rowcount


def forget_before(connection: sa.Connection, moment: dt.datetime) -> int:
    """Remove what was asked for before the moment and is not pending; gives how many there were."""
    old = (_deliveries.c.created_at < moment) & (_deliveries.c.state != str(State.PENDING))
    return connection.execute(_deliveries.delete().where(old)).rowcount


class Deliveries:
    """The outbox; senders in any number of processes take from it, none of them what another has taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, delivery_id: str) -> Delivery:
        """The delivery; raises `NotFound`."""
        return await self._database.read(lambda connection: _load(connection, delivery_id))

    async def of_job(self, job_id: str) -> list[Delivery]:
        """The job's deliveries, oldest first."""
        query = _shown().where(_deliveries.c.job_id == job_id).order_by(_deliveries.c.created_at)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Delivery.model_validate(dict(row)) for row in rows]

    async def replay(self, delivery_id: str, now: dt.datetime, job_id: str | None = None) -> Delivery:
        """Ask for the delivery again, under its id; raises `NotFound`, also when it is not of `job_id`.

        One that is being sent at the moment stays as it is.
        """

        def ask_again(connection: sa.Connection) -> Delivery:
            if job_id is not None and _load(connection, delivery_id).job_id != job_id:
                raise NotFound(f"job {job_id!r} has no delivery {delivery_id!r}")
            connection.execute(
                _deliveries.update()
                .where(_deliveries.c.delivery_id == delivery_id, _free(now))
                .values(
                    state=str(State.PENDING), tries=0, next_attempt_at=now, delivered_at=None, **_UNCLAIMED
                )
            )
            return _load(connection, delivery_id)

        return await self._database.write(ask_again)

    async def add_ping(self, url: str, now: dt.datetime, claim: Claim) -> Parcel:
        """A test delivery that the claim's owner is about to send."""
        delivery_id = new_delivery_id()
        row = _row(delivery_id, url, PING, ping_message(delivery_id, now), now)
        claimed = {"claimed_by": claim.owner, "claimed_until": claim.until}
        await self._database.write(
            lambda connection: connection.execute(_deliveries.insert().values(**row, **claimed))
        )
        return _parcel(row | {"tries": 0})

    async def claim(
        self, claim: Claim, now: dt.datetime, places: int, per_host: int, sending: Sequence[str]
    ) -> list[Parcel]:
        """Up to `places` due deliveries, now the claim's owner's to send, the longest due first.

        `sending` are the hosts it is sending to: no host gets more than `per_host` at a time, so that a slow
        one does not hold up the others.
        """
        busy = Counter(sending)
        full = [host for host, count in busy.items() if count >= per_host]
        due = (
            sa.select(_deliveries)
            .where(
                _deliveries.c.state == str(State.PENDING),
                _deliveries.c.next_attempt_at <= now,
                _free(now),
                _deliveries.c.host.not_in(full),
            )
            .order_by(_deliveries.c.next_attempt_at)
            .limit(LOOK)
        )

        def take(connection: sa.Connection) -> list[Parcel]:
            rows = connection.execute(due.with_for_update(skip_locked=True)).mappings().all()
            parcels = fair_share((_parcel(dict(row)) for row in rows), places, per_host, busy)
            taken = [parcel.delivery_id for parcel in parcels]
            mine = _deliveries.update().where(_deliveries.c.delivery_id.in_(taken))
            connection.execute(mine.values(claimed_by=claim.owner, claimed_until=claim.until))
            return parcels

        if places < 1 or not await self._database.read(lambda connection: connection.execute(due).first()):
            return []  # looking takes no lock; a writer would keep others waiting
        return await self._database.write(take)

    async def settle(
        self, parcel: Parcel, owner: str, attempt: Attempt, verdict: Verdict, now: dt.datetime
    ) -> None:
        """Note how the attempt went; nothing, if the owner's claim has run out and another has it."""
        pending, delivered = verdict.state is State.PENDING, verdict.state is State.DELIVERED
        update = (
            _deliveries.update()
            .where(_deliveries.c.delivery_id == parcel.delivery_id, _deliveries.c.claimed_by == owner)
            .values(
                state=str(verdict.state),
                attempts=_deliveries.c.attempts + 1,
                tries=parcel.tries + 1,
                next_attempt_at=now + dt.timedelta(seconds=verdict.wait) if pending else None,
                last_status=attempt.status,
                last_error=attempt.error,
                delivered_at=now if delivered else None,
                **_UNCLAIMED,
            )
        )
        await self._database.write(lambda connection: connection.execute(update))

    async def release(self, owner: str) -> None:
        """Give back what the owner has claimed and will not send."""
        update = _deliveries.update().where(_deliveries.c.claimed_by == owner).values(**_UNCLAIMED)
        await self._database.write(lambda connection: connection.execute(update))


def fair_share(due: Iterable[Parcel], places: int, per_host: int, busy: Counter[str]) -> list[Parcel]:
    """The first `places` of what is due that leave no host with more than `per_host`, `busy` included."""
    counts = Counter(busy)
    taken: list[Parcel] = []
    for parcel in due:
        if len(taken) < places and counts[parcel.host] < per_host:
            counts[parcel.host] += 1
            taken.append(parcel)
    return taken


def _free(now: dt.datetime) -> sa.ColumnElement[bool]:
    return _deliveries.c.claimed_until.is_(None) | (_deliveries.c.claimed_until < now)


def _shown() -> sa.Select[Any]:
    return sa.select(*(_deliveries.c[name] for name in Delivery.model_fields))


def _load(connection: sa.Connection, delivery_id: str) -> Delivery:
    query = _shown().where(_deliveries.c.delivery_id == delivery_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no delivery {delivery_id!r}")
    return Delivery.model_validate(dict(row))


def _row(delivery_id: str, url: str, event: str, body: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "url": _storable(url),
        "host": _host_of(url),
        "event": event,
        "body": body,
        "created_at": now,
        "state": str(State.PENDING),
        "next_attempt_at": now,
    }


def _storable(text: str) -> str:
    """What every database takes; a URL this changes was none."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def _host_of(url: str) -> str:
    try:
        return httpx2.URL(_storable(url)).host[:_HOST_LENGTH]
    except (httpx2.InvalidURL, ValueError):
        return ""


def _parcel(row: dict[str, Any]) -> Parcel:
    return Parcel(
        row["delivery_id"], row["url"], row["host"], row["event"], row["body"].encode(), row["tries"]
    )
