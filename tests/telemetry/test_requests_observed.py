"""Every request has an id, a metric and one line in the log."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Message, Scope
from telemetry_parts import Logged, asking, samples

from batuta.errors import NotFound
from batuta.services.problems import install_problems
from batuta.telemetry.http import Observed, observe, tell_caller
from batuta.telemetry.scraping import metrics_response
from batuta.telemetry.traces import FASTAPI_TELEMETRY

pytestmark = pytest.mark.anyio


def make() -> FastAPI:
    """An app as ours are: routers under a prefix, problems for errors, something mounted."""
    router, inner = APIRouter(), APIRouter(prefix="/inner")

    @router.get("/jobs/{job_id}")
    async def job(job_id: str, request: Request) -> dict[str, str]:
        tell_caller(request.scope, "key:studio")
        if job_id == "unknown":
            raise NotFound("no such job")
        if job_id == "bug":
            raise RuntimeError("a bug")
        structlog.get_logger("app").info("inside", job_id=job_id)
        return {"job_id": job_id}

    @inner.get("/{one}/{two:path}")
    async def deep(one: str, two: str) -> str:
        return one + two

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"one"
            structlog.get_logger("app").info("streaming")
            yield b"two"

        return StreamingResponse(chunks())

    app, mounted = FastAPI(telemetry=FASTAPI_TELEMETRY), FastAPI()
    mounted.add_api_route("/thing/{name}", lambda name: name)
    app.include_router(router, prefix="/captions")
    app.include_router(inner)
    app.add_route("/metrics", metrics_response)
    app.mount("/mounted", mounted)
    install_problems(app)
    observe(app)
    return app


def access(lines: list[str]) -> list[str]:
    """The lines of requests, without their times and ids."""
    return [
        re.sub(r" ms=[\d.]+| request_id=\S+|^.{23} - ", "", line)
        for line in lines
        if " - batuta.http - " in line
    ]


async def test_the_route_is_its_template_whatever_was_asked(logged: Logged) -> None:
    """With the prefix of the router and of the mount; a path that nobody serves is no label."""
    asked = {
        "/captions/jobs/1": "/captions/jobs/{job_id}",
        "/inner/a/b/c": "/inner/{one}/{two}",
        "/mounted/thing/x": "/mounted/thing/{name}",
        "/mounted/nothing": "/mounted/{path}",
        "/openapi.json": "/openapi.json",
        "/captions/jobs/1/": "unmatched",
        "/wp-admin/x.php": "unmatched",
    }
    async with asking(make()) as client:
        for path in asked:
            await client.get(path)
        text = (await client.get("/metrics")).text
    lines = access(logged())
    assert [line.split()[5] for line in lines] == list(asked.values())
    routes = {dict(labels)["route"] for name, labels in samples(text) if name == "batuta_http_requests_total"}
    assert set(asked.values()) <= routes
    assert not any("jobs/1" in route or "wp-admin" in route for route in routes)


async def test_a_line_tells_method_route_status_time_and_caller(logged: Logged) -> None:
    """One line a request; requests that fail are warnings."""
    async with asking(make()) as client:
        await client.get("/captions/jobs/1")
        await client.get("/captions/jobs/unknown")
        await client.get("/captions/jobs/bug")
        await client.post("/captions/jobs/1")
        await client.get("/metrics")
    lines = logged()
    assert access(lines) == [
        "batuta.http - INFO - GET /captions/jobs/{job_id} 200 caller=key:studio path=/captions/jobs/1",
        "batuta.http - INFO - GET /captions/jobs/{job_id} 404 caller=key:studio path=/captions/jobs/unknown",
        "batuta.http - WARNING - GET /captions/jobs/{job_id} 500 caller=key:studio path=/captions/jobs/bug",
        "batuta.http - INFO - POST /captions/jobs/{job_id} 405 caller=127.0.0.1 path=/captions/jobs/1",
    ]
    assert all(re.search(r" ms=\d", line) for line in lines if "batuta.http" in line)


async def test_the_query_is_in_no_line(logged: Logged) -> None:
    """Keys travel in it."""
    async with asking(make()) as client:
        await client.get("/captions/jobs/1?api_key=verysecret")
    assert not any("verysecret" in line for line in logged())


@pytest.mark.parametrize(
    "path", ["/captions/jobs/1", "/captions/jobs/unknown", "/captions/jobs/bug", "/nothing"]
)
async def test_every_answer_says_the_request_s_id(path: str) -> None:
    """Also those that error handlers give."""
    async with asking(make()) as client:
        one, two = [(await client.get(path)).headers.get_list("x-request-id") for _ in range(2)]
    assert len(one) == len(two) == 1
    assert re.fullmatch(r"[0-9a-f]{16}", one[0])
    assert one != two


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("a1b2-c3", True),
        ("trace:1/span=2", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("two words", False),
        ('quote"d', False),
        ("-option", False),
    ],
)
async def test_a_caller_s_id_is_kept_if_it_is_sane(given: str, taken: bool) -> None:  # noqa: FBT001  # a column
    """What could break a header, a log line or a shell is replaced."""
    async with asking(make()) as client:
        answer = await client.get("/captions/jobs/1", headers={"X-Request-ID": given})
    assert (answer.headers["x-request-id"] == given) is taken


async def test_what_is_logged_meanwhile_carries_the_id(logged: Logged) -> None:
    """In the route and in a stream that goes on after it; afterwards it is gone."""
    async with asking(make()) as client:
        await client.get("/captions/jobs/1", headers={"X-Request-ID": "first"})
        await client.get("/captions/stream", headers={"X-Request-ID": "second"})
    structlog.get_logger("app").info("after")
    found = {line.split(" - ")[-1] for line in logged() if " - app - " in line}
    assert found == {"inside job_id=1 request_id=first", "streaming request_id=second", "after"}


async def test_a_caller_who_leaves_is_told_so(logged: Logged) -> None:
    """499, as it has no answer of ours; an app that raises without an answer is a 500."""

    async def leave(scope: Scope, receive: object, send: object) -> None:
        del receive, send
        if scope["path"] == "/raise":
            raise RuntimeError("no answer")

    async def nothing(_: Message) -> None:
        return

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "headers": [], "client": None}
    await Observed(leave)({**scope, "path": "/leave"}, receive, nothing)
    with pytest.raises(RuntimeError):
        await Observed(leave)({**scope, "path": "/raise"}, receive, nothing)
    assert access(logged()) == [
        "batuta.http - INFO - GET unmatched 499 caller=unknown path=/leave",
        "batuta.http - WARNING - GET unmatched 500 caller=unknown path=/raise",
    ]


async def test_lines_and_spans_know_each_other(spans: InMemorySpanExporter, logged: Logged) -> None:
    """The line has the trace's id, the span the request's; questions about our health have no span."""
    async with asking(make()) as client:
        await client.get("/captions/jobs/1", headers={"X-Request-ID": "mine"})
        await client.get("/metrics")
    (span,) = spans.get_finished_spans()
    assert span.name == "GET /captions/jobs/{job_id}"
    assert span.attributes is not None
    assert span.attributes["batuta.request_id"] == "mine"
    assert span.context is not None
    trace_id = f"trace_id={span.context.trace_id:032x}"
    lines = logged()
    assert len([line for line in lines if trace_id in line]) == 2
