"""One trace through a caller, a service, and a job that another process goes on with."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import timeit

import httpx2
import pytest
from fastapi import FastAPI, Request
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs
from telemetry_parts import Collector

from batuta.clients import AppTransport, ServiceClient
from batuta.errors import RemoteJobFailed, ServiceRefused
from batuta.telemetry.traces import (
    FASTAPI_TELEMETRY,
    continue_trace,
    current_traceparent,
    inject,
    job_span,
    recording,
    stage_span,
    trace_ids,
)
from batuta.telemetry.tracing import start_tracing
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""The example of W3C Trace Context, section 3.2."""


def service() -> FastAPI:
    """A service that answers with the header it got."""
    app = FastAPI(telemetry=FASTAPI_TELEMETRY)

    @app.get("/jobs/{job_id}")
    async def job(job_id: str, request: Request) -> dict[str, str | None]:
        del job_id
        return {"traceparent": request.headers.get("traceparent")}

    return app


async def test_a_collector_sees_one_trace_in_caller_and_service(
    no_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over real sockets and in OpenTelemetry's own format, with nothing set but the endpoint."""
    del no_provider
    collector = Collector()
    async with serving(collector) as endpoint, serving(service()) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        stop = start_tracing("orchestrator")
        async with ServiceClient("normalizer", url) as client:
            with job_span("j1", "captions"), stage_span("j1", "normalization", "normalize"):
                await client.request("GET", "/jobs/r1?token=verysecret")
        await asyncio.to_thread(stop)
    assert collector.paths == {"/v1/traces"}
    job, stage = collector.named("job captions"), collector.named("stage normalization")
    call, answer = collector.named("GET normalizer"), collector.named("GET /jobs/{job_id}")
    assert len({span.trace_id for span in collector.spans}) == 1
    assert (job.parent, stage.parent, call.parent, answer.parent) == (
        "",
        job.span_id,
        stage.span_id,
        call.span_id,
    )
    assert {span.service for span in collector.spans} == {"batuta-orchestrator"}
    assert stage.told == {"batuta.job_id": "j1", "batuta.stage": "normalization", "batuta.work": "normalize"}
    assert answer.told["url.query"] == "token=***"


async def test_an_embedded_service_belongs_to_the_trace_too(spans: InMemorySpanExporter) -> None:
    """The in-process transport carries headers and nothing else, which is enough."""
    async with ServiceClient("normalizer", "http://normalizer", AppTransport(service())) as client:
        with stage_span("j1", "normalization", "normalize"):
            answer = (await client.request("GET", "/jobs/r1")).json()
    found = {span.name: span for span in spans.get_finished_spans()}
    call, inside = found["GET normalizer"], found["GET /jobs/{job_id}"]
    assert call.kind is SpanKind.CLIENT
    assert call.context is not None
    assert inside.parent is not None
    assert inside.parent.span_id == call.context.span_id
    assert answer["traceparent"].split("-")[1:3] == [
        f"{call.context.trace_id:032x}",
        f"{call.context.span_id:016x}",
    ]


async def test_a_stage_run_later_belongs_to_the_request_that_asked_for_it(
    spans: InMemorySpanExporter,
) -> None:
    """All that is kept with the job is one string."""
    kept: list[str | None] = []
    app = FastAPI(telemetry=FASTAPI_TELEMETRY)

    @app.post("/pipeline")
    async def start() -> None:
        kept.append(current_traceparent())

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://x") as client:
        await client.post("/pipeline", headers={"traceparent": PARENT})
    assert current_traceparent() is None
    with continue_trace(kept[0]), stage_span("j1", "download", "download"):
        ids = trace_ids()
    found = {span.name: span for span in spans.get_finished_spans()}
    request, stage = found["POST /pipeline"], found["stage download"]
    assert stage.parent is not None
    assert request.context is not None
    assert stage.parent.span_id == request.context.span_id
    assert ids["trace_id"] == PARENT.split("-")[1]


@pytest.mark.parametrize("kept", [None, "", "rubbish", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
async def test_a_job_without_a_usable_trace_begins_its_own(
    kept: str | None, spans: InMemorySpanExporter
) -> None:
    """Rather than failing."""
    with continue_trace(kept), stage_span("j1", "download", "download"):
        pass
    (span,) = spans.get_finished_spans()
    assert span.parent is None


async def test_a_failure_is_told_with_its_code_and_without_secrets(spans: InMemorySpanExporter) -> None:
    """On the stage and on the call, which do not swallow it."""
    with pytest.raises(RemoteJobFailed), stage_span("j1", "download", "download"):
        raise RemoteJobFailed("HTTP 403 for https://h/?token=verysecret")
    async with ServiceClient("d", "http://d", httpx2.MockTransport(lambda _: httpx2.Response(400))) as client:
        with pytest.raises(ServiceRefused):
            await client.request("GET", "/")
    stage, call = spans.get_finished_spans()
    assert stage.attributes is not None
    assert stage.attributes["error.type"] == "remote_job_failed"
    assert stage.status.status_code is StatusCode.ERROR
    assert stage.status.description == "HTTP 403 for https://h/?token=***"
    assert call.attributes is not None
    assert call.attributes["error.type"] == "service_refused"
    assert not [event for span in (stage, call) for event in span.events]


async def test_without_an_exporter_nothing_is_made(no_provider: None) -> None:
    """No provider, no ids, no headers, and so little time that nobody notices."""
    del no_provider
    assert start_tracing("orchestrator")() is None
    assert not recording()
    headers: dict[str, str] = {}
    with continue_trace(PARENT), job_span("j1", "captions"), stage_span("j1", "download", "download"):
        inject(headers)
        assert (headers, current_traceparent(), trace_ids()) == ({}, None, {})
    async with ServiceClient("normalizer", "http://n", AppTransport(service())) as client:
        assert (await client.request("GET", "/jobs/1")).json() == {"traceparent": None}

    def stage() -> None:
        with stage_span("j1", "download", "download"):
            pass

    assert min(timeit.repeat(stage, number=1000, repeat=5)) / 1000 < 50e-6


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER=zipkin: use otlp, console or none"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTLP by grpc is not spoken: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (port 4318)",
        ),
    ],
)
async def test_what_cannot_be_done_is_said_and_left(
    variables: dict[str, str], said: str, no_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traces are never worth a server that does not start."""
    del no_provider
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with capture_logs() as logs:
        start_tracing("orchestrator")()
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("tracing.off", said)]
    assert not recording()


async def test_a_missing_extra_is_said_with_what_to_install(
    no_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is set, the packages are not there."""
    del no_provider
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.delitem(sys.modules, "batuta.telemetry.exporting")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with capture_logs() as logs:
        start_tracing("orchestrator")()
    assert [(entry["event"], entry["action"]) for entry in logs] == [
        ("tracing.off", "pip install 'batuta[otel]'")
    ]
    assert not recording()


@pytest.mark.parametrize("variables", [{"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}, {}])
async def test_traces_that_are_switched_off_are_off(
    variables: dict[str, str], no_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with an endpoint for everybody on the machine."""
    del no_provider
    if variables:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with capture_logs() as logs:
        start_tracing("orchestrator")()
    assert logs == []
    assert not recording()


async def test_a_program_s_own_provider_is_kept(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our spans go where it sends its own."""
    before = trace.get_tracer_provider()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    stop = start_tracing("orchestrator")
    with stage_span("j1", "download", "download"):
        pass
    stop()
    assert trace.get_tracer_provider() is before
    assert len(spans.get_finished_spans()) == 1


async def test_a_second_server_in_the_process_exports_after_the_first_has_ended(
    no_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenTelemetry keeps its one provider for good; ours changes where it sends."""
    del no_provider
    first, second = Collector(), Collector()
    for collector in (first, second):
        async with serving(collector) as endpoint:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            stop = start_tracing("orchestrator")
            with stage_span("j1", "download", "download"):
                pass
            await asyncio.to_thread(stop)
            with stage_span("j1", "late", "late"):
                pass
    assert [span.name for span in first.spans] == ["stage download"]
    assert [span.name for span in second.spans] == ["stage download"]
    assert isinstance(trace.get_tracer_provider(), TracerProvider)


def test_a_client_needs_neither_the_sdk_nor_a_web_framework() -> None:
    """What is imported by everybody stays light."""
    program = (
        "import sys, importlib\n"
        "sys.modules['fastapi'] = sys.modules['opentelemetry.sdk'] = None\n"
        "import types; package = types.ModuleType('batuta'); import pathlib\n"
        f"package.__path__ = [{str(__import__('batuta').__path__[0])!r}]; sys.modules['batuta'] = package\n"
        "import batuta.telemetry.traces, batuta.telemetry.calls, batuta.telemetry.tracing\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
