"""Dubbing between a real RabbitMQ and a real S3 server, both of which break down in the middle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from broker_foreign import Foreign, foreigner, soon
from broker_wire import Wire, wired
from dub_records import DubRecords
from dub_server import DubServer, dub_server
from dub_videos import film, voice
from pydantic import SecretStr
from seed_services import SeedServices

from batuta.dubbing.broker_link import CREATED
from batuta.media.packets import video_trail
from batuta.services.gateway.models import Options
from batuta.testing.rabbitmq import RabbitServer
from batuta.testing.s3 import KEY, s3_server
from batuta.testing.servers import serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OUTAGE_SECONDS = 4.0
"""Longer than a request to the object store is tried again by itself."""
PERSISTENT = 2
OPTIONS = Options(source_language="en", keep_background=False)
POISON = b'{"jobId": "not a number"'


@pytest.fixture
async def store() -> AsyncIterator[Wire]:
    """The way to an S3 server; shut, it is as if the server were down."""
    with s3_server() as endpoint:
        async with wired(int(endpoint.rpartition(":")[2])) as wire:
            yield wire


@pytest.fixture
async def services() -> AsyncIterator[tuple[SeedServices, str]]:
    """Services on loopback that hear one line in each video, and where they are."""
    services = SeedServices()
    async with serving(services.app()) as url:
        yield services, url
        services.release()


async def test_jobs_of_the_queue_are_dubbed_although_broker_and_store_break_down(
    foreign: Foreign,
    rabbitmq: RabbitServer,
    store: Wire,
    services: tuple[SeedServices, str],
    tmp_path: Path,
) -> None:
    """No message is lost, nothing is done twice, every state is told, and poison ends among the dead."""
    cast, near = services
    first, second = (cast.hold(text) for text in ("FIRST.", "SECOND."))
    outside = {
        "rabbitmq_url": SecretStr(rabbitmq.url),
        "minio_endpoint": f"http://127.0.0.1:{store.port}",
        "minio_access_key": SecretStr(KEY),
        "minio_secret_key": SecretStr(KEY),
    }
    async with dub_server(
        tmp_path / "data", asr_url=near, translate_url=near, tts_url=near, **outside
    ) as server:
        one = await _kept(server, cast, _video(tmp_path, 110), "First.")
        told = await foreign.statuses()
        await _announce(foreign, one)
        async with asyncio.timeout(30):
            await first.wait()
        assert await _until(told, one, "PROCESSING")

        two = await _kept(server, cast, _video(tmp_path, 150), "Second.")
        await _announce(foreign, two)
        await asyncio.to_thread(rabbitmq.stop, "immediate")
        await asyncio.to_thread(rabbitmq.start)
        async with asyncio.timeout(30):
            await second.wait()

        async with foreigner(rabbitmq.url) as again:
            told = await again.statuses()
            await again.send(POISON, delivery_mode=PERSISTENT)
            await store.shut()
            cast.release()
            records = DubRecords(tmp_path / "data")
            async with asyncio.timeout(30):
                while records.begun() != ["upload", "upload"]:  # noqa: ASYNC110  # another process's file
                    await asyncio.sleep(0.02)
            await asyncio.sleep(OUTAGE_SECONDS)
            await store.open()

            assert await _until(told, one, "COMPLETED", two, "COMPLETED")
            (dead,) = await again.dead(1)
            assert dead.body == POISON
            assert await again.left(CREATED) == 0

        for number in (one, two):
            assert (await server.ended(number))["outputObjectKey"] == f"dubbed_{number}.mp4"
        dub = await server.video(one, tmp_path / "first.pt.mp4")
        assert video_trail(dub) == video_trail(tmp_path / "talk110.mp4")
        assert (cast.asked["say FIRST."], cast.asked["say SECOND."]) == (1, 1)
        assert records.gateway() == [("COMPLETED", "dubbed_1.mp4"), ("COMPLETED", "dubbed_2.mp4")]


def _video(folder: Path, hertz: int) -> Path:
    return film(folder / f"talk{hertz}.mp4", voice(4, hertz=hertz), seconds=4, fps=5)


async def _kept(server: DubServer, cast: SeedServices, video: Path, text: str) -> int:
    """The number of a job at the gateway, its video in the bucket; nobody was told of it."""
    cast.lines = [(0.3, 2.8, text)]
    job = await server.app.state.gateway.uploads.take_file(video, "pt", OPTIONS)
    number: int = job.id
    return number


async def _announce(foreign: Foreign, number: int) -> None:
    """What the seed's gateway sends."""
    body = {"jobId": number, "sourceObjectKey": "any", "targetLanguage": "pt", "optionsJson": "{}"}
    await foreign.send(json.dumps({**body, "status": "QUEUED"}).encode(), delivery_mode=PERSISTENT)


async def _until(told: asyncio.Queue, *wanted: object) -> bool:  # type: ignore[type-arg]
    """Return once all these (number, status, number, status, …) were told."""
    missing = {(number, status) for number, status in zip(wanted[::2], wanted[1::2], strict=True)}
    while missing:
        message = json.loads((await soon(told)).body)
        missing.discard((message["id"], message["status"]))
    return True
