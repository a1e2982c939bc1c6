"""A tracer provider for one test, and logs in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util._once import Once
from telemetry_parts import Logged

from batuta.logs import start_logging
from batuta.settings import Settings
from batuta.telemetry import exporting

OTEL = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED")


@pytest.fixture
def no_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which nobody has set a provider yet; OpenTelemetry itself knows no way back."""
    for name in OTEL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    monkeypatch.setattr(trace, "_PROXY_TRACER_PROVIDER", trace.ProxyTracerProvider())
    yield
    exporting.OUTLET.to = None
    exporting._OURS.clear()


@pytest.fixture
def spans(no_provider: None) -> InMemorySpanExporter:
    """The spans that end meanwhile, in a provider such as a program around us might have set."""
    del no_provider
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(batuta_data=tmp_path, log_level="INFO")


@pytest.fixture
def logged(settings: Settings) -> Iterator[Logged]:
    """Logging is on; called, it is switched off and gives the lines of the file."""
    stop = start_logging(settings, json_lines=False)
    stopped = False

    def lines() -> list[str]:
        nonlocal stopped
        stopped = True
        stop()
        path = settings.batuta_data / "logs" / "orchestrator.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    yield lines
    if not stopped:
        stop()
    structlog.contextvars.clear_contextvars()
