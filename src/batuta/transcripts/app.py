"""Transcripts as an application: what HTTP, the command line, the console and Python all talk to."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from pydantic import BaseModel

from batuta.cache import CachePolicy, Codec, TieredCache
from batuta.errors import BatutaError
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.tasks import ended
from batuta.telemetry.metrics import watching
from batuta.transcripts.browser import Limits
from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Cause, Tracks
from batuta.transcripts.orchestrator import Fetcher, Transcripts
from batuta.transcripts.pacing import Pace
from batuta.transcripts.proxies import proxy_config
from batuta.transcripts.store import TranscriptRows
from batuta.transcripts.youtube import YouTube

if TYPE_CHECKING:
    from batuta.cache.shared import RedisTier

NAME: Final = "transcripts"
TRACKS_HOURS: Final = 24.0
"""New tracks may come to a video any day."""
SOFT_SECONDS: Final = 10.0
"""So long a refresh may take before the stale transcript is given."""
MAKING_SECONDS: Final = 3600.0
MAKING_FAILED_SECONDS: Final = 600.0
UNHEARD_SECONDS: Final = 60.0
"""So long a process keeps to what it has where several share a database and no Redis."""
MEMORY_BYTES: Final = 64 * 1024**2
COUNT_SECONDS: Final = 2.0
CLEAN_SECONDS: Final = 24 * 3600.0

_GONE: Final = frozenset({Cause.NOT_FOUND, Cause.DISABLED, Cause.PRIVATE, Cause.LANGUAGE_NOT_AVAILABLE})

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=BaseModel)


@asynccontextmanager
async def open_transcripts(
    settings: Settings, database: Database, *, fetcher: Fetcher | None = None
) -> AsyncGenerator[Transcripts]:
    """Transcripts as the settings ask for them, in this event loop until the block ends.

    The database must have its tables. Without `fetcher` it is YouTube. Raises `InvalidRequest` for proxies
    that cannot be.
    """
    async with AsyncExitStack() as stack:
        youtube = None
        if fetcher is None:
            fetcher = youtube = youtube_from(settings)
            stack.push_async_callback(youtube.aclose)
        rows = TranscriptRows(database, fresh=dt.timedelta(days=settings.transcript_fresh_days))
        day = 24 * 3600.0
        whole = settings.transcript_timeout_seconds
        # Without Redis other processes do not hear of an invalidation: what they have must soon be looked at.
        alone = settings.redis_url is not None or (settings.workers == 1 and not database.is_shared)
        unheard = math.inf if alone else UNHEARD_SECONDS

        def remembered(error: BatutaError) -> float:
            return min(_remembered(error), unheard)

        policy = CachePolicy(
            fresh_seconds=min(settings.transcript_ttl_hours * 3600, unheard),
            soft_seconds=min(SOFT_SECONDS, whole),
            load_seconds=whole + SOFT_SECONDS,
            negative=remembered,
            final=_says_gone,
            longest_rest_seconds=day,
        )
        making = CachePolicy(
            fresh_seconds=policy.fresh_seconds,
            load_seconds=MAKING_SECONDS,
            negative=lambda error: 0.0 if error.retryable else MAKING_FAILED_SECONDS,
        )
        offer = CachePolicy(
            fresh_seconds=min(TRACKS_HOURS * 3600, policy.fresh_seconds),
            error_seconds=day,
            load_seconds=policy.load_seconds,
            negative=remembered,
            final=_says_gone,
            longest_rest_seconds=day,
        )
        codec, tracks_codec = Codec(Kept), Codec(Tracks)
        shared = _redis(settings, NAME, codec)
        cache = TieredCache(
            codec, policy, shared=shared, database=rows, max_bytes=MEMORY_BYTES, watch=watching(NAME)
        )
        name = "transcript-tracks"
        tracks = TieredCache(
            tracks_codec, offer, shared=_redis(settings, name, tracks_codec), watch=watching(name)
        )
        for each in (cache, tracks):
            stack.push_async_callback(each.aclose)
        stack.push_async_callback(ended, asyncio.create_task(_keep_clean(rows)))
        surroundings = Surroundings(shared, rows, youtube)
        yield Transcripts(cache, tracks, fetcher, making=making, surroundings=surroundings)


class Surroundings:
    """As the orchestrator's port says; asks Redis and the database, but neither for longer than a moment."""

    def __init__(self, shared: RedisTier[Kept] | None, rows: TranscriptRows, youtube: YouTube | None) -> None:
        self._shared = shared
        self._rows = rows
        self._youtube = youtube

    @property
    def redis_up(self) -> bool | None:
        """Whether Redis is asked at present; None where there is none."""
        return None if self._shared is None else self._shared.up

    @property
    def youtube_up(self) -> bool:
        """Whether YouTube is asked at present; whoever stands in its place always is."""
        return self._youtube is None or self._youtube.blockade.left is None

    async def cached(self) -> int | None:
        """Transcripts and remembered failures in Redis."""
        return None if self._shared is None else await _or_none(self._shared.count())

    async def stored(self) -> int | None:
        """Transcripts in the database."""
        return await _or_none(self._rows.count())


def youtube_from(settings: Settings) -> YouTube:
    """YouTube as the settings want it asked; raises `InvalidRequest` for proxies that cannot be."""
    whole, origin = settings.transcript_timeout_seconds, settings.transcript_youtube_origin
    return YouTube(
        threads=settings.transcript_threads,
        limits=Limits(connect=min(5.0, whole), read=min(15.0, whole), whole=whole),
        pace=Pace(settings.transcript_requests_per_second, settings.transcript_request_burst),
        proxy=proxy_config(
            webshare_username=settings.transcript_proxy_webshare_username,
            webshare_password=settings.transcript_proxy_webshare_password,
            webshare_locations=settings.transcript_proxy_webshare_locations.split(","),
            http_url=settings.transcript_proxy_http_url,
            https_url=settings.transcript_proxy_https_url,
        ),
        origin=None if origin is None else str(origin).rstrip("/"),
    )


def _redis(settings: Settings, name: str, codec: Codec[M]) -> RedisTier[M] | None:
    if settings.redis_url is None:
        return None
    from batuta.cache.shared import RedisLink, RedisTier  # noqa: PLC0415  # 0.3 s for those who have one

    return RedisTier(RedisLink(settings.redis_url.get_secret_value(), name=name), name, codec)


def _remembered(error: BatutaError) -> float:
    """Seconds for which the failure is the answer: the cause decides."""
    return error.remembered.total_seconds() if isinstance(error, TranscriptUnavailable) else 0.0


def _says_gone(error: BatutaError) -> bool:
    """The video or its captions are gone for everybody, rather than out of our reach."""
    return isinstance(error, TranscriptUnavailable) and error.cause in _GONE


async def _or_none(count: Coroutine[Any, Any, int]) -> int | None:
    try:
        async with asyncio.timeout(COUNT_SECONDS):
            return await count
    except (BatutaError, TimeoutError):
        return None


async def _keep_clean(rows: TranscriptRows) -> None:
    while True:
        try:
            await rows.clean()
        except BatutaError as error:
            log.warning("transcripts_not_cleaned", error=error.message)
        await asyncio.sleep(CLEAN_SECONDS)
