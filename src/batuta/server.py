"""Assembles the house: settings in, everything wired and running out.

Nothing else knows which service is embedded and which is a URL.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict, Unpack

import structlog
from fastapi import APIRouter, FastAPI

from batuta.captions.app import Captions, options_from
from batuta.captions.document import VERSION as SHAPER_VERSION
from batuta.captions.document import CaptionsDocument, Shape, Shaper
from batuta.captions.health import Health
from batuta.captions.pipeline import caption as caption_pipeline
from batuta.captions.routes import router as captions_router
from batuta.clients import AppTransport, PollPolicy, RemoteJobs, RetryPolicy, ServiceClient
from batuta.errors import InvalidRequest
from batuta.jobs import Jobs, LocalWorker, Worker
from batuta.logs import log_to_stderr
from batuta.services.app import service_app
from batuta.services.downloader.service import Downloader
from batuta.services.normalizer.service import Normalizer
from batuta.services.problems import install_problems
from batuta.services.registry import ServiceJobs
from batuta.services.remote import ServiceWorker
from batuta.services.transcriber.service import Transcriber
from batuta.services.transcriber.service import routes as transcriber_routes
from batuta.services.work import Service
from batuta.settings import Settings
from batuta.storage.artefacts import ArtefactStore, ObjectArtefacts
from batuta.storage.database import Database
from batuta.storage.lock import FolderLock
from batuta.version import __version__
from batuta.weights import Weights


def _retry(settings: Settings) -> RetryPolicy:
    return RetryPolicy(max_retries=settings.http_max_retries, base=settings.retry_backoff_base_seconds)


class Options(TypedDict, total=False):
    """What `caption` may be told: the fields of `CaptionOptions`."""

    language: str
    language_out: str
    remove_noise: bool
    convert_to_mono: bool
    apply_highpass_filter: bool
    set_sample_rate_16k: bool
    subtitle_profile: str
    model: str


@dataclass(frozen=True)
class Kind:
    """How one service is made, and where the settings say it is."""

    build: Callable[[Settings, bool], Service]
    """Out of the settings, and whether it is embedded and so has only us for a caller."""
    url: Callable[[Settings], object]
    timeout: Callable[[Settings], float]
    routes: APIRouter | None = None


SERVICES: Final[Mapping[str, Kind]] = {
    "video-downloader": Kind(
        build=lambda settings, embedded: Downloader(
            max_bytes=settings.max_upload_bytes,
            timeout_seconds=settings.job_timeout_minutes * 60,
            url_allow=settings.allowed_hosts,
            trusts_orders=embedded,
            retry=_retry(settings),
        ),
        url=lambda settings: settings.video_downloader_url,
        timeout=lambda settings: settings.video_downloader_timeout,
    ),
    "audio-normalization": Kind(
        build=lambda _settings, _embedded: Normalizer(),
        url=lambda settings: settings.audio_normalization_url,
        timeout=lambda settings: settings.audio_normalization_timeout,
    ),
    "audio-transcriber": Kind(
        build=lambda settings, _: Transcriber(Weights.from_settings(settings), settings.whisper_model),
        url=lambda settings: settings.audio_transcriber_url,
        timeout=lambda settings: settings.audio_transcriber_timeout,
        routes=transcriber_routes,
    ),
}
ALIASES: Final = {
    "downloader": "video-downloader",
    "normalizer": "audio-normalization",
    "transcriber": "audio-transcriber",
}
"""Short names for the command line."""


PROGRESS_SECONDS: Final = 1.0
"""A service that waits with its answer is asked this often, so that progress is seen to move."""


@dataclass(frozen=True)
class Batuta:
    """The running house."""

    settings: Settings
    captions: Captions
    jobs: Jobs
    health: Health


@asynccontextmanager
async def open_batuta(settings: Settings | None = None, *, standby: bool = True) -> AsyncGenerator[Batuta]:
    """Everything the settings ask for, running in this event loop until the block ends.

    When another process works in the same data folder that one does the work and this one watches, ready to
    take over; without `standby` this raises `Conflict`.
    """
    settings = settings or Settings()
    if not structlog.is_configured():
        log_to_stderr(settings.log_level)
    async with AsyncExitStack() as stack:
        database, artefacts = await _storage(settings, stack)
        called: dict[str, ServiceWorker] = {}
        embedded: list[ServiceJobs] = []
        for name, kind in SERVICES.items():
            service = _embedded(kind, settings, database, artefacts)
            called[name] = _caller(name, kind, settings, service, artefacts, stack)
            if service is not None:
                stack.push_async_callback(service.aclose)
                embedded.append(service)
        workers: dict[str, Worker] = {
            **called,
            Shape.work: LocalWorker(Shaper(artefacts).shape, SHAPER_VERSION),
        }
        jobs = Jobs(
            folder=settings.batuta_data,
            database=database,
            artefacts=artefacts,
            workers=workers,
            pipelines=[caption_pipeline],
            timeout=dt.timedelta(minutes=settings.job_timeout_minutes),
            companions=embedded,
        )
        stack.push_async_callback(jobs.aclose)
        await jobs.launch(standby=standby)
        yield Batuta(settings, Captions(jobs, artefacts, settings), jobs, Health(called))


def caption(source: str | Path, **options: Unpack[Options]) -> CaptionsDocument:
    """Caption a file of this machine or an http(s) URL and wait for it; for programs without an event loop.

    Equal work done before is not done again. Raises the real error, for example `batuta.errors.NoAudio`.
    """
    if _inside_a_loop():
        raise RuntimeError("inside an event loop use `async with batuta.open_batuta() as house:` instead")
    wanted = options_from(options)

    async def run() -> CaptionsDocument:
        async with open_batuta() as batuta:
            return await batuta.captions.caption(source, wanted)

    return asyncio.run(run())


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def captions_app(settings: Settings | None = None, *, prefix: str = "") -> FastAPI:
    """Captions as an ASGI app, its routes under the prefix."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_batuta(settings) as batuta:
            app.state.settings = batuta.settings
            app.state.captions = batuta.captions
            app.state.health = batuta.health
            yield

    app = FastAPI(title="Batuta", version=__version__, lifespan=lifespan)
    app.include_router(captions_router, prefix=prefix)
    if prefix:

        @app.get("/", include_in_schema=False)
        async def index() -> dict[str, object]:  # pyright: ignore[reportUnusedFunction]  # a route
            return {"name": "batuta", "version": __version__, "apps": [prefix], "api": "/openapi.json"}

    install_problems(app)
    return app


def standalone_service(name: str, settings: Settings | None = None) -> FastAPI:
    """One of the services as an ASGI app of its own, in a folder of its own within the data folder.

    Raises `InvalidRequest` for an unknown name, `Conflict` where the service is being served already.
    """
    settings = settings or Settings()
    full_name = ALIASES.get(name, name)
    kind = SERVICES.get(full_name)
    if kind is None:
        raise InvalidRequest(f"no service is called {name!r}; there are {', '.join(ALIASES)}")
    settings = settings.model_copy(update={"batuta_data": settings.batuta_data / "services" / full_name})
    lock = FolderLock(settings.batuta_data)
    lock.acquire()
    database = Database.in_folder(settings.batuta_data)
    artefacts = ObjectArtefacts.in_folder(settings.artefacts_folder)
    jobs = _service_jobs(kind, settings, database, artefacts, embedded=False)
    app = service_app(jobs, max_upload_bytes=settings.max_upload_bytes, routes=kind.routes)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            stack.push_async_callback(database.aclose)
            await database.create_tables()
            await stack.enter_async_context(inner(app))
            yield

    app.router.lifespan_context = lifespan
    return app


async def _storage(settings: Settings, stack: AsyncExitStack) -> tuple[Database, ObjectArtefacts]:
    database = Database.in_folder(settings.batuta_data)
    stack.push_async_callback(database.aclose)
    await database.create_tables()
    return database, ObjectArtefacts.in_folder(settings.artefacts_folder)


def _embedded(
    kind: Kind, settings: Settings, database: Database, artefacts: ArtefactStore
) -> ServiceJobs | None:
    """The service in this process, unless the settings name a URL for it."""
    return None if kind.url(settings) else _service_jobs(kind, settings, database, artefacts, embedded=True)


def _caller(
    name: str,
    kind: Kind,
    settings: Settings,
    embedded: ServiceJobs | None,
    artefacts: ArtefactStore,
    stack: AsyncExitStack,
) -> ServiceWorker:
    """Whoever asks the service: over the network, or without leaving this process."""
    transport = None
    if embedded is not None:
        transport = AppTransport(
            service_app(embedded, max_upload_bytes=settings.max_upload_bytes, routes=kind.routes)
        )
    client = ServiceClient(
        name,
        str(kind.url(settings) or f"http://{name}"),
        transport,
        timeout=kind.timeout(settings),
        retry=_retry(settings),
    )
    stack.push_async_callback(client.aclose)
    polling = PollPolicy(
        interval=settings.poll_interval,
        max_attempts=settings.max_poll_attempts,
        longest_wait=PROGRESS_SECONDS,
        at_once=0.9 * PROGRESS_SECONDS,
    )
    return ServiceWorker(client, RemoteJobs(client, polling), artefacts, shares_store=embedded is not None)


def _service_jobs(
    kind: Kind, settings: Settings, database: Database, artefacts: ArtefactStore, *, embedded: bool
) -> ServiceJobs:
    return ServiceJobs(
        kind.build(settings, embedded),
        database,
        artefacts,
        settings.batuta_data / "workspaces",
        dt.timedelta(minutes=settings.job_timeout_minutes),
    )
