"""Dubbing wired: who does its work, before there are jobs; and everything around them, once there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from batuta.clients import RetryPolicy, ServiceClient
from batuta.dubbing import flow, mixing
from batuta.dubbing.app import Dubbing
from batuta.dubbing.deliveries import Deliveries
from batuta.dubbing.far import far_speech, far_transcriber, far_translator
from batuta.dubbing.flow import Flow
from batuta.dubbing.mixing import Mixing
from batuta.dubbing.offers import Offers
from batuta.dubbing.orders import Mix, Speak
from batuta.dubbing.progress import Watching
from batuta.dubbing.scripts import Scripts
from batuta.dubbing.steps import Steps
from batuta.dubbing.store import DubRuns, SegmentRows
from batuta.dubbing.telling import Telling
from batuta.errors import InvalidRequest
from batuta.jobs import Jobs, LocalWorker, Terms, Worker
from batuta.jobs.journal import Journal
from batuta.jobs.pieces import Pieces
from batuta.services.gateway.bucket import Bucket
from batuta.services.gateway.desk import Desk, open_desk, open_objects
from batuta.services.gateway.far import FarGateway
from batuta.services.gateway.gateway import Gateway, OwnGateway
from batuta.services.gateway.models import Job, JobChange, JobError, Options
from batuta.services.gateway.models import JobStatus as GatewayStatus
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.store import DubJobs
from batuta.services.speech.orders import Synthesize
from batuta.services.transcriber.orders import Transcribe
from batuta.services.translator.orders import Translate
from batuta.settings import Settings
from batuta.storage.artefacts import ArtefactStore
from batuta.storage.database import Database
from batuta.tasks import ended

if TYPE_CHECKING:
    from batuta.dubbing.intake import JobCreated

CLOSE_SECONDS: Final = 2.0
VOICES: Final = 4
"""Lines of one dub at the speech service at a time: what it speaks, and as much waiting at its door."""


@dataclass(frozen=True)
class Dubs:
    """Dubbing at work."""

    dubbing: Dubbing
    desk: Desk | None
    """The gateway, unless another is used."""


class Parts:
    """What dubbing has before there are jobs."""

    def __init__(  # what it stands on
        self,
        settings: Settings,
        database: Database,
        artefacts: ArtefactStore,
        services: Mapping[str, Worker],
        instance: str,
        offers: Offers,
        stack: AsyncExitStack,
    ) -> None:
        """`services` by the name of their work; `offers` says what our own can do.

        Clients are closed with the stack.
        """
        self.settings = settings
        self.database = database
        self.offers = offers
        self.objects: Objects = open_objects(settings.batuta_data, _bucket(settings))
        self.gateway: Gateway = _gateway(settings, database, self.objects, stack)
        self.runs, self.rows, self.artefacts = DubRuns(database), SegmentRows(database), artefacts
        folder = settings.batuta_data / "workspaces" / "dubbing"
        folder.mkdir(parents=True, exist_ok=True)
        pieces = Pieces(
            Journal(database, instance), artefacts, {**services, **_far(settings, artefacts, stack)}
        )
        self.watching = Watching(self.rows)
        steps = Steps(pieces, artefacts, folder, offers.check)
        scripts = Scripts(artefacts)
        self._flow = Flow(steps, scripts, self.watching, settings.speech_concurrency or VOICES)
        self._mixing = Mixing(pieces, scripts)
        self._deliveries = Deliveries(self.gateway, self.objects, artefacts, settings.max_upload_bytes)

    def workers(self) -> dict[str, Worker]:
        """Who does the work that no service does."""
        return {
            Speak.work: LocalWorker(self._flow.speak, flow.VERSION),
            Mix.work: LocalWorker(self._mixing.mix, mixing.VERSION),
            **self._deliveries.workers(),
        }


@asynccontextmanager
async def open_dubbing(parts: Parts, jobs: Jobs) -> AsyncGenerator[Dubs]:
    """Dubbing with its gateway, and its broker where there is one, running until the block ends."""
    settings = parts.settings
    parts.watching.jobs = jobs
    dubbing = Dubbing(jobs, parts.gateway, parts.runs, parts.rows, parts.artefacts, parts.offers)

    async def start(job: Job) -> None:
        try:
            await dubbing.orchestrate(job.id, Terms(owner=job.owner))
        except InvalidRequest as error:  # taken in by a gateway that did not know better
            why = JobError.told(error.code, error.message, None)
            await parts.gateway.patch(job.id, JobChange(status=GatewayStatus.FAILED, error=why))
            raise

    async def arrived(message: JobCreated) -> None:
        """A message may come twice: what failed or was stopped since is not taken up again by the copy."""
        job = await parts.gateway.job(message.job_id)
        if job.status is GatewayStatus.QUEUED:
            await start(job)

    def check(target: str, options: Options) -> None:
        parts.offers.check(options.source_language, target, options.voice)

    async with AsyncExitStack() as stack:
        announce, publish = start, None
        if settings.rabbitmq_url is not None:
            from batuta.dubbing.broker import open_broker  # noqa: PLC0415  # aio-pika, for who has a broker

            broker = await stack.enter_async_context(
                open_broker(settings.rabbitmq_url.get_secret_value(), arrived)
            )
            announce, publish = broker.announce, broker.publish_status
        desk = None
        if settings.api_gateway_url is None:
            opened = open_desk(
                parts.database,
                parts.objects,
                check=check,
                announce=announce,
                max_bytes=settings.max_upload_bytes,
                forget=dubbing.forget,
            )
            desk = await stack.enter_async_context(opened)
        else:
            stack.push_async_callback(parts.objects.aclose)
        telling = Telling(jobs, parts.gateway, parts.runs, parts.rows, publish)
        stack.push_async_callback(_last_told, telling)
        stack.push_async_callback(ended, asyncio.create_task(telling.keep_telling()))
        yield Dubs(dubbing, desk)


async def _last_told(telling: Telling) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await telling.tell()


def _gateway(settings: Settings, database: Database, objects: Objects, stack: AsyncExitStack) -> Gateway:
    if settings.api_gateway_url is None:
        return OwnGateway(DubJobs(database), objects)
    return FarGateway(_client("api-gateway", str(settings.api_gateway_url), 30.0, settings, stack))


def _far(settings: Settings, artefacts: ArtefactStore, stack: AsyncExitStack) -> dict[str, Worker]:
    """The seed's services that the settings name."""
    found: dict[str, Worker] = {}
    if settings.asr_url is not None:
        asr = _client("asr", str(settings.asr_url), settings.audio_transcriber_timeout, settings, stack)
        found[Transcribe.work] = far_transcriber(asr, artefacts)
    if settings.translate_url is not None:
        translate = _client(
            "translate", str(settings.translate_url), settings.translator_timeout, settings, stack
        )
        found[Translate.work] = far_translator(translate, artefacts)
    if settings.tts_url is not None:
        tts = _client("tts", str(settings.tts_url), settings.speech_timeout, settings, stack)
        found[Synthesize.work] = far_speech(tts, artefacts)
    return found


def _client(name: str, url: str, timeout: float, settings: Settings, stack: AsyncExitStack) -> ServiceClient:
    key = settings.services_api_key
    client = ServiceClient(
        name,
        url,
        timeout=timeout,
        retry=RetryPolicy(max_retries=settings.http_max_retries, base=settings.retry_backoff_base_seconds),
        headers={} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"},
    )
    stack.push_async_callback(client.aclose)
    return client


def _bucket(settings: Settings) -> Bucket | None:
    if settings.minio_endpoint is None:
        return None
    key, secret = settings.minio_access_key, settings.minio_secret_key
    if key is None or secret is None:
        raise InvalidRequest("MINIO_ENDPOINT needs MINIO_ACCESS_KEY and MINIO_SECRET_KEY")
    return Bucket(
        str(settings.minio_endpoint),
        key.get_secret_value(),
        secret.get_secret_value(),
        settings.minio_bucket,
    )
