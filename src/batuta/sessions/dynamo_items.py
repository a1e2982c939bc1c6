"""Sessions and turns as items of one table, with the attributes of the seed.

| pk | sk | item |
|---|---|---|
| session_id | `session` | the snapshot: `workflow_state`, `status`, `version`, the lease |
| session_id | `turn#000001` | a turn: `input_data`, `status`, the deflated `outcome` |
| session_id | `request#…` | which turn a request_id made |

`opening` is random and the same in all items of one session: those of a deleted session that lie there still
are not taken for the new one's. Moments are ISO 8601 strings, `expires_at` is in epoch seconds, for the TTL.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from batuta.sessions.deciding import Begun, KeptTurn, Lease, Snapshot
from batuta.sessions.dynamo_values import from_attribute, to_attribute
from batuta.sessions.models import Session, Turn, Who
from batuta.sessions.packing import inflated

Item = dict[str, Any]
SESSION: Final = "session"
TTL: Final = "expires_at"


def key(session_id: str, sort: str) -> Item:
    """The primary key of an item."""
    return {"pk": session_id, "sk": sort}


def turn_key(number: int) -> str:
    """Sorts as text as its numbers do."""
    return f"turn#{number:06}"


def request_key(request_id: str) -> str:
    """Where the turn of a request is said."""
    return f"request#{request_id}"


def moment(value: dt.datetime) -> str:
    """ISO 8601 in UTC."""
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds")


def epoch(value: dt.datetime) -> int:
    """Whole seconds."""
    return int(value.timestamp())


def is_kept(item: Item, now: dt.datetime) -> bool:
    """Whether it has not expired; DynamoDB removes what has within days."""
    return item[TTL] > now.timestamp()


def session_item(begun: Begun, opening: str) -> Item:
    """A new session, held for its first turn."""
    session = begun.session
    return {
        **key(session.session_id, SESSION),
        "opening": opening,
        "revision": 1,
        "user_id": session.user_id,
        "owner": session.owner,
        "request_type": session.request_type,
        "status": session.status,
        "input_data": to_attribute(begun.turn.input),
        "workflow_state": to_attribute(session.state),
        "version": session.version,
        "turns": begun.turns,
        "lease_token": begun.lease.token,
        "lease_until": moment(begun.lease.until),
        "created_at": moment(session.created_at),
        "updated_at": moment(session.updated_at),
        TTL: epoch(session.expires_at),
    }


def snapshot(item: Item) -> Snapshot:
    """The session of an item."""
    session = Session(
        session_id=item["pk"],
        user_id=item["user_id"],
        owner=item["owner"],
        request_type=item["request_type"],
        status=item["status"],
        state=from_attribute(item["workflow_state"]),
        version=item["version"],
        turns=item["turns"],
        created_at=dt.datetime.fromisoformat(item["created_at"]),
        updated_at=dt.datetime.fromisoformat(item["updated_at"]),
        expires_at=dt.datetime.fromtimestamp(item[TTL], dt.UTC),
    )
    token = item.get("lease_token")
    lease = None if token is None else Lease(token, dt.datetime.fromisoformat(item["lease_until"]))
    return Snapshot(session, lease)


def turn_item(begun: Begun, opening: str) -> Item:
    """A turn that is being worked at."""
    session, turn = begun.session, begun.turn
    return {
        **key(turn.session_id, turn_key(turn.number)),
        "opening": opening,
        "user_id": session.user_id,
        "owner": session.owner,
        "number": turn.number,
        "request_id": turn.request_id,
        "request_type": turn.request_type,
        "fingerprint": turn.fingerprint,
        "status": turn.status.value,
        "input_data": to_attribute(turn.input),
        "lease_token": begun.lease.token,
        "created_at": moment(turn.created_at),
        "updated_at": moment(turn.created_at),
        TTL: epoch(session.expires_at),
    }


def request_item(begun: Begun, opening: str) -> Item:
    """Which turn the request made."""
    session, turn = begun.session, begun.turn
    return {
        **key(turn.session_id, request_key(turn.request_id)),
        "opening": opening,
        "user_id": session.user_id,
        "owner": session.owner,
        "number": turn.number,
        TTL: epoch(session.expires_at),
    }


def kept_turn(item: Item) -> KeptTurn:
    """The turn of an item."""
    outcome, error, completed_at = item.get("outcome"), item.get("error"), item.get("completed_at")
    turn = Turn(
        session_id=item["pk"],
        number=item["number"],
        request_id=item["request_id"],
        request_type=item["request_type"],
        fingerprint=item["fingerprint"],
        status=item["status"],
        input=from_attribute(item["input_data"]),
        outcome=None if outcome is None else inflated(outcome),
        error=None if error is None else json.loads(error),
        created_at=dt.datetime.fromisoformat(item["created_at"]),
        completed_at=None if completed_at is None else dt.datetime.fromisoformat(completed_at),
    )
    return KeptTurn(turn, item["lease_token"])


def is_of(item: Item, who: Who) -> bool:
    """Whether the item is theirs."""
    return (item["user_id"], item["owner"]) == (who.user_id, who.owner)
