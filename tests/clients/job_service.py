"""A service that speaks the job protocol in any of its dialects, for the conformance tests."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from batuta.testing.clock import VirtualClock

RESULT_BYTES = 1_000_000


class JobService:
    """Jobs go through the statuses of `script`, one for each question about them; the last one stays."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.script: list[dict[str, Any]] = [{"status": "completed", "progress": 100}]
        self.honours_wait = True
        self.id_field = "id"
        self.jobs: dict[str, list[dict[str, Any]]] = {}
        self.by_key: dict[str, str] = {}
        self.submitted: list[dict[str, Any]] = []
        self.waits: list[str | None] = []
        self.deleted: list[str] = []
        self.callers: set[int] = set()
        self.app = Starlette(
            routes=[
                Route("/jobs", self._submit, methods=["POST"]),
                Route("/jobs/{id}", self._status),
                Route("/jobs/{id}", self._delete, methods=["DELETE"]),
                Route("/jobs/{id}/download", self._download),
                Route("/jobs/{id}/transcription", self._transcription),
            ]
        )

    def forget_everything(self) -> None:
        """As after a restart without a database."""
        self.jobs.clear()
        self.by_key.clear()

    async def _submit(self, request: Request) -> Response:
        key = request.headers["idempotency-key"]
        if key not in self.by_key:
            self.by_key[key] = f"job {len(self.submitted)}?ä"  # an id that must be quoted in a path
            self.jobs[self.by_key[key]] = list(self.script)
            self.submitted.append(await self._fields(request))
        self.callers.add(request.client.port if request.client else -1)
        return JSONResponse({self.id_field: self.by_key[key], "status": "queued"}, status_code=202)

    async def _fields(self, request: Request) -> dict[str, Any]:
        if request.headers["content-type"] == "application/json":
            return await request.json()
        found: dict[str, Any] = {}
        async with request.form() as form:
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    data = await value.read()
                    digest = hashlib.sha256(data).hexdigest()
                    found[name] = (value.filename, value.content_type, len(data), digest)
                else:
                    found[name] = value
        return found

    async def _status(self, request: Request) -> Response:
        steps = self.jobs.get(request.path_params["id"])
        if steps is None:
            return JSONResponse({"detail": "no such job"}, status_code=404)
        wait = request.query_params.get("wait")
        self.waits.append(wait)
        self.callers.add(request.client.port if request.client else -1)
        goes_on = len(steps) > 1
        status = steps.pop(0) if goes_on else steps[0]
        if self.honours_wait and wait is not None and goes_on:
            await self.clock.sleep(float(wait))
        return JSONResponse({self.id_field: request.path_params["id"], **status})

    async def _delete(self, request: Request) -> Response:
        self.deleted.append(request.path_params["id"])
        return Response(status_code=204)

    async def _download(self, request: Request) -> Response:
        if request.path_params["id"] not in self.jobs:
            return JSONResponse({"detail": "the result has expired"}, status_code=410)

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(RESULT_BYTES // 10_000):
                yield b"x" * 10_000

        return StreamingResponse(chunks(), headers={"content-length": str(RESULT_BYTES)})

    async def _transcription(self, request: Request) -> Response:
        del request
        return JSONResponse({"full_text": "olá", "segments": []})
