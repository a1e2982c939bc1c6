"""Messages that say a job was created: accepted, tried again, or kept among the dead; none is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
import structlog
from broker_foreign import QUICK, Desk, Foreign, job, until
from broker_wire import Wire

from batuta.dubbing.broker import open_broker
from batuta.dubbing.broker_link import CREATED, DEAD, PREFETCH
from batuta.dubbing.intake import MAX_BODY, JobCreated
from batuta.errors import Conflict, InvalidRequest, NotFound, ServiceUnavailable
from batuta.testing.rabbitmq import RabbitServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


async def test_a_job_is_accepted_and_its_message_forgotten(rabbitmq: RabbitServer, foreign: Foreign) -> None:
    """What the seed's gateway sends arrives whole, once."""
    seen: list[JobCreated] = []
    desk = Desk(lambda created, _: seen.append(created))
    await foreign.created(7)
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK):
        assert await desk.next() == 7
    fields = {"source_object_key": "1_a.mp4", "target_language": "es", "options_json": "{}"}
    assert seen == [JobCreated(job_id=7, status="QUEUED", **fields)]
    assert (await foreign.left(CREATED), await foreign.left(DEAD)) == (0, 0)


async def test_a_message_is_delivered_again_when_the_connection_breaks_before_its_job_is_accepted(
    rabbitmq: RabbitServer, foreign: Foreign, wire: Wire
) -> None:
    """Nothing is acknowledged before: the cut comes in the middle of accepting."""
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    desk = Desk(lambda created, times: hang() if (created.job_id, times) == (8, 1) else None)
    await foreign.created(8)
    url = rabbitmq.url_at(wire.port)
    async with open_broker(url, desk.accept, retry=QUICK, reconnect=QUICK) as broker:
        async with asyncio.timeout(10):
            await reached.wait()
        await broker.announce(job(9))  # once this is confirmed, whatever was said before has been heard
        assert await desk.next() == 9
        wire.cut()
        await until(lambda: 8 in desk.done)
    assert desk.asked.count(8) == 2
    assert await foreign.left(CREATED) == 0


async def test_poison_is_kept_with_its_reason_and_stops_nobody(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """More of it than is taken at a time, and good messages after it."""
    raised = {
        11: NotFound("there is no job 11"),
        12: InvalidRequest("target language: 'xx' is none"),
        13: Conflict("job 13 is cleaned up"),
    }

    def refuse(created: JobCreated, _: int) -> None:
        if created.job_id in raised:
            raise raised[created.job_id]

    poison = {
        "invalid_request: request: Invalid JSON": [b"hello", b"", b"\xff\xfe", b'{"jobId": 1'],
        "invalid_request: jobId: Field required": [b"{}", b'{"id": 4}'],
        "invalid_request: jobId: Value error": [b'{"jobId": true}'],
        "invalid_request: jobId: Input should": [b'{"jobId": 0}', b'{"jobId": "x"}', b'{"jobId": null}'],
        "invalid_request: request: Input should": [b"[1]"],
        "payload_too_large:": [b'{"jobId": 5, "more": "%s"}' % (b"x" * MAX_BODY)],
        "not_found: there is no job 11": [b'{"jobId": 11}'],
        "invalid_request: target language": [b'{"jobId": 12}'],
        "conflict: job 13 is cleaned up": [b'{"jobId": 13}'],
    }
    bodies = {body: reason for reason, several in poison.items() for body in several}
    assert len(bodies) > PREFETCH
    desk = Desk(refuse)
    for number, body in enumerate(bodies):
        await foreign.send(body, correlation_id=f"c{number}", headers={"x-own": number})
    await foreign.send(b'{"jobId": "21", "optionsJson": {"voice": "a"}, "status": 3}')
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK):
        assert await desk.next() == 21
        letters = await foreign.dead(len(bodies))
    assert {each.body for each in letters} == set(bodies)
    for letter in letters:
        headers = letter.header.properties.headers or {}
        assert str(headers["x-batuta-reason"]).startswith(bodies[letter.body])
        assert str(headers["x-batuta-at"]).startswith("20")
        assert letter.header.properties.correlation_id == f"c{headers['x-own']}"
        assert letter.header.properties.delivery_mode == 2
    assert await foreign.left(CREATED) == 0


async def test_odd_properties_do_not_let_a_dead_letter_go_astray(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """A lifetime, a user, further addressees, one name twice, headers too large to add to."""
    await foreign.send(b"life", expiration="60000", message_id="same")
    await foreign.send(b"user", user_id="batuta", message_id="same")
    await foreign.send(b"copy", headers={"CC": [DEAD + ".copies"]})
    await foreign.send(b"long", headers={"much": "x" * 100_000})
    desk = Desk()
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK):
        letters = {each.body: each.header.properties for each in await foreign.dead(4)}
    headers = {body: each.headers or {} for body, each in letters.items()}
    assert (letters[b"life"].expiration, headers[b"life"]["x-batuta-expiration"]) == (None, "60000")
    assert (letters[b"user"].user_id, headers[b"user"]["x-batuta-user-id"]) == (None, "batuta")
    assert headers[b"copy"]["x-batuta-cc"] == [DEAD + ".copies"]
    assert "CC" not in headers[b"copy"]
    assert str(headers[b"long"]["x-batuta-headers"]).startswith("{'much': 'xxx")
    assert await foreign.left(CREATED) == 0


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (lambda: ServiceUnavailable("gateway: busy", retry_after=3600.0), 6),
        (lambda: NotFound("there is no job 31: not yet"), 2),
        (lambda: ZeroDivisionError("division by zero"), 4),
    ],
)
async def test_what_may_pass_is_tried_again_until_it_has(
    rabbitmq: RabbitServer, foreign: Foreign, error: Callable[[], Exception], times: int
) -> None:
    """The message waits unacknowledged; then the job is accepted, once."""

    def fail(_: JobCreated, asked: int) -> None:
        if asked <= times:
            raise error()

    desk = Desk(fail)
    await foreign.created(31)
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK):
        assert await desk.next() == 31
    assert len(desk.asked) == times + 1
    assert (await foreign.left(CREATED), await foreign.left(DEAD)) == (0, 0)


async def test_what_nobody_thought_of_ends_among_the_dead_however_often_the_connection_breaks(
    rabbitmq: RabbitServer, foreign: Foreign, wire: Wire
) -> None:
    """Five failures in all: a new delivery does not begin at nought."""

    def fail(_: JobCreated, asked: int) -> None:
        if asked in {2, 4}:
            wire.cut()
        raise KeyError("owner")

    desk = Desk(fail)
    await foreign.created(32)
    async with open_broker(rabbitmq.url_at(wire.port), desk.accept, retry=QUICK, reconnect=QUICK):
        (letter,) = await foreign.dead(1)
    assert desk.asked == [32] * 5
    assert json.loads(letter.body)["jobId"] == 32
    headers = letter.header.properties.headers or {}
    assert headers["x-batuta-reason"] == "unexpected KeyError: 'owner'"


async def test_the_queue_is_declared_again_when_somebody_deletes_it(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """The consumer that RabbitMQ dismisses comes back."""
    desk = Desk()
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK) as broker:
        await until(lambda: broker.connected)
        await foreign.channel.queue_delete(CREATED)
        await foreign.created(41)
        assert await desk.next() == 41


async def test_poison_is_not_forgotten_while_there_is_nowhere_to_keep_it(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """Somebody deletes the queue of the dead: the message stays until there is one again."""
    async with open_broker(rabbitmq.url, Desk().accept, retry=QUICK, reconnect=QUICK) as broker:
        await until(lambda: broker.connected)
        await foreign.channel.queue_delete(DEAD)
        with structlog.testing.capture_logs() as logs:
            await foreign.send(b"poison")
            await until(lambda: "broker.away" in [each["event"] for each in logs])
        (letter,) = await foreign.dead(1)
    assert letter.body == b"poison"
