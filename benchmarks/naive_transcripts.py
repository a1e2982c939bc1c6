"""The contract of transcripts as a good afternoon's work makes it: the peer that Batuta is measured beside.

FastAPI, one model in and one out, `redis.asyncio`, youtube-transcript-api in a thread on a miss. What is left
out would only cost it time: a database, access control, limits, a line in the log for each request.
`python -m benchmarks.naive_transcripts PORT` serves it; REDIS_URL names the Redis, YOUTUBE_ORIGIN a server
that answers in YouTube's place.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import redis.asyncio as redis
import requests
import uvicorn
from fastapi import FastAPI, HTTPException, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from requests.adapters import HTTPAdapter
from youtube_transcript_api import CouldNotRetrieveTranscript, YouTubeTranscriptApi

TTL_SECONDS = 7 * 24 * 3600
VIDEO_ID = re.compile(r"(?:v=|youtu\.be/|/shorts/|/embed/|/live/|^)([A-Za-z0-9_-]{11})(?:[?&/#]|$)")


class Segment(BaseModel):
    text: str
    start: float
    duration: float


class Transcript(BaseModel):
    video_id: str
    transcript: str
    language: str
    transcript_type: Literal["manual", "auto"]
    duration: float
    segments: list[Segment]
    fetched_at: dt.datetime = Field(default_factory=lambda: dt.datetime.now(dt.UTC))
    source: str = "youtube"
    stale: bool = False


class Ask(BaseModel):
    url: str
    languages: list[str] | None = None
    generate: bool = False


class Elsewhere(HTTPAdapter):
    """Asks another server in YouTube's place."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        request.prepare_url(f"{self.origin}{request.path_url}", None)
        return super().send(request, *args, **kwargs)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    # One that waits: the ordinary pool answers 500 to whoever comes after the hundredth connection.
    pool = redis.BlockingConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=100)
    app.state.redis = redis.Redis.from_pool(pool)
    yield
    await app.state.redis.aclose()


app = FastAPI(lifespan=lifespan)


def key_of(video_id: str, languages: list[str] | None) -> str:
    return f"naive:transcript:{video_id}:{','.join(languages or ['any'])}"


def fetch(video_id: str, languages: list[str] | None) -> Transcript:
    session = requests.Session()
    if origin := os.environ.get("YOUTUBE_ORIGIN"):
        session.mount("https://", Elsewhere(origin))
    offered = YouTubeTranscriptApi(http_client=session).list(video_id)
    track = offered.find_transcript(languages or [each.language_code for each in offered])
    segments = [Segment(text=each.text, start=each.start, duration=each.duration) for each in track.fetch()]
    return Transcript(
        video_id=video_id,
        transcript=" ".join(segment.text for segment in segments),
        language=track.language_code,
        transcript_type="auto" if track.is_generated else "manual",
        duration=max(segment.start + segment.duration for segment in segments),
        segments=segments,
    )


async def cached(cache: redis.Redis, key: str) -> Transcript | None:
    value = await cache.get(key)
    if value is None:
        return None
    found = Transcript.model_validate_json(value)
    found.source = "cache"
    return found


async def transcript_of(video_id: str, languages: list[str] | None) -> Transcript:
    cache: redis.Redis = app.state.redis
    key = key_of(video_id, languages)
    found = await cached(cache, key)
    if found is not None:
        return found
    try:
        found = await run_in_threadpool(fetch, video_id, languages)
    except CouldNotRetrieveTranscript as error:
        raise HTTPException(404, str(error)) from error
    await cache.setex(key, TTL_SECONDS, found.model_dump_json())
    return found


@app.get("/api/transcript/{video_id}")
async def show(video_id: str, languages: Annotated[list[str] | None, Query()] = None) -> Transcript:
    return await transcript_of(video_id, languages)


@app.post("/api/transcript")
async def ask(body: Ask) -> Transcript:
    match = VIDEO_ID.search(body.url)
    if match is None:
        raise HTTPException(422, "no YouTube address")
    return await transcript_of(match[1], body.languages)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
