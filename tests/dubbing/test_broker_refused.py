"""What an operator has to put right is said clearly, and no password with it."""

from __future__ import annotations

import logging

import pytest
import structlog
from broker_foreign import QUICK, Desk, Foreign, job, until

from batuta.dubbing.broker import open_broker
from batuta.dubbing.broker_link import CREATED
from batuta.errors import InvalidRequest, ServiceUnavailable
from batuta.testing.rabbitmq import PASSWORD, RabbitServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


async def test_a_queue_of_the_wrong_kind_is_named_and_used_once_it_is_right(
    rabbitmq: RabbitServer, foreign: Foreign
) -> None:
    """Whoever declared it otherwise cannot be overruled."""
    await foreign.channel.declare_queue(CREATED, durable=True, arguments={"x-max-length": 10})
    desk = Desk()
    async with open_broker(rabbitmq.url, desk.accept, retry=QUICK, reconnect=QUICK) as broker:
        await until(lambda: broker.trouble is not None)
        assert (
            "job.created and job.created.dead must be durable queues without arguments" in f"{broker.trouble}"
        )
        assert "x-max-length" in f"{broker.trouble}"
        await foreign.channel.queue_delete(CREATED)
        await foreign.created(81)
        assert await desk.next() == 81


async def test_no_password_is_written_anywhere(
    rabbitmq: RabbitServer, foreign: Foreign, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log, of ours or a library's, and not in an error; with the right one and a wrong one."""
    del foreign
    caplog.set_level(logging.DEBUG)
    wrong = rabbitmq.url.replace(PASSWORD, "not-the-password%2Fat-all")
    secrets = (PASSWORD, "not-the-password", "at-all")
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        async with open_broker(wrong, Desk().accept, reconnect=QUICK) as broker:
            await until(lambda: broker.trouble is not None)
            with pytest.raises(ServiceUnavailable) as caught:
                await broker.announce(job(1))
            said += [f"{broker.trouble}", f"{caught.value}", f"{broker!r}"]
        async with open_broker(rabbitmq.url, Desk().accept, reconnect=QUICK) as broker:
            await until(lambda: broker.connected)
    said += [str(logs), caplog.text]
    assert "ACCESS_REFUSED" in said[0]
    assert [secret for secret in secrets for text in said if secret in text] == []


@pytest.mark.parametrize(
    "url",
    [
        "amqp://somebody:se/cret@host:5672/",
        "http://somebody:secret@host/",
        "amqp://somebody:secret@/",
        "amqp://somebody:secret@host:70000/",
        "amqp://somebody:secret@host/?heartbeat=often",
        "secret",
    ],
)
async def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    """A password may be in it, and be what is wrong with it."""
    with pytest.raises(InvalidRequest, match="write amqp://user:password@host") as caught:
        async with open_broker(url, Desk().accept):
            pass
    assert not [part for part in ("somebody", "cret") if part in str(caught.value)]
    assert caught.value.__cause__ is None
