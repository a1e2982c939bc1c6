"""One request followed through the orchestrator, its jobs and the services: OpenTelemetry, if somebody looks.

Spans of incoming requests are FastAPI's own (`fastapi.telemetry`), which appear as soon as there is a tracer
provider. Ours are the calls of services, the jobs and their stages. Context travels in the headers of W3C
Trace Context, and with a job as a `traceparent` string, so that a stage run by another process an hour later
still belongs to the request that asked for it. Without an exporter nothing is made and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from opentelemetry import context, propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from batuta.telemetry.masking import masked_text
from batuta.version import __version__

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig  # clients need no web framework

FASTAPI_TELEMETRY: Final[TelemetryConfig] = {
    "metrics": False,  # ours are in Prometheus' form
    "logs": False,
    "operation_spans": False,  # three more spans a request tell little
    "auto_configure": False,  # `tracing.start_tracing` decides, once for all apps of the process
    "exclude": lambda scope: str(scope.get("path", "")).endswith(("/health", "/metrics")),
}
"""For `FastAPI(telemetry=...)`: spans of requests, except of those that ask how we are."""

_W3C: Final = TraceContextTextMapPropagator()
_PARENT: Final = "traceparent"


def recording() -> bool:
    """Whether there is anybody to make spans for: our provider, or that of a program we are part of."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def trace_ids() -> dict[str, str]:
    """What a log line says to be found from its trace; empty outside a span."""
    if not recording():
        return {}
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(found.trace_id),
        "span_id": trace.format_span_id(found.span_id),
    }


def inject(headers: MutableMapping[str, str], span: Span | None = None) -> None:
    """Add the headers by which whoever is asked continues our trace: that of `span`, or of the context."""
    if span is not None:
        propagate.inject(headers, trace.set_span_in_context(span))
    elif recording():
        propagate.inject(headers)


def current_traceparent() -> str | None:
    """The present trace context as one string (W3C Trace Context, section 3.2), to be kept with a job."""
    if not recording():
        return None
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(_PARENT)


@contextmanager
def continue_trace(traceparent: str | None) -> Generator[None]:
    """Spans made in the block belong to that trace; None, or a string that is none, changes nothing."""
    if not traceparent or not recording():
        yield
        return
    token = context.attach(_W3C.extract({_PARENT: traceparent}))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def job_span(job_id: str, pipeline: str) -> Generator[None]:
    """A run of a job, from the moment a worker takes it."""
    if not recording():
        yield
        return
    with _span(f"job {pipeline}", {"batuta.job_id": job_id, "batuta.pipeline": pipeline}):
        yield


@contextmanager
def stage_span(job_id: str, stage: str, work: str) -> Generator[None]:
    """One stage of a job: looked up, or submitted and waited for."""
    if not recording():
        yield
        return
    told = {"batuta.job_id": job_id, "batuta.stage": stage, "batuta.work": work}
    with _span(f"stage {stage}", told):
        yield


def call_span(service: str, method: str) -> Span | None:
    """A span for one call of a service, to be ended by whoever asked for it; None when nobody looks.

    It never becomes the current one: a call may end in another context than it began in.
    """
    if not recording():
        return None
    told = {"http.request.method": method, "peer.service": service}
    return _tracer().start_span(f"{method} {service}", kind=SpanKind.CLIENT, attributes=told)


def end_span(span: Span, error: BaseException | None = None) -> None:
    """End it, failed if there is an error; the error's words go without secrets."""
    if error is not None:
        span.set_attribute("error.type", getattr(error, "code", type(error).__name__))
        span.set_status(StatusCode.ERROR, masked_text(str(error)))
    span.end()


@contextmanager
def _span(name: str, told: Mapping[str, str]) -> Generator[None]:
    with _tracer().start_as_current_span(
        name, attributes=told, record_exception=False, set_status_on_exception=False, end_on_exit=False
    ) as span:
        try:
            yield
        except BaseException as error:
            end_span(span, error)
            raise
        end_span(span)


def _tracer() -> trace.Tracer:
    return trace.get_tracer("batuta", __version__)
