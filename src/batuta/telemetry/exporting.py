"""The part of tracing that needs OpenTelemetry's SDK (`batuta[otel]`): a provider and an exporter."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from batuta.telemetry.masking import masked_text
from batuta.version import __version__

STOP_SECONDS: Final = 3.0
"""So long may the last spans take on their way out."""
_URLS: Final = ("url.query", "url.full", "http.url")


class Outlet(SpanProcessor):
    """What our provider's spans go through: masked first, and exported while there is somewhere to go.

    A process has one provider for good, while servers in it may come and go.
    """

    def __init__(self) -> None:
        self.to: SpanProcessor | None = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """FastAPI tells the whole query, in which keys may be."""
        del parent_context
        for name in _URLS:
            if value := (span.attributes or {}).get(name):
                span.set_attribute(name, masked_text(f"?{value}")[1:])

    def on_end(self, span: ReadableSpan) -> None:
        """Hand it on."""
        if self.to is not None:
            self.to.on_end(span)

    def shutdown(self) -> None:
        """Nothing of its own is open."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is waiting."""
        return self.to is None or self.to.force_flush(timeout_millis)


OUTLET: Final = Outlet()
"""This process's."""
_OURS: Final[list[TracerProvider]] = []
"""Our provider, once there is one."""


def start_exporting(part: str, exporter: str, *, service_name_given: bool) -> Callable[[], None]:
    """Export spans until what is returned is called; does nothing beside a provider that is not ours."""
    present = trace.get_tracer_provider()
    if isinstance(present, trace.ProxyTracerProvider):
        _OURS.append(_provider(None if service_name_given else f"batuta-{part}"))
        trace.set_tracer_provider(_OURS[0])
    elif present not in _OURS:
        return lambda: None
    sending = BatchSpanProcessor(
        ConsoleSpanExporter(out=sys.stderr) if exporter == "console" else OTLPSpanExporter()
    )
    OUTLET.to = sending

    def stop() -> None:
        if OUTLET.to is sending:
            OUTLET.to = None
        last = threading.Thread(target=sending.shutdown, name="batuta-traces-end", daemon=True)
        last.start()
        last.join(STOP_SECONDS)

    return stop


def _provider(service_name: str | None) -> TracerProvider:
    told: dict[str, str] = {SERVICE_VERSION: __version__}
    if service_name is not None:
        told[SERVICE_NAME] = service_name
    provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
    provider.add_span_processor(OUTLET)
    return provider
