"""What a conversation is made of: who asks what, the session as it stands, and its turns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx2
from pydantic import BaseModel, ConfigDict

from batuta.errors import ErrorDict, from_dict


@dataclass(frozen=True)
class Who:
    """Whose session it is; both must match, or there is no such session."""

    user_id: str
    owner: str = ""
    """The id of the API key; empty without keys."""


@dataclass(frozen=True)
class Ask:
    """One request for a turn; `input` is a JSON object.

    Whoever wants to repeat a request safely gives it a `request_id`. With one and without a `session_id` the
    new session's id follows from `who` and `request_id`, so that the same first request opens one session.
    """

    who: Who
    request_type: str
    input: Mapping[str, Any]
    session_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Done:
    """What the work of a turn gives: the session's state from now on, and the outcome; JSON objects both."""

    state: Mapping[str, Any]
    outcome: Mapping[str, Any]
    status: str


class TurnStatus(StrEnum):
    """Where a turn is; the last two are its ends."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Session(BaseModel):
    """A conversation as its last turn left it; a new one has version 0 and the state `{}`."""

    model_config = ConfigDict(frozen=True)

    session_id: str
    user_id: str
    owner: str
    request_type: str
    """Of the request that opened it."""
    status: str
    """What the last completed turn said; `pending` before there is one."""
    state: dict[str, Any]
    version: int
    """How many turns have changed the state."""
    turns: int
    """How many turns there were, failed ones too; for the work of a turn: how many before it."""
    created_at: dt.datetime
    updated_at: dt.datetime
    """When the state was changed last."""
    expires_at: dt.datetime
    """When the session is forgotten unless there is another turn before; a whole second."""


class Turn(BaseModel):
    """One question and its answer; `error` says why there is none."""

    model_config = ConfigDict(frozen=True)

    session_id: str
    number: int
    """From 1."""
    request_id: str
    request_type: str
    fingerprint: str
    """A hash of the type and the input: the same request has the same."""
    status: TurnStatus
    input: dict[str, Any]
    outcome: dict[str, Any] | None = None
    error: ErrorDict | None = None
    created_at: dt.datetime
    completed_at: dt.datetime | None = None

    @property
    def may_succeed(self) -> bool:
        """Whether it failed by no fault of whoever asked, so that the same request is worth doing again."""
        if self.error is None:
            return False
        cause = from_dict(self.error)
        return cause.retryable or httpx2.codes.is_server_error(cause.status)


Work = Callable[[Session], Awaitable[Done]]
"""What a turn does with the session as it stands."""
