"""Sessions in a DynamoDB table: every write is conditional, every turn begins and ends in one transaction."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import secrets
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final, Self, TypeVar, cast

from aiodynamo.client import Client, Table
from aiodynamo.errors import (
    ConditionalCheckFailed,
    ItemNotFound,
    ResourceInUse,
    TableInUse,
    TransactionCanceled,
    TransactionConflict,
    TransactionInProgress,
)
from aiodynamo.expressions import Condition, F, HashKey, KeyCondition, RangeKey, UpdateExpression
from aiodynamo.models import KeySchema, KeySpec, KeyType, PayPerRequest, StaticDelayRetry, TimeToLiveStatus
from aiodynamo.operations import Put, Update

from batuta.errors import NotReady, StorageError
from batuta.sessions.deciding import MOST_TURNS, Attempt, Beginning, Begun, Ended, Lease, decide, lease_lost
from batuta.sessions.dynamo_client import Http, dynamo_client, told
from batuta.sessions.dynamo_items import (
    SESSION,
    TTL,
    Item,
    epoch,
    is_kept,
    is_of,
    kept_turn,
    key,
    moment,
    request_item,
    request_key,
    session_item,
    snapshot,
    turn_item,
    turn_key,
)
from batuta.sessions.dynamo_values import to_attribute
from batuta.sessions.models import Who
from batuta.sessions.packing import deflated
from batuta.sessions.store import Found, Page

T = TypeVar("T")

TRIES: Final = 6
"""Of a write that others come before."""
PAUSE_SECONDS: Final = 0.05
_PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction is cancelled that may succeed in a moment (API Reference, TransactWriteItems)."""
AT_ONCE: Final = 16
"""Items that are deleted at a time."""
MAKING: Final = StaticDelayRetry(time_limit_secs=120, delay=1)
SCHEMA: Final = KeySchema(KeySpec("pk", KeyType.string), KeySpec("sk", KeyType.string))


class DynamoSessions:
    """The sessions of one table; `create_table` makes it."""

    def __init__(self, client: Client, table: str, http: Http) -> None:
        """`http` is what the client uses, and is closed with this; `at` makes all three."""
        self._client = client
        self._http = http
        self._name = table
        self._table: Table = client.table(table)

    @classmethod
    def at(
        cls,
        table: str,
        region: str,
        *,
        endpoint: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        session_token: str | None = None,
    ) -> Self:
        """The table of a region; without both keys those of the environment or the machine are used.

        `session_token` belongs to keys that AWS lends for some hours.
        """
        http = Http()
        client = dynamo_client(
            http,
            region,
            endpoint=endpoint,
            access_key=access_key,
            secret_key=secret_key,
            session_token=session_token,
        )
        return cls(client, table, http)

    async def create_table(self) -> bool:
        """Make the table, paid by request, its items removed after `expires_at`; False if it was there.

        Raises `StorageError` for a table of this name whose keys are others.
        """
        with told(self._name):
            try:
                await self._table.create(PayPerRequest(), SCHEMA, wait_for_active=MAKING)
                made = True
            except (TableInUse, ResourceInUse):
                made = False
            if (await self._table.describe()).key_schema != SCHEMA:
                raise StorageError(
                    f"table {self._name!r} has other keys than pk and sk, both strings: choose another name"
                )
            living = await self._table.time_to_live.describe()
            if living.status not in {TimeToLiveStatus.enabled, TimeToLiveStatus.enabling}:
                await self._table.time_to_live.enable(TTL)
            return made

    async def begin(self, attempt: Attempt) -> Beginning:
        """Look, decide, and write if nobody came between."""
        asked = attempt.asked
        for wait in _pauses():
            looks = [self._get(asked.session_id, sort) for sort in (SESSION, request_key(asked.request_id))]
            held, request = await _together(looks)
            alive = held if held is not None and is_kept(held, attempt.now) else None
            known = None
            if alive is not None and request is not None and _is_in(request, alive, attempt.now):
                known = await self._get(asked.session_id, turn_key(request["number"]))
            beginning = decide(
                attempt,
                None if alive is None else snapshot(alive),
                None if known is None else kept_turn(known),
            )
            if not isinstance(beginning, Begun) or await self._write_beginning(beginning, held):
                return beginning
            await asyncio.sleep(wait)
        raise NotReady("the session is busy: ask again in a moment", 1.0)

    async def renew(self, session_id: str, lease: Lease) -> bool:
        """Hold it longer; False once it is another's, or gone."""
        change = F("lease_until").set(moment(lease.until)) & F("revision").change(1)
        ours = F("lease_token").equals(lease.token)
        with told(self._name):
            for wait in _pauses():
                try:
                    await self._table.update_item(key(session_id, SESSION), change, condition=ours)
                except ConditionalCheckFailed:
                    return False
                except TransactionConflict:
                    await asyncio.sleep(wait)
                else:
                    return True
        return True  # nobody has taken it; the next renewal comes soon

    async def finish(self, ended: Ended) -> None:
        """In one transaction; raises `Conflict`."""
        session, turn = ended.session, ended.turn
        ours = F("lease_token").equals(ended.token)
        operations = [
            Update(
                self._name,
                key(session.session_id, SESSION),
                _session_change(ended),
                ours & F("version").equals(ended.version),
            ),
            Update(self._name, key(session.session_id, turn_key(turn.number)), _turn_change(ended), ours),
        ]
        if await self._transact(operations):
            return
        item = await self._get(session.session_id, turn_key(turn.number))
        if item is None or (item["lease_token"], item["status"]) != (ended.token, turn.status):
            raise lease_lost(session.session_id)
        # otherwise this is the second time: the answer to the first was lost

    async def find(self, session_id: str, now: dt.datetime, page: Page | None = None) -> Found | None:
        """The session with the turns of the page."""
        held = await self._get(session_id, SESSION)
        if held is None or not is_kept(held, now):
            return None
        items = [] if page is None else await self._page(held, now, page)
        return Found(snapshot(held), [kept_turn(item) for item in reversed(items)])

    async def delete(self, session_id: str, who: Who, now: dt.datetime) -> bool:
        """The session at once, its other items after it; False when they have none of this id."""
        while True:
            held = await self._get(session_id, SESSION)
            if held is None or not is_kept(held, now) or not is_of(held, who):
                return False
            if await self._remove(key(session_id, SESSION), held["opening"]):
                break
        others = await self._others(held)
        for first in range(0, len(others), AT_ONCE):
            items = others[first : first + AT_ONCE]
            await _together([self._remove(item, held["opening"]) for item in items])
        return True

    async def sweep(self, now: dt.datetime) -> int:
        """Nothing: the table's TTL does it."""
        del now
        return 0

    async def ping(self) -> None:
        """Look for an item."""
        await self._get("ping", "ping")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get(self, session_id: str, sort: str) -> Item | None:
        with told(self._name):
            try:
                return await self._table.get_item(key(session_id, sort), consistent_read=True)
            except ItemNotFound:
                return None

    async def _write_beginning(self, begun: Begun, held: Item | None) -> bool:
        """False when somebody came between the looking and this."""
        place = key(begun.session.session_id, SESSION)
        if begun.opens or held is None:
            opening = secrets.token_hex(8)
            first: Put | Update = Put(self._name, session_item(begun, opening), _as_seen(held))
        else:
            opening = held["opening"]
            first = Update(self._name, place, _held_change(begun), _as_seen(held))
        others = [Put(self._name, make(begun, opening)) for make in (turn_item, request_item)]
        return await self._transact([first, *others])

    async def _transact(self, operations: Sequence[Put | Update]) -> bool:
        """Do all of them; False when a condition does not hold. The token makes what is sent twice one."""
        token = secrets.token_hex(16)
        with told(self._name):
            for wait in _pauses():
                try:
                    await self._client.transact_write_items(operations, request_token=token)
                except TransactionCanceled as error:
                    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
                    if "ConditionalCheckFailed" in codes:
                        return False
                    if not codes <= _PASSING:
                        raise StorageError(f"DynamoDB refuses to write: {error!r:.300}") from error
                    await asyncio.sleep(wait)
                except (TransactionConflict, TransactionInProgress):
                    await asyncio.sleep(wait)
                else:
                    return True
        raise NotReady("the session is busy: ask again in a moment", 1.0)

    async def _page(self, held: Item, now: dt.datetime, page: Page) -> list[Item]:
        """Newest first."""
        last = MOST_TURNS if page.before is None else min(page.before - 1, MOST_TURNS)
        if last < 1:
            return []
        where = HashKey("pk", held["pk"]) & RangeKey("sk").between(turn_key(1), turn_key(last))
        found: list[Item] = []
        async with aclosing(self._answers(where, limit=page.limit)) as answers:
            async for items in answers:
                found += [item for item in items if _is_in(item, held, now)]
                if len(found) >= page.limit:
                    break
        return found[: page.limit]

    async def _others(self, held: Item) -> list[Item]:
        """The keys of the session's items beside its snapshot."""
        found: list[Item] = []
        async with aclosing(self._answers(HashKey("pk", held["pk"]), keys_only=True)) as answers:
            async for items in answers:
                found += [item for item in items if item["sk"] != SESSION]
        return found

    async def _answers(
        self, where: KeyCondition, *, limit: int | None = None, keys_only: bool = False
    ) -> AsyncGenerator[list[Item]]:
        """What a query finds, the last keys first, as many at a time as DynamoDB gives."""
        start: Item | None = None
        while True:
            with told(self._name):
                answer = await self._table.query_single_page(
                    where,
                    start_key=start,
                    scan_forward=False,
                    limit=limit,
                    projection=F("pk") & F("sk") if keys_only else None,
                    consistent_read=True,
                )
            yield answer.items
            start = answer.last_evaluated_key
            if start is None:
                return

    async def _remove(self, place: Item, opening: str) -> bool:
        """False when it is another session's by now, or gone."""
        with told(self._name):
            for wait in _pauses():
                try:
                    await self._table.delete_item(place, condition=F("opening").equals(opening))
                except ConditionalCheckFailed:
                    return False
                except TransactionConflict:
                    await asyncio.sleep(wait)
                else:
                    return True
        raise NotReady("the session is busy: ask again in a moment", 1.0)


async def _together(doing: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all give; or, once all have ended, the first error."""
    outcomes = await asyncio.gather(*doing, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[T]", outcomes)


def _as_seen(held: Item | None) -> Condition:
    """Nobody has written since."""
    if held is None:
        return F("pk").does_not_exist()
    return F("opening").equals(held["opening"]) & F("revision").equals(held["revision"])


def _is_in(item: Item, held: Item, now: dt.datetime) -> bool:
    """Whether it is of this very session, and has not expired."""
    return bool(item["opening"] == held["opening"]) and is_kept(item, now)


def _held_change(begun: Begun) -> UpdateExpression:
    return (
        F("lease_token").set(begun.lease.token)
        & F("lease_until").set(moment(begun.lease.until))
        & F("turns").set(begun.turns)
        & F("input_data").set(to_attribute(begun.turn.input))
        & F(TTL).set(epoch(begun.session.expires_at))
        & F("revision").change(1)
    )


def _session_change(ended: Ended) -> UpdateExpression:
    session = ended.session
    change = (
        F(TTL).set(epoch(session.expires_at))
        & F("revision").change(1)
        & F("lease_token").remove()
        & F("lease_until").remove()
    )
    if ended.state_text is None:
        return change
    return (
        change
        & F("workflow_state").set(to_attribute(session.state))
        & F("status").set(session.status)
        & F("version").set(session.version)
        & F("updated_at").set(moment(session.updated_at))
    )


def _turn_change(ended: Ended) -> UpdateExpression:
    turn = ended.turn
    change = F("status").set(turn.status.value) & F(TTL).set(epoch(ended.session.expires_at))
    if ended.outcome_text is not None:
        change &= F("outcome").set(deflated(ended.outcome_text))
    if turn.error is not None:
        change &= F("error").set(json.dumps(turn.error))
    if turn.completed_at is not None:
        change &= F("completed_at").set(moment(turn.completed_at))
        change &= F("updated_at").set(moment(turn.completed_at))
    return change


def _pauses() -> Iterator[float]:
    """Between the tries of a write that others come before, in seconds."""
    for tries in range(TRIES):
        yield PAUSE_SECONDS * 2**tries * random.uniform(0.5, 1.0)  # noqa: S311  # parts the processes
