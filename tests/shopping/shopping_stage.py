"""A running server of shopping, asked over HTTP and its socket as anybody would."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

WAIT_SECONDS = 60


@dataclass(frozen=True)
class ShopServer:
    """The server, and a client of it."""

    settings: Settings
    app: FastAPI
    url: str
    api: httpx2.AsyncClient

    async def say(
        self, message: str, session_id: str = "s", user_id: str = "ann", **more: Any
    ) -> dict[str, Any]:
        """The outcome of one message."""
        answer = await self.try_to_say(message, session_id, user_id, **more)
        assert answer.status_code == 200, answer.text
        outcome: dict[str, Any] = answer.json()
        return outcome

    async def try_to_say(
        self, message: str, session_id: str = "s", user_id: str = "ann", **more: Any
    ) -> httpx2.Response:
        """The answer to one message, whatever it is."""
        body = {"message": message, "user_id": user_id, "session_id": session_id, **more}
        return await self.api.post("/api/v1/chat", json=body)

    async def session(self, session_id: str = "s", user_id: str = "ann") -> dict[str, Any]:
        """The conversation as it is shown."""
        answer = await self.api.get(f"/api/v1/sessions/{session_id}", params={"user_id": user_id})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @asynccontextmanager
    async def socket(self, query: str = "user_id=ann&session_id=s") -> AsyncGenerator[Socket]:
        """A connection."""
        async with connect(f"{self.url.replace('http', 'ws')}/ws/chat?{query}") as connection:
            yield Socket(connection)


@dataclass(frozen=True)
class Socket:
    """One end of a WebSocket."""

    connection: ClientConnection

    async def send(self, **frame: Any) -> None:
        """One frame."""
        await self.connection.send(json.dumps(frame))

    async def frame(self) -> dict[str, Any]:
        """The next one of the server."""
        found: dict[str, Any] = json.loads(await self.connection.recv())
        return found

    async def turn(self, **frame: Any) -> list[dict[str, Any]]:
        """Send it, and take everything up to `done` or `error`."""
        await self.send(**frame)
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["type"] not in {"done", "error"}:
            frames.append(await self.frame())
        return frames


@asynccontextmanager
async def shop_server(data: Path, **settings: Any) -> AsyncGenerator[ShopServer]:
    """A server of shopping alone, its data in the folder."""
    wanted = Settings(
        batuta_data=data,
        **{"rate_limit_per_minute": 0, "rate_limit_submits_per_minute": 0, **settings},
    )
    app = orchestrator_app("shopping", wanted)
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=WAIT_SECONDS) as api:
        yield ShopServer(wanted, app, url, api)
