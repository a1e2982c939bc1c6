"""A running server of dubbing, asked over HTTP as anybody would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from batuta.dubbing.app import Dubbing
from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

WAIT_SECONDS = 60
FINAL = {"COMPLETED", "FAILED"}


@dataclass(frozen=True)
class DubServer:
    """The server, and a client of it."""

    settings: Settings
    app: FastAPI
    api: httpx2.AsyncClient

    @property
    def dubbing(self) -> Dubbing:
        dubbing: Dubbing = self.app.state.dubbing
        return dubbing

    async def upload(
        self, video: Path, target: str = "pt", headers: Mapping[str, str] | None = None, **options: object
    ) -> httpx2.Response:
        """The answer to an upload, whatever it is."""
        return await self.api.post(
            "/api/v1/upload",
            files={"file": (video.name, video.read_bytes(), "video/mp4")},
            data={"targetLang": target, "options": json.dumps(options)},
            headers=headers,
        )

    async def begun(self, video: Path, **options: object) -> int:
        """The number of the job for this video."""
        answer = await self.upload(video, **options)
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["jobId"]
        return number

    async def ended(self, number: int) -> dict[str, Any]:
        """The gateway's job once it is over for the orchestrator, too."""
        await self.api.get(f"/jobs/{number}/wait", params={"timeout": WAIT_SECONDS})
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                job = (await self.api.get(f"/api/v1/job/{number}")).json()
                if job["status"] in FINAL:
                    break
                await asyncio.sleep(0.02)  # the gateway is told of failures within a second
        found: dict[str, Any] = job
        return found

    async def dubbed(self, video: Path, **options: object) -> dict[str, Any]:
        """The dub of this video, as the orchestrator shows it once it is COMPLETED, with its report."""
        number = await self.begun(video, **options)
        job = await self.ended(number)
        assert job["status"] == "COMPLETED", job
        return await self.shown(number)

    async def shown(self, number: int) -> dict[str, Any]:
        """The dub as the orchestrator shows it, with its report where it has one."""
        shown = (await self.api.get(f"/jobs/{number}")).raise_for_status().json()
        report = await self.api.get(f"/jobs/{number}/report")
        return {**shown, "report": report.json() if report.is_success else None}

    async def video(self, number: int, path: Path) -> Path:
        """The dubbed video, by the link that the gateway signs."""
        url = (await self.api.get(f"/api/v1/job/{number}/download")).raise_for_status().json()["url"]
        async with httpx2.AsyncClient() as anybody:
            path.write_bytes((await anybody.get(url)).raise_for_status().content)
        return path


@asynccontextmanager
async def dub_server(data: Path, **settings: Any) -> AsyncGenerator[DubServer]:
    """A server of dubbing alone, its data in the folder; quick to give up on services."""
    wanted = Settings(
        batuta_data=data,
        whisper_model="tiny.en",
        http_max_retries=1,
        retry_backoff_base_seconds=0.05,
        rate_limit_per_minute=0,
        rate_limit_submits_per_minute=0,
        **settings,
    )
    app = orchestrator_app("dubbing", wanted)
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as api:
        yield DubServer(wanted, app, api)
