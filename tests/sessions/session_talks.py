"""What the tests of sessions say: requests, works, a clock, and a program that can be killed in mid-turn."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from batuta.sessions import Ask, Done, Session, Sessions, SqlSessions, Who, Work
from batuta.storage.database import Database

ANNA = Who("anna", "key-1")
LIFETIME = dt.timedelta(days=1)
PATIENCE = 20.0
"""Seconds for what takes far less."""


class Time:
    """The time of day, which only moves when it is told to."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def forward(self, by: dt.timedelta | float) -> None:
        self.at += by if isinstance(by, dt.timedelta) else dt.timedelta(seconds=by)


class Opens(Protocol):
    """Opens sessions on the store, as another process would."""

    def __call__(
        self, *, lease_seconds: float = 10, wait_seconds: float = 20, turn_seconds: float = 60
    ) -> Sessions: ...


def ask(
    message: str,
    session_id: str | None = None,
    request_id: str | None = None,
    *,
    who: Who = ANNA,
    request_type: str = "chat",
) -> Ask:
    return Ask(who, request_type, {"message": message}, session_id, request_id)


def saying(outcome: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Work:
    """Work that gives this."""

    async def work(session: Session) -> Done:
        return Done(session.state if state is None else state, outcome, "completed")

    return work


async def counting(session: Session) -> Done:
    """Work that counts the turns in the state, slowly enough for others to come between."""
    count = session.state.get("count", 0) + 1
    await asyncio.sleep(0)
    return Done({"count": count}, {"count": count}, "counted")


async def never(session: Session) -> Done:
    """Work that must not be done."""
    raise AssertionError(f"the work was done for {session}")


def same_json(found: object, expected: object) -> bool:
    """Equal, and of the same kinds all the way down."""
    return repr(found) == repr(expected)


class Held:
    """Work that goes on when it is told to."""

    def __init__(self, then: Work) -> None:
        self.then = then
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.times = 0

    async def __call__(self, session: Session) -> Done:
        self.times += 1
        self.begun.set()
        await self.go_on.wait()
        return await self.then(session)


def talk(folder: Path, session_id: str, message: str, request_id: str, hang: bool) -> None:  # noqa: FBT001
    """A program that says one thing; prints `working` in the middle of it, and stays there on request."""

    async def work(session: Session) -> Done:
        print("working", session.version, flush=True)
        if hang:
            await asyncio.Event().wait()
        said = [*session.state.get("said", []), message]
        return Done({"said": said}, {"reply": len(said)}, "completed")

    async def run() -> None:
        database = Database.in_folder(folder)
        sessions = Sessions(SqlSessions(database), lifetime=LIFETIME, lease_seconds=0.6)
        turn = await sessions.converse(ask(message, session_id, request_id), work)
        print("outcome", turn.number, turn.outcome, flush=True)
        await sessions.aclose()
        await database.aclose()

    asyncio.run(run())
