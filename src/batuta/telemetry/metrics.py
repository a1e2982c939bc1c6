"""What is counted: small functions to call when something happened, Prometheus metrics behind them.

Every label has few values: a route is a template, and of names that come from elsewhere only the first 100
are told apart (`OTHER` is the rest), so that nobody can fill the memory with label values.

With `PROMETHEUS_MULTIPROC_DIR` set before the process starts, the processes of one server count together
(prometheus-client's multiprocess mode).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

OTHER: Final = "other"
MAX_NAMES: Final = 300
"""Different values of one label."""
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR" in os.environ
"""Whether other processes count with us."""

REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WORK_SECONDS: Final = (0.01, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""A lookup takes milliseconds, a long transcription an hour."""

OUTCOMES: Final = frozenset(
    {
        "ok",
        "refused",
        "busy",
        "failed",
        "breaker_open",
        "out_of_time",
        "cancelled",
        "reused",
        "computed",
        "completed",
        "delivered",
        "retried",
        "given_up",
    }
)
"""What may become of a call, a stage, a job or a delivery."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BREAKER_STATES: Final = ("closed", "half_open", "open")

_requests = Counter(
    "batuta_http_requests", "Requests answered.", ("method", "route", "status"), registry=None
)
_request_seconds = Histogram(
    "batuta_http_request_duration_seconds",
    "Time from a request's first byte to its answer's last.",
    ("method", "route", "status"),
    buckets=REQUEST_SECONDS,
    registry=None,
)
_jobs = Counter("batuta_jobs_finished", "Jobs that came to their end here.", ("outcome",), registry=None)
_stages = Histogram(
    "batuta_stage_duration_seconds",
    "Time of a stage, from its order to its kept result.",
    ("stage", "outcome"),
    buckets=WORK_SECONDS,
    registry=None,
)
_calls = Counter("batuta_service_calls", "Attempts to ask a service.", ("service", "outcome"), registry=None)
_call_seconds = Histogram(
    "batuta_service_call_duration_seconds",
    "Time of the attempts that reached for the service.",
    ("service", "outcome"),
    buckets=REQUEST_SECONDS,
    registry=None,
)
_retries = Counter("batuta_service_retries", "Attempts that were repeats.", ("service",), registry=None)
_breakers = Gauge(
    "batuta_breaker_state",
    "1 for the state the service's breaker is in.",
    ("service", "state"),
    registry=None,
    multiprocess_mode="livemax",
)
_deliveries = Counter("batuta_webhook_deliveries", "Webhook deliveries tried.", ("outcome",), registry=None)
_carried = Gauge(
    "batuta_jobs_carried",
    "Jobs this worker carries now.",
    registry=None,
    multiprocess_mode="livesum",
)
_lookups = Counter(
    "batuta_cache_lookups",
    "What became of asking a tier; hits in memory are too many to be told one by one.",
    ("cache", "tier", "outcome"),
    registry=None,
)
METRICS: Final = (
    _requests,
    _request_seconds,
    _jobs,
    _stages,
    _calls,
    _call_seconds,
    _retries,
    _breakers,
    _deliveries,
    _carried,
    _lookups,
)
"""All of the above, for `scraping`."""


class _Names:
    """The first hundred values of a label, and `OTHER`."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()

    def bounded(self, name: str) -> str:
        if name in self._known:
            return name
        if len(self._known) >= MAX_NAMES:
            return OTHER
        self._known.add(name)
        return name


_routes, _works, _services, _caches = _Names(), _Names(), _Names(), _Names()


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """An HTTP request has its answer; `route` is the template, never the path that was asked for."""
    counter, histogram = _of_request(method, route, status)
    counter.inc()
    histogram.observe(seconds)


def job_finished(outcome: str) -> None:
    """A job came to its end: completed, failed or cancelled."""
    _jobs.labels(_outcome(outcome)).inc()


def stage_finished(work: str, outcome: str, seconds: float) -> None:
    """A stage came to its end: reused, computed, failed or cancelled; `work` is its name."""
    _stages.labels(_works.bounded(work), _outcome(outcome)).observe(seconds)


def service_called(service: str, outcome: str, seconds: float) -> None:
    """An attempt came to ok, refused, busy, failed, breaker_open, out_of_time or cancelled."""
    counter, histogram = _of_call(service, outcome)
    counter.inc()
    if outcome != "breaker_open":  # nobody was asked, so there is no time to tell
        histogram.observe(seconds)


def retried(service: str) -> None:
    """A service is asked again."""
    _retries.labels(_services.bounded(service)).inc()


def breaker_moved(service: str, state: str) -> None:
    """The service's breaker is closed, half_open or open now."""
    name = _services.bounded(service)
    for each in BREAKER_STATES:
        _breakers.labels(name, each).set(each == state)


def delivery(outcome: str) -> None:
    """A webhook was delivered, will be retried, or was given_up."""
    _deliveries.labels(_outcome(outcome)).inc()


def watching(cache: str) -> Callable[[str, str], None]:
    """What a `TieredCache` of this name tells of each tier it asks."""
    name = _caches.bounded(cache)

    def tell(tier: str, outcome: str) -> None:
        _lookups.labels(name, tier, outcome).inc()

    return tell


def jobs_carried(number: int) -> None:
    """So many jobs are carried by this worker now."""
    _carried.set(number)


def _outcome(word: str) -> str:
    return word if word in OUTCOMES else OTHER


# A series is found by its labels once and then remembered: these are asked for thousands of times a second.


@lru_cache(maxsize=2048)
def _of_request(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    labels = (method if method in METHODS else OTHER, _routes.bounded(route), str(status))
    return _requests.labels(*labels), _request_seconds.labels(*labels)


@lru_cache(maxsize=2048)
def _of_call(service: str, outcome: str) -> tuple[Counter, Histogram]:
    labels = (_services.bounded(service), _outcome(outcome))
    return _calls.labels(*labels), _call_seconds.labels(*labels)
