"""Transcripts as a test opens them: settings, tiers, and what was asked of the loopback YouTube."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from loopback_youtube import Caption, LoopbackYouTube, Reply, Video
from pydantic import SecretStr

from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.redis import RedisServer
from batuta.transcripts.app import open_transcripts
from batuta.transcripts.models import Segment, TranscriptResult
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome
from batuta.transcripts.store import transcripts as rows

Opened = Callable[[], AbstractAsyncContextManager[tuple[Transcripts, Database]]]
"""Opens another process's view of the tiers."""
ID = "dQw4w9WgXcQ"
HOUR = 3600.0
FAST = 1e6
"""Requests a second: nothing of a test waits for its turn."""
ENGLISH = ((0.5, 2.0, "Tom & Ann"), (2.5, 1.25, "again"))
TALK = Video(
    (
        Caption("en", ENGLISH),
        Caption("es", ((0.0, 1.0, "hola"),)),
        Caption("pt-BR", ((0.0, 2.0, "oi"),)),
        Caption("en-nP7-2PuUl7o", ((0.0, 3.0, "the cut"),), name="English - cut"),
        Caption("en", ((0.0, 9.0, "heard"),), auto=True),
    )
)
"""A video with captions in several languages; its own is English, 3.75 s long."""
SLOW_BODY = '<transcript><text start="0" dur="1">x</text></transcript>'
SLOW = Video((Caption("en"),), replies={"timedtext": (Reply(body=SLOW_BODY, mood="drip"),)})
"""A video whose captions take a second to come."""
BROKEN = Reply(500, "no")
TROUBLES = {
    "a broken answer": Video(replies={"watch": (BROKEN,)}),
    "a pause wanted": Video(replies={"watch": (Reply(429, headers={"Retry-After": "60"}),)}),
    "taken for a robot": Video(replies={"timedtext": (Reply(403),)}),
    "no connection": Video(replies={"watch": (Reply(mood="reset"),)}),
    "a proof of origin wanted": Video((Caption("en", body=""),)),
}


def settings_of(
    loopback: LoopbackYouTube, folder: Path, redis: RedisServer | None = None, **more: Any
) -> Settings:
    """Of a house that asks the loopback YouTube, as fast as it likes, and limits nobody."""
    usual: dict[str, Any] = {
        "batuta_data": folder,
        "transcript_youtube_origin": loopback.url,
        "transcript_requests_per_second": FAST,
        "rate_limit_per_minute": 0,
        "rate_limit_submits_per_minute": 0,
        "redis_url": None if redis is None else SecretStr(redis.url),
    }
    return Settings(**{**usual, **more})


@asynccontextmanager
async def opened_over(settings: Settings) -> AsyncGenerator[tuple[Transcripts, Database]]:
    """The async core, with a memory of its own, over the Redis and the database of the settings."""
    database = Database.opened(settings.batuta_data, settings.database_url)
    try:
        await database.create_tables()
        async with open_transcripts(settings, database) as transcripts:
            yield transcripts, database
    finally:
        await database.aclose()


def video_ids(how_many: int) -> list[str]:
    """Ids of videos, none of which is another's."""
    return [f"video-{number:05}" for number in range(how_many)]


def fetches(loopback: LoopbackYouTube) -> Counter[str]:
    """How often each video was begun to be fetched: a fetch begins with the video's page."""
    pages = [urlsplit(asked.target) for asked in loopback.asked if asked.page == "watch"]
    return Counter(parse_qs(page.query)["v"][0] for page in pages)


async def stored(database: Database) -> list[tuple[str, str, float, dt.datetime]]:
    """The database's rows: key, language, duration, date."""
    query = sa.select(rows.c.key, rows.c.language, rows.c.duration, rows.c.fetched_at).order_by(rows.c.key)
    return [tuple(row) for row in await database.read(lambda connection: connection.execute(query).all())]


async def grow_old(database: Database, days: float) -> None:
    """Let every row have been fetched so long ago."""
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    await database.write(lambda connection: connection.execute(rows.update().values(fetched_at=then)))


def tried(outcome: Outcome) -> list[tuple[str, str]]:
    """The tiers that were asked, and what became of that."""
    return [(attempt.tier, attempt.cause) for attempt in outcome.attempts]


def text(outcome: Outcome) -> str:
    """Of the transcript that must be there."""
    return outcome.found().result.transcript


class Maker:
    """Makes transcripts, or fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...] | None]] = []
        self.owners: list[str] = []
        self.error: Exception | None = None

    async def generate(self, video_id: str, wanted: tuple[str, ...] | None, owner: str) -> TranscriptResult:
        self.asked.append((video_id, wanted))
        self.owners.append(owner)
        await asyncio.sleep(0.01)
        if self.error is not None:
            raise self.error
        language = wanted[0] if wanted else "pt"
        segment = Segment(text=f"made in {language}", start=0.0, duration=2.5)
        return TranscriptResult.of(video_id, language, "generated", [segment])
