"""What every app's routes for its jobs have in common: whose jobs one sees, and events as they happen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import Request, Response
from fastapi.sse import ServerSentEvent

from batuta.access.caller import Caller
from batuta.errors import NotFound
from batuta.jobs import Event, JobRecord

MAX_KEY_LENGTH: Final = 256
"""Characters of an `Idempotency-Key`."""
MAX_ID_LENGTH: Final = 64
_EVENT_ID: Final = re.compile(r"\d{1,18}", re.ASCII)


class AllSeen(Exception):
    """Nothing more will be told: 204, at which an `EventSource` stops asking (HTML, section 9.2.2)."""


async def no_content(_request: Request, _error: Exception) -> Response:
    """The answer to `AllSeen`."""
    return Response(status_code=204)


def plausible(job_id: str) -> str:
    """The id, if it could be one; raises `NotFound`, whose message does not repeat a book."""
    if len(job_id) > MAX_ID_LENGTH:
        raise NotFound(f"there is no job {job_id[:MAX_ID_LENGTH]!r}…: no id is as long as that")
    return job_id


def owner_seen(caller: Caller) -> str | None:
    """Whose jobs the caller sees; None for everybody's: the admin, and whoever needs no key."""
    return None if caller.may("admin") or not caller.owner else caller.owner


def check_visible(caller: Caller, owner: str, job_id: str) -> None:
    """Raise `NotFound` for another's job: it is as unknown as one that never was."""
    if owner_seen(caller) not in {None, owner}:
        raise NotFound(f"there is no job {job_id!r}")


def seen_before(record: JobRecord, last_event_id: str | None) -> int:
    """The number of the event after which to go on; raises `AllSeen` when there will be none."""
    number = _EVENT_ID.fullmatch(last_event_id or "")
    seen = min(int(number[0]) if number else 0, record.seq)
    if record.status.final and seen == record.seq:
        raise AllSeen
    return seen


async def told(job_id: str, events: AsyncIterator[Event]) -> AsyncIterator[ServerSentEvent]:
    """The job's events for an `EventSource`."""
    try:
        async for event in events:
            yield ServerSentEvent(data=event_view(job_id, event), event=event.kind, id=str(event.seq))
    except NotFound:  # deleted meanwhile: there is nothing more to tell
        return


def event_view(job_id: str, event: Event) -> dict[str, Any]:
    """An event as it is shown: results and requests are left to the job itself."""
    kept = ("progress", "remote_id", "reused", "error")
    shown = {name: event.data[name] for name in kept if name in event.data}
    return {"job_id": job_id, "seq": event.seq, "at": event.at, "stage": event.stage, **shown}
