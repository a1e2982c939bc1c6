"""What a webhook says: a job's end, or a test. Pure.

The body of `job.completed`, `job.failed` and `job.cancelled`:

    {"delivery_id", "event", "job_id", "pipeline", "status", "created_at", "completed_at", "reference",
     "result", "error"}

`result` is the record's, or null when it is larger than RESULT_BYTES: bodies should stay below 20 kB
(Standard Webhooks, "Payload size"), and `GET /jobs/{id}` has everything. `error` is `{code, message,
retryable}` or null.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from batuta.jobs.records import JobRecord

RESULT_BYTES: Final = 16 * 1024
PING: Final = "ping"


def new_delivery_id() -> str:
    """Random, and without the dot that parts what is signed."""
    return f"dlv_{secrets.token_hex(12)}"


def end_event(record: JobRecord) -> str:
    """The event's type for a job that is over: `job.completed`, `job.failed` or `job.cancelled`."""
    if not record.status.final:
        raise ValueError(f"job {record.job_id} is {record.status}: nothing to tell yet")
    return f"job.{record.status}"


def end_message(delivery_id: str, record: JobRecord, reference: str | None) -> str:
    """The body for a job that is over; `reference` is the caller's own word for the job."""
    result = record.result
    if result is not None and len(_json(result).encode()) > RESULT_BYTES:
        result = None
    return _json(
        {
            "delivery_id": delivery_id,
            "event": end_event(record),
            "job_id": record.job_id,
            "pipeline": record.pipeline,
            "status": str(record.status),
            "created_at": record.created_at.isoformat(),
            "completed_at": None if record.completed_at is None else record.completed_at.isoformat(),
            "reference": reference,
            "result": result,
            "error": record.error,
        }
    )


def ping_message(delivery_id: str, now: dt.datetime) -> str:
    """The body of a test."""
    return _json({"delivery_id": delivery_id, "event": PING, "created_at": now.isoformat()})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
