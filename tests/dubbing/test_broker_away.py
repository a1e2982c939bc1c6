"""RabbitMQ is stopped, comes late, hangs, or never was: the house goes on, and no job is lost."""

from __future__ import annotations

import asyncio
import time

import pytest
from broker_foreign import QUICK, Desk, Foreign, foreigner, job, soon, until
from broker_wire import Wire

from batuta.dubbing import broker as broker_module
from batuta.dubbing.broker import Broker, open_broker
from batuta.dubbing.broker_link import CREATED, DEAD, STATUS
from batuta.errors import ServiceUnavailable
from batuta.services.gateway.models import JobStatus
from batuta.testing.rabbitmq import RabbitServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]
MESSAGES = 200
CLOSED_SECONDS = 3.0


async def announced(broker: Broker, number: int) -> None:
    """As the gateway's outbox does: until it is confirmed."""
    while True:
        try:
            return await broker.announce(job(number))
        except ServiceUnavailable:
            await asyncio.sleep(0.02)


async def test_a_stream_of_jobs_survives_the_death_of_the_server(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """Each job is accepted at least once, none is dead, none is left, whoever was at what at that moment."""
    await foreign.connection.close()
    desk = Desk()

    async def stream(broker: Broker) -> None:
        for number in range(1, MESSAGES + 1):
            await announced(broker, number)

    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK) as broker:
        streaming = asyncio.create_task(stream(broker))
        await until(lambda: len(desk.done) >= MESSAGES // 4)
        await asyncio.to_thread(rabbitmq.stop, "immediate")
        await asyncio.to_thread(rabbitmq.start)
        await streaming
        await until(lambda: set(desk.done) == set(range(1, MESSAGES + 1)))
    async with foreigner(rabbitmq.url) as again:
        assert (await again.left(CREATED), await again.left(DEAD)) == (0, 0)


async def test_the_house_opens_without_a_broker_and_is_there_when_it_comes(
    rabbitmq: RabbitServer, foreign: Foreign, wire: Wire
) -> None:
    """Meanwhile announcing fails at once, and of each job the newest state is kept."""
    await wire.shut()
    statuses = await foreign.statuses()
    await foreign.created(51)
    desk = Desk()
    async with open_broker(rabbitmq.url_at(wire.port), desk.accept, retry=QUICK, reconnect=QUICK) as broker:
        await until(lambda: broker.trouble is not None)
        assert not broker.connected
        with pytest.raises(ServiceUnavailable, match="job 52 could not be announced"):
            await broker.announce(job(52))
        for progress in (10, 20, 30):
            await broker.publish_status(job(53, status=JobStatus.PROCESSING, progress=progress))
            await broker.publish_status(job(54, status=JobStatus.PROCESSING, progress=progress))
        await wire.open()
        assert await desk.next() == 51
        assert (broker.connected, broker.trouble) == (True, None)
        told = [await soon(statuses) for _ in range(2)]
    assert [b'"progress":30' in each.body for each in told] == [True, True]
    assert statuses.empty()


async def test_states_are_published_for_whoever_listens(rabbitmq: RabbitServer, foreign: Foreign) -> None:
    """As the gateway shows them, in order, and those of the last moment too."""
    statuses = await foreign.statuses()
    async with open_broker(rabbitmq.url, Desk().accept, retry=QUICK, reconnect=QUICK) as broker:
        await until(lambda: broker.connected)
        await broker.publish_status(job(61, status=JobStatus.PROCESSING))
        first = await soon(statuses)
        await broker.publish_status(job(61, status=JobStatus.COMPLETED, output_object_key="dubbed_61.mp4"))
    last = await soon(statuses)
    assert [b'"PROCESSING"' in first.body, b'"COMPLETED"' in last.body] == [True, True]
    assert b'"id":61,"sourceObjectKey":"1_61.mp4","outputObjectKey":"dubbed_61.mp4"' in last.body
    assert b"owner" not in last.body
    assert (last.content_type, last.type, last.exchange) == ("application/json", STATUS, STATUS)


async def test_an_announcement_that_is_not_confirmed_in_time_can_be_made_again(
    rabbitmq: RabbitServer, foreign: Foreign, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that hangs holds nobody up; closing does not wait for it either."""
    del foreign
    monkeypatch.setattr(broker_module, "CONFIRM_SECONDS", 0.2)
    async with open_broker(rabbitmq.url_at(wire.port), Desk().accept, reconnect=QUICK) as broker:
        await until(lambda: broker.connected)
        wire.freeze()
        with pytest.raises(ServiceUnavailable, match="not confirmed in time") as caught:
            await broker.announce(job(71))
        assert caught.value.retryable
        await broker.publish_status(job(71))
        began = time.monotonic()
    assert time.monotonic() - began < CLOSED_SECONDS
    await wire.shut()


@pytest.mark.parametrize("state", ["shut", "cut", "silent"])
async def test_closing_is_quick_while_the_broker_is_away(
    rabbitmq: RabbitServer, wire: Wire, state: str
) -> None:
    """Nobody at the port, a connection just broken, and a greeting that never comes."""
    if state == "shut":
        await wire.shut()
    if state == "silent":
        wire.freeze()
    async with open_broker(rabbitmq.url_at(wire.port), Desk().accept, reconnect=QUICK) as broker:
        if state == "shut":
            await until(lambda: broker.trouble is not None)
        if state == "cut":
            await until(lambda: broker.connected)
            wire.cut()
        began = time.monotonic()
    assert time.monotonic() - began < CLOSED_SECONDS
    assert not broker.connected
    with pytest.raises(ServiceUnavailable, match="closed for good"):
        await broker.announce(job(72))
