"""The services there are: how each is made, and where the settings say it is.

A service whose URL is set is called there; any other is embedded: called within this process, its files in
our own store. Nothing else knows the difference.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter

from batuta.clients import AppTransport, PollPolicy, RemoteJobs, RetryPolicy, ServiceClient
from batuta.errors import InvalidRequest
from batuta.jobs.places import Limit
from batuta.services.app import service_app
from batuta.services.audio_worker.service import AudioWorker
from batuta.services.downloader.service import Downloader
from batuta.services.normalizer.service import Normalizer
from batuta.services.registry import LONGEST_WORK, ServiceJobs
from batuta.services.remote import ServiceWorker
from batuta.services.speech.routes import routes as speech_routes
from batuta.services.speech.service import Speech
from batuta.services.transcriber.service import Transcriber
from batuta.services.transcriber.service import routes as transcriber_routes
from batuta.services.translator.chat import Chat
from batuta.services.translator.service import Translator
from batuta.services.translator.service import routes as translator_routes
from batuta.services.work import Service
from batuta.settings import Settings
from batuta.storage.artefacts import ArtefactStore
from batuta.storage.database import Database
from batuta.weights import Weights

PROGRESS_SECONDS: Final = 1.0
"""A service that waits with its answer is asked this often, so that progress is seen to move."""


@dataclass(frozen=True)
class Kind:
    """How one service is made, and where the settings say it is."""

    build: Callable[[Settings, bool], Service]
    """Out of the settings, and whether it is embedded and so has only us for a caller."""
    url: Callable[[Settings], object]
    timeout: Callable[[Settings], float]
    places: Callable[[Settings], int | None]
    """Orders under way at a time that the operator allows over all workers."""
    port: int
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
        places=lambda settings: settings.video_downloader_concurrency,
        port=8001,
    ),
    "audio-normalization": Kind(
        build=lambda settings, _: Normalizer(Weights.from_settings(settings)),
        url=lambda settings: settings.audio_normalization_url,
        timeout=lambda settings: settings.audio_normalization_timeout,
        places=lambda settings: settings.audio_normalization_concurrency,
        port=8002,
    ),
    "audio-transcriber": Kind(
        build=lambda settings, _: Transcriber(Weights.from_settings(settings), settings.whisper_model),
        url=lambda settings: settings.audio_transcriber_url,
        timeout=lambda settings: settings.audio_transcriber_timeout,
        places=lambda settings: settings.audio_transcriber_concurrency,
        port=8003,
        routes=transcriber_routes,
    ),
    "translator": Kind(
        build=lambda settings, _: Translator(
            Weights.from_settings(settings), settings.batuta_models, _chat(settings)
        ),
        url=lambda settings: settings.translator_url,
        timeout=lambda settings: settings.translator_timeout,
        places=lambda settings: settings.translator_concurrency,
        port=8004,
        routes=translator_routes,
    ),
    "audio-worker": Kind(
        build=lambda settings, _: AudioWorker(Weights.from_settings(settings)),
        url=lambda settings: settings.audio_worker_url,
        timeout=lambda settings: settings.audio_worker_timeout,
        places=lambda settings: settings.audio_worker_concurrency,
        port=8005,
    ),
    "speech": Kind(
        build=lambda settings, _: Speech(Weights.from_settings(settings)),
        url=lambda settings: settings.speech_url,
        timeout=lambda settings: settings.speech_timeout,
        places=lambda settings: settings.speech_concurrency,
        port=8300,
        routes=speech_routes,
    ),
}
ALIASES: Final = {
    "downloader": "video-downloader",
    "normalizer": "audio-normalization",
    "transcriber": "audio-transcriber",
    "translator": "translator",
    "worker": "audio-worker",
    "speech": "speech",
}
"""Short names for the command line."""


@dataclass(frozen=True)
class Staff:
    """The services as the jobs meet them."""

    workers: Mapping[str, ServiceWorker]
    """Who asks each service, by its name."""
    embedded: tuple[ServiceJobs, ...]
    limits: Mapping[str, Limit]


def staff(
    settings: Settings, database: Database, artefacts: ArtefactStore, stack: AsyncExitStack, instance: str
) -> Staff:
    """Every service, near or far, closed with the stack; `instance` names this process to the others."""
    if database.is_shared:
        _forget_workspaces(settings.batuta_data / "workspaces")
        stack.callback(shutil.rmtree, settings.batuta_data / "workspaces" / instance, ignore_errors=True)
    workers: dict[str, ServiceWorker] = {}
    embedded: list[ServiceJobs] = []
    limits: dict[str, Limit] = {}
    for name, kind in SERVICES.items():
        places = kind.places(settings)
        near = None
        if not kind.url(settings):
            own = instance if database.is_shared else ""
            near = service_jobs(kind, settings, database, artefacts, embedded=True, instance=own)
            stack.push_async_callback(near.aclose)
            embedded.append(near)
        workers[name] = _caller(name, kind, settings, near, artefacts, stack)
        if places is not None:
            limits[name] = Limit(places, shared=True)
        elif near is not None:
            limits[name] = Limit(near.service.concurrency, shared=False)
    return Staff(workers, tuple(embedded), limits)


def service_jobs(
    kind: Kind,
    settings: Settings,
    database: Database,
    artefacts: ArtefactStore,
    *,
    embedded: bool,
    instance: str = "",
) -> ServiceJobs:
    """The jobs of a service in this process."""
    return ServiceJobs(
        kind.build(settings, embedded),
        database,
        artefacts,
        settings.batuta_data / "workspaces" / instance,
        dt.timedelta(minutes=settings.job_timeout_minutes),
        instance=instance,
        owns_files=not embedded,
    )


def kind_named(name: str) -> tuple[str, Kind]:
    """The full name and the kind of a service; raises `InvalidRequest` for an unknown one."""
    full_name = ALIASES.get(name, name)
    kind = SERVICES.get(full_name)
    if kind is None:
        raise InvalidRequest(f"no service is called {name!r}; there are {', '.join(ALIASES)}")
    return full_name, kind


def _caller(
    name: str,
    kind: Kind,
    settings: Settings,
    embedded: ServiceJobs | None,
    artefacts: ArtefactStore,
    stack: AsyncExitStack,
) -> ServiceWorker:
    """Whoever asks the service: over the network, or without leaving this process."""
    transport, headers = None, dict[str, str]()
    if embedded is not None:
        transport = AppTransport(
            service_app(embedded, max_upload_bytes=settings.max_upload_bytes, routes=kind.routes)
        )
    elif settings.services_api_key is not None:
        headers["Authorization"] = f"Bearer {settings.services_api_key.get_secret_value()}"
    client = ServiceClient(
        name,
        str(kind.url(settings) or f"http://{name}"),
        transport,
        timeout=kind.timeout(settings),
        retry=_retry(settings),
        headers=headers,
    )
    stack.push_async_callback(client.aclose)
    polling = PollPolicy(
        interval=settings.poll_interval,
        max_attempts=settings.max_poll_attempts,
        longest_wait=PROGRESS_SECONDS,
        at_once=0.9 * PROGRESS_SECONDS,
    )
    return ServiceWorker(client, RemoteJobs(client, polling), artefacts, shares_store=embedded is not None)


def _forget_workspaces(folder: Path) -> None:
    """Remove what workers left that were killed: their names never come again."""
    long_ago = time.time() - LONGEST_WORK.total_seconds()
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.is_dir() and left.stat().st_mtime < long_ago:
            shutil.rmtree(left, ignore_errors=True)


def _chat(settings: Settings) -> Chat | None:
    """The language model that translates, where the operator names one."""
    if settings.translator_openai_base_url is None:
        return None
    key = settings.translator_openai_api_key
    return Chat.at(
        str(settings.translator_openai_base_url),
        settings.translator_openai_model,
        None if key is None else key.get_secret_value(),
        retry=_retry(settings),
    )


def _retry(settings: Settings) -> RetryPolicy:
    return RetryPolicy(max_retries=settings.http_max_retries, base=settings.retry_backoff_base_seconds)
