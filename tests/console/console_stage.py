"""What the console's tests stand on: a server with it, services that do as they are told, a browser."""

from __future__ import annotations

import asyncio
import io
import math
import struct
import wave
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from playwright.async_api import Browser, Page, Request, expect
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving
from batuta.testing.stubs import instant_service

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]
PHONE = {"width": 390, "height": 844}
LIMIT_SECONDS = 20
API = "/captions"
HOSTILE = {
    "script": "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "template": "{{ 7 * 7 }} ${7*7} </title></textarea>'\"`",
    "rtl": "\u202eevil\u202c مرحبا بالعالم שלום",
    "long": "w" * 200,
    "emoji": "🎬🏳️‍🌈👩🏽‍🚀 e\u0301\u0301\u0301\u0301",
}


def spoken(*lines: str) -> dict[str, object]:
    """The document of a transcriber that heard these lines, two seconds each."""
    return {
        "full_text": " ".join(lines),
        "language_detected": "en",
        "duration": 2.0 * len(lines),
        "segments": [
            {
                "id": at,
                "start": 2.0 * at,
                "end": 2.0 * at + 1.8,
                "text": line,
                "words": [
                    {
                        "word": word,
                        "start": 2.0 * at + 1.8 * place / len(line.split()),
                        "end": 2.0 * at + 1.8 * (place + 1) / len(line.split()),
                        "probability": 0.9,
                    }
                    for place, word in enumerate(line.split())
                ],
            }
            for at, line in enumerate(lines)
        ],
    }


LINES = tuple(f"This is sentence number {number}." for number in range(1, 9))


@dataclass
class Director:
    """Says what the transcriber does: how far it is, what it heard, or what went wrong."""

    document: dict[str, object] = field(default_factory=lambda: spoken(*LINES))
    released: bool = True
    progress: float = 0.0
    error: str | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def service(self) -> Starlette:
        """The transcriber."""
        accepted: set[str] = set()

        async def submit(request: Asked) -> Response:
            await request.body()
            accepted.add(found := request.headers["idempotency-key"][:32])
            return JSONResponse({"id": found, "status": "queued"}, 202)

        async def show(request: Asked) -> Response:
            found = {"id": request.path_params["job_id"], "status": "processing", "progress": self.progress}
            if self.released and self.error is not None:
                found |= {"status": "failed", "error_message": self.error}
            elif self.released:
                found |= {"status": "completed", "progress": 100, "filename": "made.json"}
            return JSONResponse(found)

        async def stop(_: Asked) -> Response:
            self.stopped.set()
            return Response(status_code=204)

        async def transcription(_: Asked) -> Response:
            return JSONResponse(self.document)

        async def health(_: Asked) -> Response:
            return JSONResponse({"status": "healthy"})

        return Starlette(
            routes=[
                Route("/jobs", submit, methods=["POST"]),
                Route("/jobs/{job_id}", show),
                Route("/jobs/{job_id}", stop, methods=["DELETE"]),
                Route("/jobs/{job_id}/transcription", transcription),
                Route("/health", health),
            ]
        )


@dataclass(frozen=True)
class House:
    """A running server: its address, its API, and who plays the transcriber."""

    url: str
    api: httpx2.AsyncClient
    director: Director

    async def started(self, url: str = "http://media.test/talk.mp4", **body: object) -> str:
        """The id of a new job."""
        answer = await self.api.post("/pipeline", json={"youtube_url": url, **body})
        assert answer.status_code == 202, answer.text
        return answer.json()["job_id"]

    async def ended(self, job_id: str) -> str:
        """The job's status at its end."""
        job = (await self.api.get(f"/jobs/{job_id}/wait", params={"timeout": LIMIT_SECONDS})).json()
        return job["status"]

    async def completed(self, url: str = "http://media.test/talk.mp4", **body: object) -> str:
        """The id of a job that is done."""
        job_id = await self.started(url, **body)
        assert await self.ended(job_id) == "completed"
        return job_id

    async def uploaded(self, name: str, content: bytes, media_type: str, **fields: str) -> str:
        """The id of a completed job for a file."""
        answer = await self.api.post(
            "/pipeline/upload",
            files={"file": (name, content, media_type)},
            data={"reference": name, **fields},
        )
        assert answer.status_code == 202, answer.text
        assert await self.ended(answer.json()["job_id"]) == "completed"
        return answer.json()["job_id"]


@asynccontextmanager
async def house(
    folder: Path, *, bound_to: str | None = None, only: str | None = None, **settings: object
) -> AsyncGenerator[House]:
    """A server with the console and all apps, or `only` one; its transcriber does as it is told."""
    director = Director()
    sound = tone(16)
    services = Starlette(
        routes=[
            Mount("/downloader", instant_service(media=sound)),
            Mount("/normalizer", instant_service(media=sound)),
            Mount("/transcriber", director.service()),
        ]
    )
    async with serving(services) as near:
        wanted = Settings(
            batuta_data=folder,
            video_downloader_url=f"{near}/downloader",
            audio_normalization_url=f"{near}/normalizer",
            audio_transcriber_url=f"{near}/transcriber",
            poll_interval=0.1,
            batuta_url_allow="media.test, 127.0.0.1",
            rate_limit_per_minute=0,
            rate_limit_submits_per_minute=0,
            **settings,
        )
        whole = only is None
        app = (
            batuta_app(wanted, bound_to=bound_to)
            if whole
            else orchestrator_app(only, wanted, bound_to=bound_to)
        )
        async with (
            serving(app) as url,
            httpx2.AsyncClient(base_url=f"{url}{API if whole else ''}", timeout=30) as api,
        ):
            yield House(url, api, director)


def tone(seconds: int, rate: int = 8000) -> bytes:
    """A WAV file with a quiet tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        samples = [round(2000 * math.sin(at / 8)) for at in range(rate)]
        sound.writeframes(struct.pack(f"<{rate}h", *samples) * seconds)
    return file.getvalue()


@dataclass
class Visitor:
    """A person with a browser, and everything the browser complained of or asked somebody else."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def goes(self, path: str) -> None:
        """Open a page and wait until it has come to life."""
        await self.page.goto(f"{self.url}{path}")
        await self.alive()

    async def alive(self) -> None:
        """Wait until the page's scripts have done their first work."""
        await expect(self.page.locator("html[data-ready=true]")).to_be_attached()

    async def arrives(self, pattern: str) -> None:
        """Wait until the page with this address is shown."""
        await self.page.wait_for_url(f"**{pattern}")
        await self.alive()


@asynccontextmanager
async def visiting(browser: Browser, url: str, **context: object) -> AsyncGenerator[Visitor]:
    """A visitor in a browser of his own; at the end the browser must have had nothing to complain of."""
    window = await browser.new_context(**context)
    page = await window.new_page()
    page.set_default_timeout(LIMIT_SECONDS * 1000)
    visitor = Visitor(page, url)
    own = urlsplit(url).netloc

    def look(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != own:
            visitor.foreign.append(request.url)

    page.on("request", look)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on(
        "console", lambda said: said.type in {"error", "warning"} and visitor.complaints.append(said.text)
    )
    try:
        yield visitor
    finally:
        await window.close()
    assert visitor.foreign == []
    assert visitor.complaints == []
