"""Conversations: one turn at a time, nothing lost between question and answer. Read `converse` first.

    check the request ─ the same is under way here → its outcome
      └ a task of its own: wait in line → begin (one write) → work, holding the lease → finish (one write)

The task belongs to nobody who asked: they may leave, and the turn is done and kept all the same.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from batuta.errors import (
    BatutaError,
    Cancelled,
    InvalidRequest,
    ServiceUnavailable,
    from_dict,
)
from batuta.sessions.asking import Asked, asked, is_session_id
from batuta.sessions.deciding import (
    Answered,
    Attempt,
    Begun,
    Busy,
    Lease,
    belongs,
    completed,
    failed,
    given_up,
    lease_lost,
    no_session,
    other_input,
    unfinished,
    whole_second,
)
from batuta.sessions.lines import Lines, busy
from batuta.sessions.models import Ask, Session, Turn, TurnStatus, Who, Work
from batuta.sessions.store import Found, Page, SessionStore
from batuta.sessions.working import LeaseLost, heard, surely, worked

log = structlog.get_logger(__name__)

RENEWALS: Final = 3
"""How often a lease is renewed within its time."""
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.25
"""Between two looks whether another process has ended its turn."""
CLOSE_SECONDS: Final = 3.0
EVERY_SECONDS: Final = 3600.0
LONGEST_PAGE: Final = 200


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _stopped() -> ServiceUnavailable:
    return ServiceUnavailable("the program is being stopped: send the request again in a moment")


class Sessions:
    """The conversations of one store, which other processes may use too.

    A process that uses the store is expected to have the time of day right to a second or two: what it gets
    wrong makes a lease, `lease_seconds` long, look that much shorter or longer to others. Nothing is written
    twice by that, but a turn may end in `Conflict`.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        lifetime: dt.timedelta,
        turn_seconds: float = 60,
        lease_seconds: float = 10,
        wait_seconds: float = 30,
        now: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        """A session is forgotten a `lifetime` after its last turn, a turn a lifetime after it was made.

        The store is closed with this. `lifetime` has to be longer than a turn may take.
        """
        if lifetime.total_seconds() <= turn_seconds + lease_seconds:
            raise InvalidRequest(
                f"sessions that live {lifetime} would be forgotten during a turn of {turn_seconds:g} s:"
                " let them live longer"
            )
        self._store = store
        self._lifetime = lifetime
        self._turn_seconds = turn_seconds
        self._lease = dt.timedelta(seconds=lease_seconds)
        self._wait_seconds = wait_seconds
        self._now = now
        self._lines = Lines()
        self._flights: dict[tuple[Who, str, str], _Flight] = {}
        self._closed = False

    async def converse(self, ask: Ask, work: Work) -> Turn:
        """The finished turn: of this request, or the first one of the same `request_id`.

        A session nobody knows is opened. Raises `InvalidRequest`, `NotFound` for another's session,
        `Conflict` for a `request_id` that was another request's or a lease that was lost, `NotReady` when the
        session stays busy for `wait_seconds`, `DeadlineExceeded`, and the work's own `BatutaError`.
        """
        if self._closed:
            raise _stopped()
        request = asked(ask)
        flight = self._flights.get(_key(request))
        if flight is not None:
            return await self._outcome_of(flight, request)
        return await asyncio.shield(self._fly(request, work))

    async def get(self, session_id: str, who: Who) -> Session:
        """The session as its last turn left it; raises `NotFound`, also for another's."""
        return (await self._find(session_id, who)).snapshot.session

    async def history(
        self, session_id: str, who: Who, *, limit: int = 50, before: int | None = None
    ) -> list[Turn]:
        """The newest turns, or the newest of those before a number; newest last. Raises `NotFound`.

        One whose process died is shown as failed; it is done again when its request comes again.
        """
        if not 1 <= limit <= LONGEST_PAGE:
            raise InvalidRequest(f"limit {limit}: 1 to {LONGEST_PAGE}")
        page = Page(limit, before)
        found = await self._find(session_id, who, page)
        dead = unfinished(found.snapshot, found.turns, self._now())
        if dead:  # the session and its turns are read one after the other: one may just have begun, or ended
            found = await self._find(session_id, who, page)
            dead &= unfinished(found.snapshot, found.turns, self._now())
        return [given_up(kept.turn) if kept.token in dead else kept.turn for kept in found.turns]

    async def delete(self, session_id: str, who: Who) -> None:
        """Forget the session and cancel its turn under way; raises `NotFound`, also for another's."""
        if not is_session_id(session_id) or not await self._store.delete(session_id, who, self._now()):
            raise no_session(session_id)
        deleted = Cancelled(f"session {session_id!r} was deleted")
        for (owner, its_id, _), flight in list(self._flights.items()):
            if (owner, its_id) == (who, session_id):
                flight.stop(deleted)

    async def sweep(self) -> int:
        """Remove what has expired; how many sessions that were."""
        return await self._store.sweep(self._now())

    async def keep_clean(self) -> None:
        """Sweep once an hour, for ever; not at once, so that a short command never does."""
        while True:
            await asyncio.sleep(random.uniform(0.5, 1.0) * EVERY_SECONDS)  # noqa: S311  # parts the processes
            try:
                log.info("sessions.swept", sessions=await self.sweep())
            except Exception:  # what is locked or away now may not be so in an hour
                log.exception("sessions.not_swept")

    async def ping(self) -> None:
        """Raise when sessions cannot be read."""
        await self._store.ping()

    async def aclose(self) -> None:
        """End the turns under way, which may be done again later, and close the store."""
        self._closed = True
        tasks = [flight.task for flight in self._flights.values()]
        for flight in list(self._flights.values()):
            flight.stop(_stopped())
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        await self._store.aclose()

    async def _find(self, session_id: str, who: Who, page: Page | None = None) -> Found:
        found = await self._store.find(session_id, self._now(), page) if is_session_id(session_id) else None
        if found is None or not belongs(found.snapshot.session, who):
            raise no_session(session_id)
        return found

    async def _outcome_of(self, flight: _Flight, request: Asked) -> Turn:
        if flight.fingerprint != request.fingerprint:
            raise other_input(request.request_id)
        limit = asyncio.timeout(self._wait_seconds)
        try:
            async with limit:
                return await asyncio.shield(flight.task)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise busy() from error

    def _fly(self, request: Asked, work: Work) -> asyncio.Task[Turn]:
        flight = _Flight(request.fingerprint)
        key = _key(request)
        self._flights[key] = flight
        flight.task = asyncio.create_task(self._whole(flight, request, work))
        flight.task.add_done_callback(lambda _: self._flights.pop(key))
        flight.task.add_done_callback(heard)
        return flight.task

    async def _whole(self, flight: _Flight, request: Asked, work: Work) -> Turn:
        try:
            return await self._turn(flight, request, work)
        except asyncio.CancelledError:
            raise flight.why from None

    async def _turn(self, flight: _Flight, request: Asked, work: Work) -> Turn:
        attempt = self._attempt(request)
        give_up = asyncio.get_running_loop().time() + self._wait_seconds
        with self._lines.place((request.who, request.session_id)) as place:
            if not place.is_head:  # what is answered already need not wait
                beginning = await self._store.begin(replace(attempt, only_look=True))
                if isinstance(beginning, Answered):
                    return _answer(beginning.turn)
                await place.head(give_up)
            beginning = await self._begin(attempt, give_up)
            if isinstance(beginning, Answered):
                return _answer(beginning.turn)
            return await self._do(flight, beginning, work)

    async def _begin(self, attempt: Attempt, give_up: float) -> Begun | Answered:
        """Look until no other process has a turn under way."""
        pause = FIRST_PAUSE
        while True:
            lease = Lease(attempt.lease.token, self._now() + self._lease)
            attempt = replace(attempt, now=self._now(), lease=lease, expires_at=self._expiry())
            beginning = await surely(self._store.begin(attempt))
            if not isinstance(beginning, Busy):
                return beginning
            _go_on_unless_cancelled()
            attempt = replace(attempt, waited=attempt.waited or beginning.same)
            if asyncio.get_running_loop().time() + pause > give_up:
                raise busy()
            await asyncio.sleep(pause * random.uniform(0.7, 1.0))  # noqa: S311  # parts the processes
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _do(self, flight: _Flight, begun: Begun, work: Work) -> Turn:
        """Every end of the work is written, but for one whose lease is lost."""
        try:
            _go_on_unless_cancelled()
            done = await worked(work, begun.session, self._turn_seconds, self._hold(begun))
            ended = completed(begun, done, self._now(), self._expiry())
        except LeaseLost:
            raise lease_lost(begun.session.session_id) from None
        except asyncio.CancelledError:
            await self._fail(begun, flight.why)
            raise
        except BatutaError as error:
            await self._fail(begun, error)
            raise
        except Exception as error:
            log.exception("sessions.turn_failed", session=begun.session.session_id, number=begun.turn.number)
            internal = BatutaError("this turn could not be done: an error of ours, which the log describes")
            await self._fail(begun, internal)
            raise internal from error
        await surely(self._store.finish(ended))
        return ended.turn

    async def _fail(self, begun: Begun, error: BatutaError) -> None:
        """Write that the turn failed, if the store still can."""
        try:
            await surely(self._store.finish(failed(begun, error, self._now(), self._expiry())))
        except BatutaError as unwritten:  # the lease runs out, and the turn is unfinished
            log.warning(
                "sessions.failure_not_kept", session=begun.session.session_id, cause=unwritten.message
            )

    async def _hold(self, begun: Begun) -> None:
        """Renew the lease until it is lost; a store that is away may be back before it has run out."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / RENEWALS)
            lease = replace(begun.lease, until=self._now() + self._lease)
            try:
                if not await self._store.renew(begun.session.session_id, lease):
                    return
            except Exception as error:  # noqa: BLE001  # the end of the turn sees whether it was held
                log.warning("sessions.lease_not_renewed", session=begun.session.session_id, cause=str(error))

    def _attempt(self, request: Asked) -> Attempt:
        now = self._now()
        return Attempt(request, Lease(secrets.token_hex(8), now + self._lease), now, self._expiry())

    def _expiry(self) -> dt.datetime:
        return whole_second(self._now() + self._lifetime)


@dataclass
class _Flight:
    """A request under way in this process; `why` is what it ends with when it is cancelled."""

    fingerprint: str
    why: BatutaError = field(default_factory=_stopped)
    task: asyncio.Task[Turn] = field(init=False)

    def stop(self, why: BatutaError) -> None:
        self.why = why
        self.task.cancel()


def _key(request: Asked) -> tuple[Who, str, str]:
    return request.who, request.session_id, request.request_id


def _answer(turn: Turn) -> Turn:
    """A turn that was done before, or the error it failed with."""
    if turn.status is TurnStatus.FAILED:
        raise from_dict(turn.error or {})
    return turn


def _go_on_unless_cancelled() -> None:
    """What the store did was waited for even if we were cancelled meanwhile."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
