"""Assembles the house: settings in, everything wired and running out."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import sqlalchemy as sa
import structlog
from fastapi import FastAPI, Request, Response

from batuta.access.door import guard
from batuta.access.gate import Gate, OpenPaths
from batuta.access.keys import Keys
from batuta.access.routes import access_routes
from batuta.captions.admin import Admin
from batuta.captions.admin_routes import admin_router, deliveries_router
from batuta.captions.app import Captions, Checks, options_from
from batuta.captions.document import VERSION as SHAPER_VERSION
from batuta.captions.document import CaptionsDocument, Shape, Shaper
from batuta.captions.doors import bazarr_router, openai_router
from batuta.captions.health import Health
from batuta.captions.language import detect_language
from batuta.captions.pipeline import caption as caption_pipeline
from batuta.captions.rendered import Bodies, Lists
from batuta.captions.routes import AllSeen, health
from batuta.captions.routes import router as captions_router
from batuta.console import add_console
from batuta.jobs import Capacity, JobRecord, Jobs, LocalWorker, Worker
from batuta.jobs.carrier import carrier_name
from batuta.jobs.retention import Retention
from batuta.jobs.webhooks import Courier, enqueue
from batuta.logs import log_to_stderr
from batuta.services.app import service_app
from batuta.services.kinds import Staff, kind_named, service_jobs, staff
from batuta.services.problems import install_problems
from batuta.services.records import MENTIONS
from batuta.services.transcriber.service import check_transcription
from batuta.services.translator.pairs import check_translation
from batuta.services.translator.service import Translator
from batuta.settings import Settings
from batuta.storage.artefacts import ArtefactStore, ObjectArtefacts
from batuta.storage.database import Database, make_folder
from batuta.storage.lock import FolderLock
from batuta.telemetry.http import observe
from batuta.telemetry.scraping import JobNumbers, metrics_response, set_collector
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.version import __version__

log = structlog.get_logger()


class Options(TypedDict, total=False):
    """What `caption` may be told: the fields of `CaptionOptions`."""

    language: str
    language_out: str
    remove_noise: bool
    convert_to_mono: bool
    apply_highpass_filter: bool
    set_sample_rate_16k: bool
    isolate_vocals: bool
    subtitle_profile: str
    model: str


@dataclass(frozen=True)
class Batuta:
    """The running house."""

    settings: Settings
    captions: Captions
    jobs: Jobs
    admin: Admin
    courier: Courier
    health: Health


@asynccontextmanager
async def open_batuta(
    settings: Settings | None = None,
    *,
    standby: bool = True,
    carries: Literal["all", "own"] = "all",
    database: Database | None = None,
) -> AsyncGenerator[Batuta]:
    """Everything the settings ask for, running in this event loop until the block ends.

    When another process works in the same data folder that one does the work and this one watches, ready to
    take over; without `standby` this raises `Conflict`. On Postgres all work side by side; one that carries
    its `own` jobs takes on no others. A `database` opened before is closed with the rest.
    """
    settings = settings or Settings()
    if not structlog.is_configured():
        log_to_stderr(settings.log_level)
    async with AsyncExitStack() as stack:
        database = database or open_database(settings)
        stack.push_async_callback(database.aclose)
        await database.create_tables()
        artefacts = ObjectArtefacts.opened(settings.artefacts_folder, settings.batuta_artefacts)
        if database.is_shared and settings.batuta_artefacts is None:
            log.warning("artefacts.in_a_folder", advice="with several machines set BATUTA_ARTEFACTS")
        courier = await asyncio.to_thread(Courier.from_settings, database, settings)
        instance = carrier_name(database)
        team = staff(settings, database, artefacts, stack, instance)
        only_own = carries == "own" and database.is_shared
        jobs = _jobs(
            settings, database, artefacts, team, courier, _capacity(settings, team, instance, only_own)
        )
        stack.push_async_callback(jobs.aclose)
        await jobs.launch(standby=standby)
        await courier.launch()
        stack.push_async_callback(courier.aclose)
        retention = Retention(database, artefacts, jobs.store, jobs.journal, team.embedded, [MENTIONS])
        admin = Admin(jobs, retention, team.workers, settings)
        stack.push_async_callback(_ended, asyncio.create_task(retention.keep_clean(admin.lifetimes)))
        captions = Captions(jobs, artefacts, settings, _checks(settings, team))
        health = Health(team.workers)
        yield Batuta(settings, captions, jobs, admin, courier, health)


def caption(source: str | Path, **options: Unpack[Options]) -> CaptionsDocument:
    """Caption a file of this machine or an http(s) URL and wait for it; for programs without an event loop.

    Equal work done before is not done again. Raises the real error, for example `batuta.errors.NoAudio`.
    """
    if _inside_a_loop():
        raise RuntimeError("inside an event loop use `async with batuta.open_batuta() as house:` instead")
    wanted = options_from(options)

    async def run() -> CaptionsDocument:
        async with open_batuta(carries="own") as batuta:
            return await batuta.captions.caption(source, wanted)

    return asyncio.run(run())


def captions_app(
    settings: Settings | None = None, *, prefix: str = "", bound_to: str | None = None
) -> FastAPI:
    """Captions as an ASGI app, its routes under the prefix, to be served on the address `bound_to`."""
    settings = settings or Settings()
    database = open_database(settings)
    keys = Keys(database)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_batuta(settings, database=database) as batuta:
            app.state.captions = batuta.captions
            app.state.health = batuta.health
            app.state.admin = batuta.admin
            app.state.courier = batuta.courier
            set_collector(lambda: _numbers(batuta.jobs))
            try:
                yield
            finally:
                set_collector(None)
                await keys.aclose()

    app = FastAPI(
        title="Batuta",
        version=__version__,
        lifespan=lifespan,
        telemetry=FASTAPI_TELEMETRY,
        docs_url=None,  # its page loads scripts from elsewhere, which our pages never do
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.bodies, app.state.lists = Bodies(), Lists()
    for router in (captions_router, deliveries_router, admin_router):
        app.include_router(router, prefix=prefix)
    for place in dict.fromkeys(("", prefix)):
        app.include_router(openai_router, prefix=place)
        app.include_router(bazarr_router, prefix=place)
    app.add_api_route("/metrics", metrics_response, include_in_schema=False)
    if prefix:
        app.add_api_route("/health", health, include_in_schema=False)
    install_problems(app)
    app.add_exception_handler(AllSeen, _no_content)
    gate = Gate(
        keys,
        settings,
        bound_to=bound_to or settings.host,
        names=settings.known_names,
        trust_loopback=settings.batuta_trust_loopback,
        open_paths=OpenPaths.with_apps_under(prefix),
    )
    app.include_router(access_routes(gate, keys))
    guard(app, gate)
    add_console(app, prefix)
    observe(app)
    return app


def open_database(settings: Settings) -> Database:
    """The database the settings name; nothing is asked of it yet."""
    make_folder(settings.batuta_data)
    return Database.opened(settings.batuta_data, settings.database_url)


def standalone_service(
    name: str, settings: Settings | None = None, *, bound_to: str | None = None
) -> FastAPI:
    """One of the services as an ASGI app of its own, in a folder of its own within the data folder.

    Raises `InvalidRequest` for an unknown name, `Conflict` where the service is being served already.
    """
    settings = settings or Settings()
    full_name, kind = kind_named(name)
    house = open_database(settings)
    keys = Keys(house)  # where `batuta keys` makes them
    gate = Gate.of_service(keys, settings, bound_to=bound_to or settings.host)
    folder = settings.batuta_data / "services" / full_name
    settings = settings.model_copy(
        update={"batuta_data": folder, "database_url": None, "batuta_artefacts": None}
    )
    lock = FolderLock(folder)
    lock.acquire()
    database = Database.in_folder(folder)
    artefacts = ObjectArtefacts.in_folder(settings.artefacts_folder)
    jobs = service_jobs(kind, settings, database, artefacts, embedded=False)
    app = service_app(jobs, max_upload_bytes=settings.max_upload_bytes, routes=kind.routes)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            for each in (house, database):
                stack.push_async_callback(each.aclose)
                await each.create_tables()
            stack.push_async_callback(keys.aclose)
            await stack.enter_async_context(inner(app))
            lifetime = dt.timedelta(hours=settings.cache_ttl_hours)
            stack.push_async_callback(_ended, asyncio.create_task(jobs.keep_clean(lifetime)))
            yield

    app.router.lifespan_context = lifespan
    app.add_api_route("/metrics", metrics_response, include_in_schema=False)
    guard(app, gate, max_body_bytes=None)
    observe(app)
    return app


class _Webhooks:
    """Tells the owner of a job that it has ended."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def within(self, connection: sa.Connection, record: JobRecord) -> None:
        """Store the delivery with the end of the job."""
        if record.callback_url is not None:
            enqueue(connection, record, record.callback_url, reference=record.reference)

    def afterwards(self) -> None:
        """Send it."""
        self._courier.wake()


def _jobs(
    settings: Settings,
    database: Database,
    artefacts: ArtefactStore,
    team: Staff,
    courier: Courier,
    capacity: Capacity,
) -> Jobs:
    workers: Mapping[str, Worker] = {
        **team.workers,
        Shape.work: LocalWorker(Shaper(artefacts).shape, SHAPER_VERSION),
    }
    return Jobs(
        folder=settings.batuta_data,
        database=database,
        artefacts=artefacts,
        workers=workers,
        pipelines=[caption_pipeline, detect_language],
        companions=team.embedded,
        capacity=capacity,
        on_end=_Webhooks(courier),
    )


def _capacity(settings: Settings, team: Staff, name: str, only_own: bool) -> Capacity:  # noqa: FBT001  # a private helper
    return Capacity(
        name=name,
        jobs_at_once=settings.jobs_at_once,
        timeout=dt.timedelta(minutes=settings.job_timeout_minutes),
        lease_seconds=settings.lease_seconds,
        stall_seconds=settings.stall_seconds,
        only_own=only_own,
        limits=team.limits,
    )


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _checks(settings: Settings, team: Staff) -> Checks:
    """What the embedded services cannot do."""
    transcription = None if settings.audio_transcriber_url else check_transcription
    translators = [near.service for near in team.embedded if isinstance(near.service, Translator)]
    if not translators:
        return Checks(transcription, None)
    offer = translators[0].pairs
    return Checks(transcription, lambda spoken, wanted: check_translation(spoken, wanted, offer()))


async def _no_content(_request: Request, _error: Exception) -> Response:
    return Response(status_code=204)


async def _numbers(jobs: Jobs) -> JobNumbers:
    waiting, oldest = await jobs.queue.waiting()
    age = 0.0 if oldest is None else (dt.datetime.now(dt.UTC) - oldest).total_seconds()
    counts = await jobs.store.count()
    return JobNumbers({str(status): number for status, number in counts.items()}, waiting, age)


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
