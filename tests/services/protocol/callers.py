"""Speaking the protocol to a service, and what every answer must look like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import Any

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

Reach = Callable[[ASGIApp], tuple[str, httpx2.AsyncBaseTransport]]
"""How an app is reached: its URL, and the transport."""

BOUNDARY = "limes"


class Attended:
    """The app, and whether it is at the moment answering anybody."""

    def __init__(self, app: ASGIApp) -> None:
        self.idle = asyncio.Event()
        self._app = app
        self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._busy += 1
        self.idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._busy -= 1
            if self._busy == 0:
                self.idle.set()


class Caller:
    """The protocol's words."""

    def __init__(self, http: httpx2.AsyncClient, app: Attended, *, in_process: bool) -> None:
        self.http = http
        self.in_process = in_process
        self._app = app

    async def settled(self) -> None:
        """Return once the service has done with every request, also with those we have left."""
        async with asyncio.timeout(5):
            await self._app.idle.wait()

    async def submit(self, **fields: Any) -> dict[str, Any]:
        """Hand in an order as JSON."""
        response = await self.http.post("/jobs", json=fields)
        assert response.status_code == 202, response.text
        return response.json()

    async def upload(self, data: bytes, filename: str = "file", **fields: str) -> dict[str, Any]:
        """Hand in an order with a file."""
        response = await self.http.post("/jobs", data=fields, files={"file": (filename, data, "audio/wav")})
        assert response.status_code == 202, response.text
        return response.json()

    async def end(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job once it is over."""
        found = (await self.http.get(f"/jobs/{job['id']}", params={"wait": 5})).json()
        assert found["status"] in {"completed", "failed"}, found
        return found

    async def completed(self, **fields: Any) -> dict[str, Any]:
        """The completed job of an order."""
        job = await self.end(await self.submit(**fields))
        assert job["status"] == "completed", job
        return job

    async def download(self, job: dict[str, Any]) -> bytes:
        """The job's file."""
        response = await self.http.get(f"/jobs/{job['id']}/download")
        assert response.status_code == 200, response.text
        return response.content

    async def post(
        self, body: bytes | AsyncIterable[bytes], content_type: str | None = "application/json"
    ) -> httpx2.Response:
        """Any bytes at all, as an order."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        return await self.http.post("/jobs", content=body, headers=headers)

    async def form(self, *parts: bytes, end: bytes = b"--limes--\r\n") -> httpx2.Response:
        """A form of these parts, each from its headers on."""
        body = b"".join(b"--limes\r\n" + part + b"\r\n" for part in parts) + end
        return await self.post(body, f"multipart/form-data; boundary={BOUNDARY}")


def assert_problem(response: httpx2.Response, status: int, code: str) -> str:
    """The answer is a problem (RFC 9457) of this status and code; gives its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == status
    assert found["code"] == code
    assert isinstance(found["title"], str)
    assert isinstance(found["retryable"], bool)
    assert found["type"] == "about:blank"
    assert found["message"] == found["detail"]
    assert "Traceback" not in response.text
    return found["detail"]
