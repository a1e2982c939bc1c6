"""Idempotency keys: what a request under a key came to, so that the same request again comes to the same.

draft-ietf-httpapi-idempotency-key-header-07, section 2. A key is its owner's, lives as long as kept results
do, and is for one request. The functions are for the transaction in which a job is stored.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from batuta.errors import InvalidRequest
from batuta.jobs.records import JobRecord
from batuta.storage.database import UtcDateTime, hold, metadata

promises_table = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(256), primary_key=True),
    sa.Column("job_id", sa.String(64), nullable=False),
    sa.Column("dedupe_key", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

_keys = promises_table.c


def promised_job(connection: sa.Connection, record: JobRecord, key: str) -> str | None:
    """The id of the job this key of the record's owner stands for already.

    Raises `InvalidRequest` when it stands for another request.
    """
    hold(connection, f"promise:{record.owner}:{key}")
    ours = sa.and_(_keys.owner == record.owner, _keys.key == key)
    row = connection.execute(sa.select(promises_table).where(ours)).one_or_none()
    if row is None:
        return None
    if row.dedupe_key != record.dedupe_key:
        raise InvalidRequest(
            f"the Idempotency-Key {key!r} was used for another request: take a new one for each request"
        )
    return row.job_id


def promise(connection: sa.Connection, asked: JobRecord, job_id: str, key: str) -> None:
    """Let the key stand for this job from now on."""
    values = {"job_id": job_id, "dedupe_key": asked.dedupe_key, "created_at": asked.created_at}
    connection.execute(promises_table.insert().values(owner=asked.owner, key=key, **values))


def forget_promises_before(connection: sa.Connection, moment: dt.datetime) -> None:
    """Let go of keys older than this."""
    connection.execute(promises_table.delete().where(_keys.created_at < moment))
