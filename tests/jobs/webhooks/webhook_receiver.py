"""Somebody who gets webhooks: a real server that keeps what came and answers what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batuta.testing.servers import serving


@dataclass(frozen=True)
class Got:
    headers: dict[str, str]
    body: bytes
    path: str


@dataclass
class Receiver:
    """Answers the `answers` one after the other (status, headers, body), then 204; `gate` holds them back."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    most_waiting: int = 0
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.gate.set()

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        async with self.came:
            self.got.append(Got(dict(request.headers), body, request.url.path))
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
            self.came.notify_all()
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        status, headers, content = self.answers.pop(0) if self.answers else (204, {}, b"")
        return Response(content, status, headers)

    async def has_got(self, count: int) -> None:
        """Return once so many deliveries have come; fail after five seconds."""
        async with asyncio.timeout(5), self.came:
            await self.came.wait_for(lambda: len(self.got) >= count)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/{path:path}", receiver.hook, methods=["POST", "GET"])])
    async with serving(app) as url:
        receiver.url = f"{url}/hook"
        try:
            yield receiver
        finally:
            receiver.gate.set()
