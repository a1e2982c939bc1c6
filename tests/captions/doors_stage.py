"""What the tests of the doors stand on: the servers, a transcriber that waits to be told, raw connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from batuta.settings import Settings
from batuta.testing.stubs import instant_service

LIMIT_SECONDS = 20
SPOKEN = {
    "full_text": "Hello there. General Kenobi!",
    "language_detected": "en",
    "duration": 3.5,
    "segments": [
        {
            "start": 0.0,
            "end": 1.5,
            "text": "Hello there.",
            "words": [
                {"word": "Hello", "start": 0.1, "end": 0.6, "probability": 0.5},
                {"word": "there.", "start": 0.7, "end": 1.4, "probability": 0.5},
            ],
        },
        {
            "start": 2.0,
            "end": 3.5,
            "text": "General Kenobi!",
            "words": [
                {"word": "General", "start": 2.0, "end": 2.6, "probability": 1.0},
                {"word": "Kenobi!", "start": 2.7, "end": 3.4, "probability": 1.0},
            ],
        },
    ],
}


def settings_for(folder: Path, services: str, **more: object) -> Settings:
    """Settings that name the three services under one URL."""
    return Settings(
        batuta_data=folder,
        video_downloader_url=f"{services}/downloader",
        audio_normalization_url=f"{services}/normalizer",
        audio_transcriber_url=f"{services}/transcriber",
        poll_interval=0.05,
        **more,
    )


def openai_client(url: str, **more: object) -> AsyncOpenAI:
    """The official client; it does not ask again by itself unless told to."""
    return AsyncOpenAI(base_url=f"{url}/v1", api_key="any", **{"max_retries": 0, "timeout": 30, **more})


@dataclass
class Orders:
    """What a transcriber was asked, and how it ends; it goes on when `released` is set."""

    document: dict[str, object] = field(default_factory=lambda: dict(SPOKEN))
    error: str | None = None
    bodies: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def renew(self) -> None:
        """Nothing was asked yet, and everything is answered at once."""
        fresh = Orders()
        self.document, self.error, self.bodies = fresh.document, fresh.error, fresh.bodies
        self.arrived, self.released = fresh.arrived, fresh.released
        self.released.set()


def services_with(orders: Orders) -> Starlette:
    """The three services of captions, of which the transcriber waits."""

    async def submit(request: Request) -> Response:
        orders.bodies.append(await request.body())
        orders.arrived.set()
        return JSONResponse({"id": "job", "status": "queued"}, 202)

    async def show(_: Request) -> Response:
        if not orders.released.is_set():
            return JSONResponse({"id": "job", "status": "processing", "progress": 50})
        if orders.error is not None:
            return JSONResponse({"id": "job", "status": "failed", "error_message": orders.error})
        return JSONResponse({"id": "job", "status": "completed", "progress": 100, "filename": "made.json"})

    async def transcription(_: Request) -> Response:
        return JSONResponse(orders.document)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    transcriber = Starlette(
        routes=[
            Route("/jobs", submit, methods=["POST"]),
            Route("/jobs/{job_id}", show),
            Route("/jobs/{job_id}/transcription", transcription),
            Route("/health", health),
        ]
    )
    return Starlette(
        routes=[
            Mount("/downloader", instant_service()),
            Mount("/normalizer", instant_service()),
            Mount("/transcriber", transcriber),
        ]
    )


@dataclass(frozen=True)
class Answer:
    """An answer off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def sent(url: str, request: bytes) -> AsyncGenerator[asyncio.StreamReader]:
    """Exactly these bytes sent on a connection of their own, closed at the end of the block."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request.replace(b"{host}", f"{host}:{port}".encode()))
        await writer.drain()
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def answered(url: str, request: bytes, seconds: float = LIMIT_SECONDS) -> Answer:
    """What comes back for exactly these bytes, with a Content-Length."""
    async with asyncio.timeout(seconds), sent(url, request) as reader:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(head[0].split()[1]), headers, body)
