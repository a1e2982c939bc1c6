"""Where sessions are kept: what a store has to promise. `sql` and `dynamo` do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from batuta.sessions.deciding import Attempt, Beginning, Ended, KeptTurn, Lease, Snapshot
from batuta.sessions.models import Who


@dataclass(frozen=True)
class Page:
    """Which turns: at most so many, the newest of those with a number below `before`."""

    limit: int
    before: int | None = None


@dataclass(frozen=True)
class Found:
    """A session that is kept, and the turns that were asked for, newest last."""

    snapshot: Snapshot
    turns: list[KeptTurn]


class SessionStore(Protocol):
    """Each method is one transaction; what has expired counts as gone, whether or not it lies there still.

    A turn is kept until its own `expires_at`, as a session is: a lifetime after it was begun or ended.
    Raises `StorageError` or `ServiceUnavailable` when the store cannot be used.
    """

    async def begin(self, attempt: Attempt) -> Beginning:
        """Do what `decide` says: when the turn begins, it and the lease are written when this returns.

        Raises `NotFound`, `Conflict`; then, and for any other answer, nothing was written.
        """
        ...

    async def renew(self, session_id: str, lease: Lease) -> bool:
        """Hold it longer; False once it is another's, or gone."""
        ...

    async def finish(self, ended: Ended) -> None:
        """Write the turn's end and the session, and give the lease back; the same end twice is one.

        Raises `Conflict`, with nothing written, when the lease or the version is no longer the turn's.
        """
        ...

    async def find(self, session_id: str, now: dt.datetime, page: Page | None = None) -> Found | None:
        """The session, whosever it is, with the turns of the page."""
        ...

    async def delete(self, session_id: str, who: Who, now: dt.datetime) -> bool:
        """Forget the session and its turns; False when they have none of this id."""
        ...

    async def sweep(self, now: dt.datetime) -> int:
        """Remove what has expired; how many sessions that were."""
        ...

    async def ping(self) -> None:
        """Raise when sessions cannot be read."""
        ...

    async def aclose(self) -> None:
        """Close what the store opened itself."""
        ...
