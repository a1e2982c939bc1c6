"""The running house: settings in, every orchestrator wired to the core and to the others, running, out."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, Unpack

import sqlalchemy as sa
import structlog
from starlette.types import ASGIApp

from batuta.albums.app import Albums, open_albums
from batuta.between import ExistingCaptions, MadeByCaptions
from batuta.captions.admin import Admin
from batuta.captions.app import Captions, Checks, options_from
from batuta.captions.document import VERSION as SHAPER_VERSION
from batuta.captions.document import CaptionsDocument, Shape, Shaper
from batuta.captions.health import Health
from batuta.captions.language import detect_language
from batuta.captions.pipeline import caption as caption_pipeline
from batuta.dubbing.app import Dubbing
from batuta.dubbing.offers import Offers
from batuta.dubbing.opening import Parts, open_dubbing
from batuta.dubbing.pipeline import dub
from batuta.dubbing.store import MENTIONS as DUB_MENTIONS
from batuta.jobs import Capacity, JobRecord, Jobs, LocalWorker, Worker
from batuta.jobs.carrier import carrier_name
from batuta.jobs.retention import Retention
from batuta.jobs.webhooks import Courier, enqueue
from batuta.logs import log_to_stderr
from batuta.services.gateway.desk import Desk
from batuta.services.kinds import Staff, staff
from batuta.services.records import MENTIONS
from batuta.services.speech.service import Speech
from batuta.services.transcriber.service import check_transcription
from batuta.services.translator.pairs import check_translation
from batuta.services.translator.service import Translator
from batuta.services.vision.app import vision_app
from batuta.services.vision.vision import open_vision
from batuta.settings import Settings
from batuta.shopping.app import Shopping
from batuta.shopping.opening import open_shopping
from batuta.storage.artefacts import ArtefactStore, ObjectArtefacts
from batuta.storage.database import Database
from batuta.tasks import ended
from batuta.transcripts.app import open_transcripts
from batuta.transcripts.batch import BatchWork, batch
from batuta.transcripts.batches import Batches
from batuta.transcripts.orchestrator import Transcripts
from batuta.weights import Weights

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
    transcripts: Transcripts
    batches: Batches
    albums: Albums
    dubbing: Dubbing
    shopping: Shopping
    gateway: Desk | None
    """The one in this process, unless the settings name another."""


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
        database = database or Database.of_settings(settings)
        stack.push_async_callback(database.aclose)
        await database.create_tables()
        artefacts = ObjectArtefacts.opened(settings.artefacts_folder, settings.batuta_artefacts)
        if database.is_shared and settings.batuta_artefacts is None:
            log.warning("artefacts.in_a_folder", advice="with several machines set BATUTA_ARTEFACTS")
        courier = await asyncio.to_thread(Courier.from_settings, database, settings)
        instance = carrier_name(database)
        team = staff(settings, database, artefacts, stack, instance)
        only_own = carries == "own" and database.is_shared
        transcripts = await stack.enter_async_context(open_transcripts(settings, database))
        albums = await stack.enter_async_context(open_albums(settings))
        parts = Parts(settings, database, artefacts, team.workers, instance, _offers(settings, team), stack)
        workers = {
            **team.workers,
            **parts.workers(),
            **_own_workers(artefacts),
            **ExistingCaptions(transcripts, artefacts).workers(),
            **BatchWork(transcripts).workers(),
        }
        jobs = Jobs(
            folder=settings.batuta_data,
            database=database,
            artefacts=artefacts,
            workers=workers,
            pipelines=[caption_pipeline, detect_language, batch, dub],
            companions=team.embedded,
            capacity=_capacity(settings, team, instance, only_own),
            on_end=_Webhooks(courier),
        )
        stack.push_async_callback(jobs.aclose)
        await jobs.launch(standby=standby)
        await courier.launch()
        stack.push_async_callback(courier.aclose)
        retention = Retention(
            database, artefacts, jobs.store, jobs.journal, team.embedded, [MENTIONS, DUB_MENTIONS]
        )
        admin = Admin(jobs, retention, team.workers, settings)
        stack.push_async_callback(ended, asyncio.create_task(retention.keep_clean(admin.lifetimes)))
        captions = Captions(jobs, artefacts, settings, _checks(settings, team))
        transcripts.generator = MadeByCaptions(captions, settings.youtube_origin)
        health = Health(team.workers)
        dubs = await stack.enter_async_context(open_dubbing(parts, jobs))

        async def own_media(opened: AsyncExitStack) -> ASGIApp:
            hearing, folder = team.workers["audio-transcriber"], settings.batuta_data / "media"
            vision = open_vision(Weights.from_settings(settings), hearing, artefacts, folder)
            return vision_app(
                await opened.enter_async_context(vision), max_upload_bytes=settings.max_upload_bytes
            )

        shopping = await stack.enter_async_context(open_shopping(settings, database, own_media))
        yield Batuta(
            settings,
            captions,
            jobs,
            admin,
            courier,
            health,
            transcripts,
            Batches(jobs),
            albums,
            dubs.dubbing,
            shopping,
            dubs.desk,
        )


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


def _own_workers(artefacts: ArtefactStore) -> dict[str, Worker]:
    shaper = Shaper(artefacts)
    return {Shape.work: LocalWorker(lambda order, _: shaper.shape(order), SHAPER_VERSION)}


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


def _checks(settings: Settings, team: Staff) -> Checks:
    """What the embedded services cannot do."""
    transcription = None if settings.audio_transcriber_url else check_transcription
    translators = [near.service for near in team.embedded if isinstance(near.service, Translator)]
    if not translators:
        return Checks(transcription, None)
    offer = translators[0].pairs
    return Checks(transcription, lambda spoken, wanted: check_translation(spoken, wanted, offer()))


def _offers(settings: Settings, team: Staff) -> Offers:
    """What our own services can do for a dub; those elsewhere judge for themselves."""
    near = [each.service for each in team.embedded]
    translators = [each for each in near if isinstance(each, Translator)]
    speakers = [each for each in near if isinstance(each, Speech)]
    return Offers(
        translation=translators[0].pairs if translators and not settings.translate_url else None,
        speech=speakers[0].offer if speakers and not settings.tts_url else None,
    )


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
