"""The DynamoDB store by itself: the table, its attributes, JSON in maps, and a network that fails."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from aiodynamo.client import Client
from aiodynamo.credentials import Key as AwsKey
from aiodynamo.credentials import StaticCredentials
from aiodynamo.expressions import HashKey
from aiodynamo.http.types import Request, Response
from aiodynamo.models import KeySchema, KeySpec, KeyType, PayPerRequest, StaticDelayRetry, TimeToLiveStatus
from dynamo_tables import new_table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_talks import ANNA, LIFETIME, Time, ask, counting, never, saying

from batuta.errors import BatutaError, InvalidRequest, ServiceUnavailable, StorageError
from batuta.sessions import Ask, Sessions, SqlSessions, Who, open_store
from batuta.sessions import dynamo_client as clients
from batuta.sessions.dynamo import DynamoSessions
from batuta.sessions.dynamo_values import from_attribute, number, to_attribute
from batuta.storage.database import Database
from batuta.testing.dynamodb import KEY, REGION, sessions_at

pytestmark = pytest.mark.anyio

TEXT = st.text(st.characters(), max_size=8)  # halves of surrogate pairs, too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(TEXT | st.just("$json"), part, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT | st.just("$json"), JSON, max_size=5)


@pytest.fixture
async def table(dynamodb: str, anyio_backend: str) -> AsyncIterator[DynamoSessions]:
    """A new table."""
    del anyio_backend
    store = await new_table(dynamodb)
    yield store
    await store.aclose()


def conversations(store: DynamoSessions, time: Time) -> Sessions:
    return Sessions(store, lifetime=LIFETIME, now=time.now)


def as_kept(value: Any) -> Any:
    """What DynamoDB makes of it: numbers are only values, to 38 digits; names and text are UTF-8."""
    if isinstance(value, dict):
        assert all(name and name.encode() for name in value)
        return {name: as_kept(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_kept(part) for part in value]
    if isinstance(value, str):
        return value.encode().decode()
    if isinstance(value, bool) or value is None:
        return value
    kept = Decimal(str(value)).normalize()
    assert kept == 0 or (len(kept.as_tuple().digits) <= 38 and -130 <= kept.adjusted() < 126)
    return number(f"{kept:f}")


@given(OBJECTS)
def test_a_map_holds_every_json_object_exactly(value: dict[str, Any]) -> None:
    """Through what DynamoDB does to numbers; it is a map at the top always."""
    attribute = to_attribute(value)
    assert isinstance(attribute, dict)
    assert repr(from_attribute(as_kept(attribute))) == repr(value)


def test_what_people_read_in_a_map_is_what_was_said() -> None:
    """Only what a map would change is escaped."""
    plain = {"price": 59.9, "count": 3, "brand": None, "name": "", "tags": ["a", True]}
    assert to_attribute(plain) == plain
    assert to_attribute({"max": 60.0, "min": -0.0}) == {
        "max": {"$json": "60.0"},
        "min": {"$json": "-0.0"},
    }


async def test_a_state_of_any_json_comes_back_from_the_server(table: DynamoSessions, time: Time) -> None:
    """Kept and read over the wire."""
    sessions = conversations(table, time)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(OBJECTS)
    def collect(value: dict[str, Any]) -> None:
        examples.append(value)

    examples: list[dict[str, Any]] = []
    collect()
    for number_, value in enumerate(examples):
        await sessions.converse(Ask(ANNA, "chat", value, f"s{number_}"), saying(value, state=value))
        assert repr((await sessions.get(f"s{number_}", ANNA)).state) == repr(value)


async def test_the_table_is_paid_by_request_and_forgets_by_itself(table: DynamoSessions) -> None:
    """Making it again changes nothing."""
    made = await table._table.describe()
    living = await table._table.time_to_live.describe()
    assert made.throughput == PayPerRequest()
    assert (living.attribute, living.status) == ("expires_at", TimeToLiveStatus.enabled)
    assert await table.create_table() is False


async def test_items_have_the_attributes_of_the_seed(table: DynamoSessions, time: Time) -> None:
    """Of its types, beside what we need; the outcome is deflated."""
    turn = await conversations(table, time).converse(ask("hi", "s1", "r1"), counting)
    items = {item["sk"]: item async for item in table._table.query(HashKey("pk", "s1"))}
    assert set(items) == {"session", "turn#000001", "request#r1"}
    session, kept = items["session"], items["turn#000001"]
    at = time.now().isoformat(timespec="microseconds")
    expires_at = math.ceil((time.now() + LIFETIME).timestamp())
    expected = {
        "pk": "s1",
        "user_id": "anna",
        "request_type": "chat",
        "input_data": {"message": "hi"},
        "created_at": at,
        "updated_at": at,
        "expires_at": expires_at,
    }
    assert expected.items() <= session.items()
    assert expected.items() <= kept.items()
    assert (session["status"], session["workflow_state"], session["version"]) == ("counted", {"count": 1}, 1)
    assert (kept["status"], kept["number"], type(kept["outcome"])) == ("completed", turn.number, bytes)
    assert "lease_token" not in session
    assert items["request#r1"]["expires_at"] == expires_at


async def test_what_a_deletion_left_is_not_the_next_sessions(table: DynamoSessions, time: Time) -> None:
    """The process may have died in the middle of it; whoever opens the id next sees nothing of that."""
    sessions = conversations(table, time)
    for request_id in ("r1", "r2", "r3"):
        await sessions.converse(ask("hi", "s1", request_id), counting)
    await table._table.delete_item({"pk": "s1", "sk": "session"})
    bert = Who("bert")
    turn = await sessions.converse(ask("hi", "s1", "r2", who=bert), counting)
    assert (turn.number, turn.outcome) == (1, {"count": 1})
    assert await sessions.history("s1", bert) == [turn]


async def test_a_table_that_does_not_exist_is_told_of(dynamodb: str, time: Time) -> None:
    """With the command that makes it; a health check fails, and no turn begins."""
    store = sessions_at(dynamodb, "nowhere")
    sessions = conversations(store, time)
    for attempt in (sessions.ping(), sessions.get("s", ANNA), sessions.converse(ask("hi"), never)):
        with pytest.raises(
            StorageError, match="'nowhere' in this region: make it with `batuta shop init-dyna"
        ):
            await attempt
    await sessions.aclose()


async def test_a_table_of_another_shape_is_refused(dynamodb: str, table: DynamoSessions) -> None:
    """Nobody would find anything in it."""
    await table._client.table("other").create(PayPerRequest(), KeySchema(KeySpec("id", KeyType.string)))
    other = sessions_at(dynamodb, "other")
    with pytest.raises(StorageError, match="other keys than pk and sk"):
        await other.create_table()
    with pytest.raises(StorageError, match="refuses"):
        await other.ping()
    await other.aclose()


class Losing:
    """A network that loses the answers to some transactions, by their number."""

    def __init__(self, inner: clients.Http, lost: set[int]) -> None:
        self.inner = inner
        self.lost = lost
        self.seen = 0

    async def __call__(self, request: Request) -> Response:
        response = await self.inner(request)
        if request.headers and request.headers["X-Amz-Target"].endswith("TransactWriteItems"):
            self.seen += 1
            if self.seen in self.lost:
                raise TimeoutError
        return response


async def test_a_write_whose_answer_was_lost_is_one_write(table: DynamoSessions, time: Time) -> None:
    """It is sent again, found done, and believed: at the beginning of a turn and at its end."""
    losing = Losing(table._http, {1, 4})  # begun, refused the second time, begun under the own lease, ended
    client = Client(losing, table._client.credentials, REGION, table._client.endpoint, number)
    store = DynamoSessions(client, table._name, table._http)
    sessions = conversations(store, time)
    turn = await sessions.converse(ask("hi", "s1", "r1"), counting)
    assert (turn.number, turn.outcome, losing.seen) == (1, {"count": 1}, 5)
    assert await sessions.history("s1", ANNA) == [turn]
    assert (await sessions.get("s1", ANNA)).turns == 1


async def test_a_server_that_is_away_is_unavailable(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few short tries, whatever was asked."""
    monkeypatch.setattr(clients, "RETRY_SECONDS", 0.1)
    sessions = conversations(
        DynamoSessions.at("t", REGION, endpoint="http://127.0.0.1:9", access_key=KEY, secret_key=KEY), time
    )
    for attempt in (sessions.ping(), sessions.get("s", ANNA), sessions.converse(ask("hi"), never)):
        with pytest.raises(ServiceUnavailable, match="does not answer for table 't'"):
            await attempt
    await sessions.aclose()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (503, b"<html>", ServiceUnavailable, "does not answer"),
        (502, b"<html>", ServiceUnavailable, "answered 502"),
        (400, b'{"__type": "x#ThrottlingException"}', ServiceUnavailable, "Throttled"),
        (400, b'{"__type": "x#InvalidSignatureException"}', StorageError, "InvalidSignature"),
        (400, b'{"__type": "x#AccessDeniedException"}', StorageError, "set AWS_ACCESS_KEY_ID"),
        (400, b'{"__type": "x#ValidationException"}', StorageError, "refuses"),
    ],
)
async def test_what_the_server_says_becomes_an_error_of_ours(
    status: int, body: bytes, error: type[BatutaError], words: str
) -> None:
    """One that may pass is unavailable, all else is the operator's business."""

    async def answer(_: Request) -> Response:
        return Response(status, body)

    client = Client(
        answer, StaticCredentials(AwsKey(KEY, KEY)), REGION, throttle_config=StaticDelayRetry(0, 0)
    )
    http = clients.Http()
    with pytest.raises(error, match=words):
        await DynamoSessions(client, "t", http).ping()
    await http.aclose()


async def test_keys_that_are_not_given_are_looked_for(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment first; where there are none, that is said."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)
    store = DynamoSessions.at("t", REGION, endpoint=dynamodb)
    with pytest.raises(StorageError, match="make it with"):
        await store.ping()
    await store.aclose()
    monkeypatch.setattr(clients, "RETRY_SECONDS", 0.1)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    store = DynamoSessions.at("t", REGION, endpoint=dynamodb)
    with pytest.raises(StorageError, match=r"NoCredentialsFound.*set AWS_ACCESS_KEY_ID"):
        await store.ping()
    await store.aclose()


async def test_the_settings_choose_the_store(in_sqlite: Database) -> None:
    """A table's name, and then its region; otherwise the database."""
    assert isinstance(open_store(in_sqlite), SqlSessions)
    store = open_store(in_sqlite, table="t", region=REGION)
    assert isinstance(store, DynamoSessions)
    await store.aclose()
    with pytest.raises(InvalidRequest, match="AWS_REGION is not set"):
        open_store(in_sqlite, table="t")
