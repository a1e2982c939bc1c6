"""The work of one turn: in a task of its own, within its time, for as long as the lease is held."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from batuta.clients.deadline import deadline
from batuta.errors import DeadlineExceeded
from batuta.sessions.models import Done, Session, Work
from batuta.tasks import ended

T = TypeVar("T")

GRACE_SECONDS: Final = 1.0
"""What work that is cancelled may still take; then nobody waits for it."""


class LeaseLost(Exception):
    """Somebody else goes on with the session, or it is gone."""


async def worked(work: Work, session: Session, seconds: float, holding: Coroutine[Any, Any, None]) -> Done:
    """What the work gives; `holding` keeps the lease, and returns when it is lost.

    Raises `DeadlineExceeded` after so many seconds, `LeaseLost`, and whatever the work raises.
    """
    working = asyncio.create_task(_within(work, session, seconds))
    keeping = asyncio.create_task(holding)
    try:
        await asyncio.wait({working, keeping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if keeping.done():
            raise LeaseLost
        raise DeadlineExceeded(f"this turn was not done after {seconds:g} s: send the request again")
    finally:
        if not working.done():  # at once: we may be cancelled again while we wait here
            working.add_done_callback(heard)
            working.cancel()
        await ended(keeping)
        if not working.done():
            await asyncio.wait({working}, timeout=GRACE_SECONDS)


async def surely(doing: Coroutine[Any, Any, T]) -> T:
    """What it gives: once it is begun we wait for its end, even if we are cancelled meanwhile."""
    task = asyncio.create_task(doing)
    with suppress(asyncio.CancelledError):
        return await asyncio.shield(task)
    return await task


def heard(task: asyncio.Task[Any]) -> None:
    """A task that may fail when nobody waits for it any more."""
    if not task.cancelled():
        task.exception()


async def _within(work: Work, session: Session, seconds: float) -> Done:
    """Whoever asked may leave: his deadline is not the turn's."""
    with deadline(seconds, inherit=False):
        return await work(session)
