"""Switching traces on: when an exporter is named in OpenTelemetry's own variables, and is installed.

`OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_TRACES_EXPORTER=otlp|console` asks for it, `pip install 'batuta[otel]'`
brings what is needed. All else (sampling, headers, batches) is as OpenTelemetry's specification has it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import structlog

Stop = Callable[[], None]
INSTALL: Final = "pip install 'batuta[otel]'"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN: Final = "http/protobuf"

log = structlog.get_logger(__name__)


def start_tracing(part: str) -> Stop:
    """Send spans as `batuta-<part>` (`OTEL_SERVICE_NAME` wins), if the environment asks for it.

    Call what is returned at the end: it sends what is left, for 3 s at most, so not from an event loop. A
    program that has set a tracer provider of its own keeps it, and our spans go there.
    """
    exporter = _asked_for()
    if exporter is None:
        return _nothing
    if complaint := _cannot(exporter):
        log.warning("tracing.off", reason=complaint)
        return _nothing
    try:
        from batuta.telemetry.exporting import start_exporting  # noqa: PLC0415  # needs the extra

        stop = start_exporting(part, exporter, service_name_given=bool(_variable("OTEL_SERVICE_NAME")))
    except ImportError as error:
        log.warning("tracing.off", reason=f"{error.name} is not installed", action=INSTALL)
        return _nothing
    except ValueError as error:  # a variable with a value that is none
        log.warning("tracing.off", reason=str(error))
        return _nothing
    log.info("tracing.on", exporter=exporter)
    return stop


def _nothing() -> None:
    """Nothing was begun."""


def _asked_for() -> str | None:
    """Which exporter the environment asks for; None for none."""
    if _variable("OTEL_SDK_DISABLED").lower() == "true":
        return None
    named = _variable("OTEL_TRACES_EXPORTER").lower()
    if not named:
        return "otlp" if any(_variable(name) for name in _ENDPOINTS) else None
    return None if named == "none" else named


def _cannot(exporter: str) -> str | None:
    """Why this exporter is beyond us."""
    if exporter not in {"otlp", "console"}:
        return f"OTEL_TRACES_EXPORTER={exporter}: use otlp, console or none"
    protocol = next((asked for name in _PROTOCOLS if (asked := _variable(name))), SPOKEN)
    if exporter == "otlp" and protocol != SPOKEN:
        return f"OTLP by {protocol} is not spoken: set OTEL_EXPORTER_OTLP_PROTOCOL={SPOKEN} (port 4318)"
    return None


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()
