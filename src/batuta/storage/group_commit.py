"""Group commit: transactions that wait for the one writer are committed together, each still all or nothing.

SQLite has one writer, and a commit waits for the disk. While it does, others arrive; they then share the next
commit, each in a savepoint of its own, so that one that fails takes nothing from the others (Gray and Reuter,
Transaction Processing, section 9.4.7). Nobody is told of success before the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import sqlalchemy as sa

T = TypeVar("T")

MOST: Final = 64
"""Transactions that share one commit."""

Open = Callable[[], AbstractContextManager[sa.Connection]]
"""Gives a connection in a transaction, committed when the block is left without an error."""


@dataclass(frozen=True)
class _Waiting:
    work: Callable[[sa.Connection], Any]
    outcome: Future[Any]


class GroupCommit:
    """One thread that writes."""

    def __init__(self, open_transaction: Open) -> None:
        self._open = open_transaction
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sa.Connection], T]) -> Future[T]:
        """What `work` returns, once it is on the disk; or what it raises, and then nothing was written."""
        outcome: Future[T] = Future()
        self._queue.put(_Waiting(work, outcome))
        return outcome

    def shutdown(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    def _write(self) -> None:
        open_still = True
        while open_still:
            first = self._queue.get()
            group = [] if first is None else [first]
            open_still = first is not None
            while open_still and len(group) < MOST and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    open_still = False
                else:
                    group.append(following)
            if group := [waiting for waiting in group if waiting.outcome.set_running_or_notify_cancel()]:
                self._commit(group)

    def _commit(self, group: list[_Waiting]) -> None:
        """Do all in one transaction, and tell each how it went once that is committed."""
        done: list[tuple[_Waiting, Any, BaseException | None]] = []
        try:
            with self._open() as connection:
                done.extend(
                    (waiting, *_outcome(connection, waiting, alone=len(group) == 1)) for waiting in group
                )
        except BaseException as error:  # noqa: BLE001  # whoever waits has to know
            for waiting in group:
                waiting.outcome.set_exception(error)
            return
        for waiting, value, error in done:
            if error is None:
                waiting.outcome.set_result(value)
            else:
                waiting.outcome.set_exception(error)


def _outcome(
    connection: sa.Connection, waiting: _Waiting, *, alone: bool
) -> tuple[Any, BaseException | None]:
    """What the work returns, or why it failed and was undone; who is alone needs no savepoint."""
    if alone:
        return waiting.work(connection), None
    try:
        with connection.begin_nested():
            return waiting.work(connection), None
    except Exception as error:  # noqa: BLE001  # it is told to whoever waits
        return None, error
