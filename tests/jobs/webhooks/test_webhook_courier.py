"""The courier brings each delivery to its receiver: signed, at least once, in time, and not inside."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ended_jobs import SECRET
from structlog.testing import LogCapture
from webhook_receiver import Receiver, receiving

from batuta.errors import InvalidRequest, StorageError
from batuta.jobs.webhooks import Courier, State, verify
from batuta.jobs.webhooks.courier import CLAIM_SECONDS, PER_HOST
from batuta.jobs.webhooks.schedule import DELAYS
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
on_both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)

Make = Callable[..., Courier]
Now = Callable[[], dt.datetime]


@pytest.fixture
def callback_url(receiver: Receiver) -> str:
    """The receiver's."""
    return receiver.url


@pytest.fixture(autouse=True)
def _nothing_left_running(nothing_left_running: None, receiver: Receiver) -> None:
    """For all tests here."""


async def test_a_delivery_arrives_signed(courier: Make, ends: Callable, receiver: Receiver, now: Now) -> None:
    """As the receiver can verify, with the body as it was stored."""
    delivery_id = await ends()
    one = courier()
    assert await one.deliver_due() == 1
    [got] = receiver.got
    verify(SECRET, got.headers, got.body, now=now().timestamp())
    body = json.loads(got.body)
    assert body["delivery_id"] == got.headers["webhook-id"] == delivery_id
    assert body["event"] == got.headers["batuta-event"] == "job.completed"
    assert (body["reference"], got.path) == ("mine", "/hook")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("batuta/")
    delivery = await one.deliveries.get(delivery_id)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (State.DELIVERED, 1, 204)
    assert (delivery.delivered_at, delivery.next_attempt_at, delivery.last_error) == (now(), None, None)
    assert await one.deliver_due() == 0


async def test_delays_grow_until_the_receiver_is_back(
    courier: Make, ends: Callable, receiver: Receiver, clock: VirtualClock, now: Now
) -> None:
    """Each attempt has the same id and body, and a time and signature of its own."""
    receiver.answers = [(status, {}, b"down") for status in (500, 502, 503, 504, 408, 425, 429, 500, 500)]
    delivery_id = await ends()
    one = courier()
    for tries, delay in enumerate(DELAYS, 1):
        assert await one.deliver_due() == 1
        delivery = await one.deliveries.get(delivery_id)
        assert (delivery.state, delivery.attempts) == (State.PENDING, tries)
        assert delivery.next_attempt_at == now() + dt.timedelta(seconds=delay)
        clock.advance(delay - 1)
        assert await one.deliver_due() == 0
        clock.advance(1)
    assert delivery.last_error == "it answered 500: down"
    assert await one.deliver_due() == 1
    assert (await one.deliveries.get(delivery_id)).state is State.DELIVERED
    assert len({(got.headers["webhook-id"], got.body) for got in receiver.got}) == 1
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == len(DELAYS) + 1
    verify(SECRET, receiver.got[-1].headers, receiver.got[-1].body, now=now().timestamp())


async def test_after_a_day_and_a_half_it_is_given_up_and_can_be_replayed(
    courier: Make, ends: Callable, receiver: Receiver, clock: VirtualClock
) -> None:
    """The replay has all its tries again."""
    receiver.answers = [(500, {}, b"")] * (len(DELAYS) + 2)
    delivery_id = await ends()
    one = courier()
    for delay in (*DELAYS, 1):
        assert await one.deliver_due() == 1
        clock.advance(delay)
    delivery = await one.deliveries.get(delivery_id)
    assert (delivery.state, delivery.attempts) == (State.FAILED, len(DELAYS) + 1)
    clock.advance(1e6)
    assert await one.deliver_due() == 0
    assert (await one.replay(delivery_id, "abc")).state is State.PENDING
    assert await one.deliver_due() == 1
    assert (await one.deliveries.get(delivery_id)).state is State.PENDING
    clock.advance(DELAYS[0])
    assert await one.deliver_due() == 1
    assert (await one.deliveries.get(delivery_id)).state is State.DELIVERED
    assert {got.headers["webhook-id"] for got in receiver.got} == {delivery_id}


async def test_a_delivered_one_can_be_replayed(courier: Make, ends: Callable, receiver: Receiver) -> None:
    """Under the same id, so that the receiver can tell."""
    delivery_id = await ends()
    one = courier()
    await one.deliver_due()
    await one.replay(delivery_id)
    await one.deliver_due()
    assert [got.headers["webhook-id"] for got in receiver.got] == [delivery_id] * 2
    assert receiver.got[0].body == receiver.got[1].body


async def test_retry_after_is_obeyed(
    courier: Make, ends: Callable, receiver: Receiver, clock: VirtualClock
) -> None:
    """In seconds."""
    receiver.answers = [(429, {"retry-after": "90"}, b"")]
    await ends()
    one = courier()
    await one.deliver_due()
    clock.advance(89)
    assert await one.deliver_due() == 0
    clock.advance(1)
    assert await one.deliver_due() == 1


@on_both
@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (302, {"location": "http://127.0.0.1/inside"}, "it moved to http://127.0.0.1/inside, and redirects"),
        (400, {}, "it answered 400: no \ufffd thanks"),
        (404, {}, "it answered 404"),
        (410, {}, "it answered 410"),
    ],
)
async def test_a_refusal_ends_it(
    courier: Make, ends: Callable, receiver: Receiver, status: int, headers: dict[str, str], why: str
) -> None:
    """With the receiver's words, as far as they are printable: no database takes a NUL."""
    receiver.answers = [(status, headers, b"no \xff\x00\x1b thanks\r\n" if status == 400 else b"")]
    delivery_id = await ends()
    one = courier()
    await one.deliver_due()
    delivery = await one.deliveries.get(delivery_id)
    assert (delivery.state, delivery.last_status, len(receiver.got)) == (State.FAILED, status, 1)
    assert delivery.last_error is not None
    assert delivery.last_error.startswith(why)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://127.1:{port}/", "file:///etc/passwd", "x"]
)
async def test_what_may_not_be_asked_is_not_asked(
    courier: Make, ends: Callable, receiver: Receiver, url: str
) -> None:
    """An operator who takes an exception back takes it back for what waits, too."""
    delivery_id = await ends(url=url.format(port=receiver.url.split(":")[2].split("/")[0]))
    one = courier(allow=[])
    await one.deliver_due()
    delivery = await one.deliveries.get(delivery_id)
    assert (delivery.state, delivery.last_status, receiver.got) == (State.FAILED, None, [])
    assert delivery.last_error


async def test_no_answer_is_tried_again(courier: Make, ends: Callable, receiver: Receiver) -> None:
    """A hanging receiver, and one that is not there."""
    receiver.gate.clear()
    async with receiving() as gone:
        pass
    hanging, absent = await ends("hanging"), await ends("absent", url=gone.url)
    one = courier(seconds=0.3)
    assert await one.deliver_due() == 2
    found = [await one.deliveries.get(delivery_id) for delivery_id in (hanging, absent)]
    assert [delivery.state for delivery in found] == [State.PENDING] * 2
    assert "refuses connections" in (found[1].last_error or "")
    assert [delivery.last_status for delivery in found] == [None] * 2


async def test_a_launched_courier_begins_with_what_is_due_and_can_be_woken(
    courier: Make, ends: Callable, receiver: Receiver
) -> None:
    """It looks only once an hour here, so it must have been the waking."""
    await ends("before")
    one = courier(look_seconds=3600)
    await one.launch()
    await receiver.has_got(1)
    await ends("after")
    one.wake()
    await receiver.has_got(2)


async def test_without_waking_a_courier_looks_now_and_then(
    courier: Make, ends: Callable, receiver: Receiver
) -> None:
    """For what other processes asked for."""
    one = courier(look_seconds=0.05)
    await one.launch()
    await ends()
    await receiver.has_got(1)


async def test_a_closed_couriers_delivery_is_sent_by_the_next(
    courier: Make, ends: Callable, receiver: Receiver
) -> None:
    """At once, and under the same id: the first may have arrived or not."""
    receiver.gate.clear()
    delivery_id = await ends()
    first = courier()
    await first.launch()
    await receiver.has_got(1)
    await first.aclose()
    receiver.gate.set()
    second = courier()
    await second.launch()
    await receiver.has_got(2)
    assert [got.headers["webhook-id"] for got in receiver.got] == [delivery_id] * 2
    assert receiver.got[0].body == receiver.got[1].body


async def test_a_killed_couriers_delivery_is_sent_when_its_claim_has_run_out(
    courier: Make, ends: Callable, receiver: Receiver, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead one gives nothing back."""
    receiver.gate.clear()
    delivery_id = await ends()
    killed, second = courier(), courier()

    async def dead(_owner: str) -> None:
        raise StorageError("dead")

    monkeypatch.setattr(killed.deliveries, "release", dead)
    await killed.launch()
    await receiver.has_got(1)
    await killed.aclose()
    receiver.gate.set()
    assert await second.deliver_due() == 0
    clock.advance(CLAIM_SECONDS + 1)
    assert await second.deliver_due() == 1
    delivery = await second.deliveries.get(delivery_id)
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
    assert [got.headers["webhook-id"] for got in receiver.got] == [delivery_id] * 2


@on_both
async def test_couriers_of_several_processes_send_each_delivery_once(
    courier: Make, ends: Callable, receiver: Receiver
) -> None:
    """Three on one outbox; the last sees what the others' looking hid."""
    asked = {await ends(f"job{number}") for number in range(30)}
    sent = await asyncio.gather(*(courier().deliver_due() for _ in range(3)))
    sent.append(await courier().deliver_due())
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert (sum(sent), len(ids), set(ids)) == (30, 30, asked)


async def test_a_slow_receiver_does_not_hold_up_the_others(
    courier: Make, ends: Callable, receiver: Receiver
) -> None:
    """It has its few places; another host's delivery passes by."""
    receiver.gate.clear()
    for number in range(3 * PER_HOST):
        await ends(f"slow{number}")
    async with receiving() as quick:
        await ends("quick", url=quick.url.replace("127.0.0.1", "localhost"))
        one = courier(allow=["localhost"])
        await one.launch()
        await receiver.has_got(PER_HOST)
        await quick.has_got(1)
        assert receiver.most_waiting == PER_HOST
    receiver.gate.set()
    await receiver.has_got(3 * PER_HOST)
    assert receiver.most_waiting == PER_HOST


async def test_a_database_in_trouble_is_asked_again(
    courier: Make, ends: Callable, receiver: Receiver, database: Database, logged: LogCapture
) -> None:
    """A courier outlives it, and sends rather twice than not."""
    one = courier(look_seconds=0.02)
    await database.write(
        lambda connection: connection.execute(sa.text("ALTER TABLE webhook_deliveries RENAME TO x"))
    )
    await one.launch()
    async with asyncio.timeout(5):
        while not any(entry["event"] == "webhooks.not_looked" for entry in logged.entries):
            await database.read(lambda connection: connection.execute(sa.text("SELECT 1")))
    await database.write(
        lambda connection: connection.execute(sa.text("ALTER TABLE x RENAME TO webhook_deliveries"))
    )
    await ends()
    await receiver.has_got(1)


async def test_logs_have_no_secrets(
    courier: Make, ends: Callable, receiver: Receiver, logged: LogCapture
) -> None:
    """Paths and queries of callback URLs often are passwords."""
    receiver.answers = [(500, {}, b""), (404, {}, b"")]
    for number in range(2):
        await ends(f"job{number}", url=f"{receiver.url}/hidden?token=hidden")
    await courier().deliver_due()
    said = str(logged.entries)
    assert "webhook.pending" in said
    assert "webhook.failed" in said
    assert "hidden" not in said
    assert SECRET not in said


async def test_a_ping_tells_at_once_how_it_went(courier: Make, receiver: Receiver) -> None:
    """It is sent once, whatever comes of it, and can be replayed like any delivery."""
    receiver.answers = [(200, {}, b""), (503, {}, b"down")]
    one = courier()
    delivery = await one.ping(receiver.url)
    assert (delivery.state, delivery.event, delivery.job_id) == (State.DELIVERED, "ping", None)
    body = json.loads(receiver.got[0].body)
    assert (body["event"], body["delivery_id"]) == ("ping", delivery.delivery_id)
    failed = await one.ping(receiver.url)
    assert (failed.state, failed.last_status, failed.attempts) == (State.FAILED, 503, 1)
    assert await one.deliver_due() == 0
    await one.replay(failed.delivery_id)
    assert await one.deliver_due() == 1


async def test_a_ping_to_the_inside_is_refused(courier: Make, receiver: Receiver) -> None:
    """Before anything is stored."""
    with pytest.raises(InvalidRequest, match="not a public address"):
        await courier(allow=[]).ping(receiver.url)
    assert receiver.got == []


async def test_a_courier_is_made_from_the_settings(
    database: Database, ends: Callable, receiver: Receiver, tmp_path: object
) -> None:
    """Secret and exceptions are the operator's."""
    settings = Settings(batuta_data=tmp_path, batuta_url_allow="127.0.0.1", webhook_secret=SECRET)
    await ends()
    one = Courier.from_settings(database, settings)
    assert await one.deliver_due() == 1
    await one.aclose()
    verify(SECRET, receiver.got[0].headers, receiver.got[0].body)
