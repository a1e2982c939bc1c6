"""A small app behind the gate, and how to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx2
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel

from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.access.door import guard, requires
from batuta.access.gate import Gate
from batuta.access.keys import Keys
from batuta.access.routes import access_routes
from batuta.services.problems import install_problems

MAX_BODY = 1000
AS_PROXIED = {"X-Forwarded-For": "203.0.113.7"}
"""A request that a proxy on this machine hands on."""

May = Annotated[Caller, Depends(requires("read"))]
MaySubmit = Annotated[Caller, Depends(requires("submit"))]
MayStop = Annotated[Caller, Depends(requires("submit", starts_work=False))]


Open = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
"""Serves the small app, as if bound to an address, and gives a client of it."""


class Body(BaseModel):
    text: str = ""


_router = APIRouter()


@_router.get("/jobs")
async def look(caller: May) -> dict[str, Any]:
    return {"owner": caller.owner, "name": caller.name, "address": caller.address}


@_router.post("/jobs")
async def submit(caller: MaySubmit, body: Body) -> dict[str, Any]:
    return {"owner": caller.owner, "length": len(body.text)}


@_router.post("/cancel")
async def cancel(caller: MayStop) -> dict[str, Any]:
    return {"owner": caller.owner}


@_router.post("/upload", dependencies=[Depends(streams_body)])
async def upload(request: Request, caller: MaySubmit) -> dict[str, Any]:
    return {"owner": caller.owner, "length": sum([len(chunk) async for chunk in request.stream()])}


@_router.get("/forgotten")
@_router.get("/admin/stats")
@_router.get("/captions/admin/stats")
@_router.get("/health")
@_router.get("/metrics")
@_router.get("/static/app.js")
async def forgotten() -> PlainTextResponse:
    return PlainTextResponse("inside")


@_router.get("/page")
async def page() -> HTMLResponse:
    return HTMLResponse("<p>hello")


@_router.get("/framed")
async def framed() -> HTMLResponse:
    return HTMLResponse("<p>hello", headers={"X-Frame-Options": "SAMEORIGIN"})


@_router.get("/stream")
async def stream() -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield "one"
        yield "two"

    return StreamingResponse(pieces(), media_type="text/event-stream")


@_router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


def small_app(gate: Gate, keys: Keys, *, login_page: str | None = None) -> FastAPI:
    """Routes of every kind behind the gate; some forget to ask for anything."""
    app = FastAPI()
    app.include_router(_router)
    app.include_router(access_routes(gate, keys))
    install_problems(app)
    guard(app, gate, max_body_bytes=MAX_BODY, login_page=login_page)
    return app


def refusal(answer: httpx2.Response, status: int, code: str) -> str:
    """The detail of an answer that must be this problem (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.json()["detail"]


def bearer(key: str) -> dict[str, str]:
    """The header with the key."""
    return {"Authorization": f"Bearer {key}"}


async def raw(url: str, *head: str, body: bytes = b"") -> tuple[int, bytes]:
    """The status and the whole answer to a request written by hand."""
    parts = urlsplit(url)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = "\r\n".join((*head, "Connection: close", "", ""))
        writer.write(lines.encode("latin-1") + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer
