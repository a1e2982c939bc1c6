"""What happens to a request for a turn, and how a turn ends. Pure; the stores keep what is decided here.

    nothing kept, or expired        → the turn begins, in a new session
    somebody else's session         → NotFound, as if there were none
    request_id known, other input   → Conflict
    … known, completed or failed    → that turn answers
    … known, failed by our fault    → the turn is done again, under its number
    a turn is under way             → busy: later again
    otherwise                       → the turn begins

Whoever works at a turn holds the session's lease: a token that nobody else has, and until when. That of a
process that died runs out; its turn is then unfinished, and done again on request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from batuta.errors import BatutaError, Conflict, ErrorDict, NotFound, ServiceUnavailable, StorageError
from batuta.sessions.asking import LONGEST_NAME, Asked, fits
from batuta.sessions.models import Done, Session, Turn, TurnStatus, Who
from batuta.sessions.packing import MAX_OUTCOME_BYTES, MAX_STATE_BYTES, kept_text, parsed

MOST_TURNS: Final = 999_999
"""Of one session: six digits sort as text."""
LONGEST_MESSAGE: Final = 2000
"""Of an error that is kept."""
UNFINISHED: Final = ServiceUnavailable(
    "the program was stopped in the middle of this turn: send the request again"
).to_dict()


@dataclass(frozen=True)
class Lease:
    """Who may write, and until when."""

    token: str
    until: dt.datetime


@dataclass(frozen=True)
class Snapshot:
    """A session and who holds it."""

    session: Session
    lease: Lease | None = None

    def holder(self, now: dt.datetime) -> str | None:
        """The token of the turn under way."""
        return self.lease.token if self.lease is not None and self.lease.until > now else None


@dataclass(frozen=True)
class KeptTurn:
    """A turn and the token of whoever worked at it last."""

    turn: Turn
    token: str


@dataclass(frozen=True)
class Attempt:
    """One attempt to begin the turn that is asked for; made again with the same token while it is busy."""

    asked: Asked
    lease: Lease
    """What is held if it begins."""
    now: dt.datetime
    expires_at: dt.datetime
    waited: bool = False
    """Whether this very request was seen under way: its end answers, whatever it is."""
    only_look: bool = False
    """Begin nothing: is it answered already?"""


@dataclass(frozen=True)
class Begun:
    """A turn to be worked at; the store has written it, and the lease."""

    session: Session
    """For the work."""
    turn: Turn
    lease: Lease
    input_text: bytes
    turns: int
    """Of the session, this one counted."""
    opens: bool
    """Whether nothing of the session is kept yet, or only what has expired."""


@dataclass(frozen=True)
class Answered:
    """The request was made before; this is how it ended."""

    turn: Turn


@dataclass(frozen=True)
class Busy:
    """A turn is under way."""

    same: bool
    """It is the one of this very request."""


Beginning = Begun | Answered | Busy


@dataclass(frozen=True)
class Ended:
    """A turn with its end, to be written by whoever holds the token, if the session has still the version."""

    token: str
    version: int
    session: Session
    """As it is from now on."""
    turn: Turn
    state_text: bytes | None
    """None: the state stays."""
    outcome_text: bytes | None


def decide(attempt: Attempt, found: Snapshot | None, known: KeptTurn | None) -> Beginning:
    """What is to be done; `known` is the turn of the same request_id. Raises `NotFound`, `Conflict`."""
    asked = attempt.asked
    if found is None:
        return Busy(same=False) if attempt.only_look else _begin(attempt, None, None)
    if not belongs(found.session, asked.who):
        raise no_session(asked.session_id)
    if known is not None and known.turn.fingerprint != asked.fingerprint:
        raise other_input(asked.request_id)
    if known is not None and _answers(known.turn, waited=attempt.waited):
        return Answered(known.turn)
    holder = found.holder(attempt.now)
    if attempt.only_look or holder not in {None, attempt.lease.token}:
        return Busy(same=known is not None and known.token == holder)
    return _begin(attempt, found.session, known and known.turn)


def belongs(session: Session, who: Who) -> bool:
    """Whether it is theirs."""
    return (session.user_id, session.owner) == (who.user_id, who.owner)


def no_session(session_id: str) -> NotFound:
    """For one that is not there, and in the same words for another's."""
    return NotFound(
        f"there is no session {session_id[:200]!r}: it was never opened, is deleted, or has expired"
    )


def other_input(request_id: str) -> Conflict:
    """For a request_id that was another request's."""
    return Conflict(f"request_id {request_id!r} was used before for another request: choose a new one")


def lease_lost(session_id: str) -> Conflict:
    """For whoever ends a turn that is no longer his."""
    return Conflict(
        f"session {session_id!r} was deleted, or another turn went on in it, before this one ended:"
        " nothing of it was kept; send the request again"
    )


def completed(begun: Begun, done: Done, now: dt.datetime, expires_at: dt.datetime) -> Ended:
    """The end of a turn whose work succeeded; raises `StorageError` for what cannot be kept."""
    if not fits(done.status, LONGEST_NAME):
        raise StorageError(
            f"status {done.status[:LONGEST_NAME]!r}: at most {LONGEST_NAME} printable characters"
        )
    state = kept_text(done.state, "state", MAX_STATE_BYTES)
    outcome = kept_text(done.outcome, "outcome", MAX_OUTCOME_BYTES)
    changed = {
        "state": parsed(state),
        "status": done.status,
        "version": begun.session.version + 1,
        "turns": begun.turns,
        "updated_at": now,
        "expires_at": expires_at,
    }
    ending = {"status": TurnStatus.COMPLETED, "outcome": parsed(outcome), "completed_at": now}
    return Ended(
        token=begun.lease.token,
        version=begun.session.version,
        session=begun.session.model_copy(update=changed),
        turn=begun.turn.model_copy(update=ending),
        state_text=state,
        outcome_text=outcome,
    )


def failed(begun: Begun, error: BatutaError, now: dt.datetime, expires_at: dt.datetime) -> Ended:
    """The end of a turn whose work failed; of the session only the expiry changes."""
    kept: ErrorDict = {**error.to_dict(), "message": error.message[:LONGEST_MESSAGE]}
    ending = {"status": TurnStatus.FAILED, "error": kept, "completed_at": now}
    return Ended(
        token=begun.lease.token,
        version=begun.session.version,
        session=begun.session.model_copy(update={"turns": begun.turns, "expires_at": expires_at}),
        turn=begun.turn.model_copy(update=ending),
        state_text=None,
        outcome_text=None,
    )


def unfinished(snapshot: Snapshot, turns: Iterable[KeptTurn], now: dt.datetime) -> set[str]:
    """The tokens under which nobody works any more at turns that have no end."""
    holder = snapshot.holder(now)
    under_way = (kept.token for kept in turns if kept.turn.status is TurnStatus.PROCESSING)
    return {token for token in under_way if token != holder}


def given_up(turn: Turn) -> Turn:
    """An unfinished turn, for people: it has failed."""
    return turn.model_copy(update={"status": TurnStatus.FAILED, "error": UNFINISHED})


def whole_second(moment: dt.datetime) -> dt.datetime:
    """The moment, or the next whole second: what DynamoDB's TTL can say."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + dt.timedelta(seconds=1)


def _answers(turn: Turn, *, waited: bool) -> bool:
    if turn.status is TurnStatus.FAILED:
        return waited or not turn.may_succeed
    return turn.status is TurnStatus.COMPLETED


def _begin(attempt: Attempt, session: Session | None, known: Turn | None) -> Begun:
    asked, now = attempt.asked, attempt.now
    if session is None:
        kept_turns, opened = 0, _new_session(attempt)
    else:
        kept_turns, opened = session.turns, session.model_copy(update={"expires_at": attempt.expires_at})
    number = kept_turns + 1 if known is None else known.number
    if number > MOST_TURNS:
        raise Conflict(f"session {asked.session_id!r} has had {MOST_TURNS} turns: open another one")
    turn = Turn(
        session_id=asked.session_id,
        number=number,
        request_id=asked.request_id,
        request_type=asked.request_type,
        fingerprint=asked.fingerprint,
        status=TurnStatus.PROCESSING,
        input=asked.input,
        created_at=now if known is None else known.created_at,
    )
    return Begun(
        session=opened.model_copy(update={"turns": number - 1}),
        turn=turn,
        lease=attempt.lease,
        input_text=asked.input_text,
        turns=max(kept_turns, number),
        opens=session is None,
    )


def _new_session(attempt: Attempt) -> Session:
    asked = attempt.asked
    return Session(
        session_id=asked.session_id,
        user_id=asked.who.user_id,
        owner=asked.who.owner,
        request_type=asked.request_type,
        status=TurnStatus.PENDING.value,
        state={},
        version=0,
        turns=0,
        created_at=attempt.now,
        updated_at=attempt.now,
        expires_at=attempt.expires_at,
    )
