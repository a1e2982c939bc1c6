"""Services with switches: they do the work of captions in their own time, and misbehave as they are told.

Run as `python chaos_service.py PORT LOG`: the three services lie under `/downloader`, `/normalizer` and
`/transcriber`. What they execute is appended to the log, a line of JSON for each step of each execution, so
that a test knows what was done however often anybody died. `POST /switches` sets the switches, `GET /state`
tells what happened since.

The downloader's media is the URL itself without its query, the normalizer gives back what it gets, and the
transcriber hears the bytes: the captions of a job must say its URL.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

SERVICES = ("downloader", "normalizer", "transcriber")
NEVER_SECONDS = 60.0
"""Nobody waits for an answer so long."""
MARK = "chaos"
"""In every error that is made on purpose."""


@dataclass
class Switches:
    """How the services behave."""

    seconds: float = 0.0
    """What each piece of work takes."""
    slowest: str = ""
    """The service for which this holds, where it is not every one."""
    honours_keys: bool = True
    """Whether an idempotency key that was seen before gives the work it was seen with."""
    faults: dict[str, dict[str, float]] = field(default_factory=dict)
    """How likely each fault is for a `submit`, a `poll` and a `download`."""
    faulty: str = ""
    """The service these befall, where it is not every one."""
    most: int = 2
    """So many faults of a kind of request one idempotency key meets at most."""
    seed: int = 0


@dataclass
class Work:
    """One execution."""

    id: str
    key: str
    result: bytes
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Log:
    """The durable log: a line is there, whole, once `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, service: str, work: Work, what: str) -> None:
        line = {"at": time.time(), "service": service, "key": work.key, "work": work.id, "what": what}
        os.write(self._file, (json.dumps(line) + "\n").encode())


class Service:
    """One service: its work, and what befalls whoever asks for it."""

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.log = log
        self.works: dict[str, Work] = {}
        self.by_key: dict[str, Work] = {}
        self.begun = 0
        self.turn(Switches())

    def turn(self, switches: Switches) -> None:
        """Behave so from now on, and count anew."""
        self.switches = switches
        self.dice = random.Random(f"{switches.seed} {self.name}")
        self.met: Counter[tuple[str, str]] = Counter()
        self.told: Counter[str] = Counter()
        self.peak = self.under_way

    @property
    def under_way(self) -> int:
        return sum(not work.done.is_set() for work in self.works.values())

    async def submit(self, request: Request) -> Response:
        key = request.headers["idempotency-key"]
        material = await _material(request)
        fault = self._fault("submit", key)
        if fault in {"error", "busy", "hang", "refuse"}:
            return await self._misbehave(fault)
        work = self.by_key.get(key) if self.switches.honours_keys else None
        if work is None:
            work = self._begin(key, material)
        if fault == "swallow":  # it is done, and nobody is told
            await asyncio.sleep(NEVER_SECONDS)
        answer = {"id": work.id, "status": "queued"}
        return _broken_off(answer) if fault == "drop" else JSONResponse(answer, 202)

    async def show(self, request: Request) -> Response:
        work = self.works.get(request.path_params["id"])
        if work is None:
            return _unknown()
        fault = self._fault("poll", work.key)
        if fault == "lose":
            self._lose(work)
            return _unknown()
        if fault in {"error", "busy", "hang"}:
            return await self._misbehave(fault)
        with suppress(TimeoutError):
            await asyncio.wait_for(work.done.wait(), float(request.query_params.get("wait", "0")))
        finished = work.done.is_set()
        answer = {"id": work.id, "status": "completed" if finished else "processing", "filename": "made.bin"}
        return _broken_off(answer) if fault == "drop" else JSONResponse(answer)

    async def download(self, request: Request) -> Response:
        work = self.works.get(request.path_params["id"])
        if work is None:
            return _unknown()
        fault = self._fault("download", work.key)
        if fault in {"error", "busy", "hang"}:
            return await self._misbehave(fault)
        if fault == "drop":
            return _broken_off({"text": work.result.decode()})
        collected = BackgroundTask(self.log.write, self.name, work, "collected")
        return Response(work.result, media_type="application/octet-stream", background=collected)

    async def cancel(self, request: Request) -> Response:
        work = self.works.get(request.path_params["id"])
        if work is not None:
            self._lose(work)
        return Response(status_code=204)

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "healthy", "engine": "chaos-1"})

    def _begin(self, key: str, material: bytes) -> Work:
        result = _transcription(material) if self.name == "transcriber" else material
        self.begun += 1
        work = Work(f"{self.name}-{self.begun}", key, result)
        self.works[work.id] = self.by_key[key] = work
        self.peak = max(self.peak, self.under_way)
        self.log.write(self.name, work, "begun")
        work.task = asyncio.create_task(self._do(work))
        return work

    async def _do(self, work: Work) -> None:
        at_once = self.switches.slowest not in {"", self.name}
        await asyncio.sleep(0 if at_once else self.switches.seconds)
        self.log.write(self.name, work, "finished")
        work.done.set()

    def _lose(self, work: Work) -> None:
        self.log.write(self.name, work, "lost")
        del self.works[work.id]
        if self.by_key.get(work.key) is work:
            del self.by_key[work.key]
        if work.task is not None:
            work.task.cancel()

    def _fault(self, request: str, key: str) -> str | None:
        if self.switches.faulty not in {"", self.name}:
            return None
        dice = self.dice.random()
        for name, share in self.switches.faults.get(request, {}).items():
            dice -= share
            if dice < 0 and self.met[request, key] < self.switches.most:
                self.met[request, key] += 1
                self.told[f"{request} {name}"] += 1
                return name
        return None

    async def _misbehave(self, fault: str) -> Response:
        if fault == "busy":
            return JSONResponse({"detail": f"{MARK}: too many"}, 429, headers={"Retry-After": "1"})
        if fault == "refuse":
            return JSONResponse({"detail": f"{MARK}: not this one"}, 422)
        if fault == "hang":
            await asyncio.sleep(NEVER_SECONDS)
        return JSONResponse({"detail": f"{MARK}: out of order"}, 500)


async def _material(request: Request) -> bytes:
    """What the order is about: the URL, or the file."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return (await request.json())["url"].partition("?")[0].encode()
    async with request.form() as form:
        return await form["file"].read()


def _transcription(heard: bytes) -> bytes:
    text = heard.decode()
    segment = {"id": 0, "start": 0.0, "end": 4.0, "text": text}
    document = {"full_text": text, "language_detected": "en", "duration": 4.0, "segments": [segment]}
    return json.dumps(document).encode()


def _unknown() -> Response:
    return JSONResponse({"detail": f"{MARK}: unknown job"}, 404)


def _broken_off(answer: object) -> Response:
    """An answer whose connection breaks in the middle."""
    body = json.dumps(answer).encode()

    async def beginning() -> AsyncGenerator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionResetError(MARK)

    return StreamingResponse(
        beginning(), headers={"Content-Length": str(len(body))}, media_type="application/json"
    )


def chaos_services(log: Path) -> Starlette:
    """The three services, and the switches."""
    services = [Service(name, Log(log)) for name in SERVICES]

    async def switches(request: Request) -> Response:
        told = Switches(**await request.json())
        for service in services:
            service.turn(told)
        return Response(status_code=204)

    async def state(_: Request) -> Response:
        peaks = {service.name: service.peak for service in services}
        faults = sum((service.told for service in services), Counter[str]())
        return JSONResponse({"peak": peaks, "faults": dict(faults)})

    def routes(service: Service) -> list[Route]:
        return [
            Route("/jobs", service.submit, methods=["POST"]),
            Route("/jobs/{id}", service.show, methods=["GET"]),
            Route("/jobs/{id}", service.cancel, methods=["DELETE"]),
            Route("/jobs/{id}/download", service.download),
            Route("/jobs/{id}/transcription", service.download),
            Route("/health", service.health),
        ]

    own = [Route("/switches", switches, methods=["POST"]), Route("/state", state)]
    mounts = [Mount(f"/{service.name}", routes=routes(service)) for service in services]
    return Starlette(routes=[*own, *mounts])


if __name__ == "__main__":
    app = chaos_services(Path(sys.argv[2]))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)
