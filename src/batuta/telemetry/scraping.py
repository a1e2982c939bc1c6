"""`GET /metrics`: what was counted, and what only the database knows, which is asked when somebody looks."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from batuta.telemetry.metrics import METRICS, SHARED
from batuta.version import __version__

COLLECT_SECONDS: Final = 3.0
"""A database that takes longer is left out; Prometheus gives up after 10 s."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class JobNumbers:
    """What the records say about jobs at this moment."""

    by_status: Mapping[str, int] = field(default_factory=dict[str, int])
    queued: int = 0
    """Jobs that nobody carries yet."""
    oldest_queued_seconds: float = 0.0
    """How long the oldest of them has been waiting."""


Collect = Callable[[], Awaitable[JobNumbers]]
_collectors: list[Collect] = []


def set_collector(collect: Collect | None) -> None:
    """Ask this for the numbers of jobs at every scrape; None asks nobody."""
    _collectors[:] = [] if collect is None else [collect]


async def metrics_response(request: Request) -> Response:
    """The route: Prometheus' text, or OpenMetrics where the Accept header asks for it."""
    numbers = await _collected()
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    text = await asyncio.to_thread(lambda: encode(_registry(numbers)))
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


async def _collected() -> JobNumbers | None:
    """The present numbers; None where nobody knows them, or not soon enough."""
    if not _collectors:
        return None
    try:
        async with asyncio.timeout(COLLECT_SECONDS):
            return await _collectors[0]()
    except Exception as error:  # noqa: BLE001  # whatever it is, the other metrics are wanted all the more
        log.warning("metrics.not_collected", cause=f"{type(error).__name__}: {error}")
        return None


def _registry(numbers: JobNumbers | None) -> CollectorRegistry:
    """Everything to be told at this scrape."""
    registry = CollectorRegistry(auto_describe=False)
    if SHARED:
        MultiProcessCollector(registry)  # pyright: ignore[reportUnknownMemberType]  # untyped; registers itself
    else:
        for metric in METRICS:
            registry.register(metric)
    ProcessCollector(registry=registry)
    registry.register(_Now(numbers))
    return registry


class _Now(Collector):
    """What holds at this moment."""

    def __init__(self, numbers: JobNumbers | None) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        """The families of metrics, as prometheus-client wants them."""
        yield InfoMetricFamily(
            "batuta_build",
            "What is running.",
            value={"version": __version__, "python": platform.python_version()},
        )
        known = GaugeMetricFamily(
            "batuta_jobs_known",
            "0 where the records could not be read: the numbers of jobs are missing then.",
        )
        known.add_metric([], float(self._numbers is not None))
        yield known
        if self._numbers is None:
            return
        jobs = GaugeMetricFamily("batuta_jobs", "Jobs by status.", labels=["status"])
        for status, number in self._numbers.by_status.items():
            jobs.add_metric([status], number)
        yield jobs
        yield GaugeMetricFamily(
            "batuta_queue_depth", "Jobs that nobody carries yet.", value=self._numbers.queued
        )
        yield GaugeMetricFamily(
            "batuta_queue_oldest_seconds",
            "How long the oldest queued job has been waiting.",
            value=self._numbers.oldest_queued_seconds,
        )
