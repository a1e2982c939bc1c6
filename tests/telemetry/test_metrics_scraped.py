"""`GET /metrics`, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from telemetry_parts import asking, samples

from batuta.clients import ServiceClient
from batuta.clients.breaker import BreakerPolicy
from batuta.clients.deadline import deadline
from batuta.clients.retry import RetryPolicy
from batuta.errors import BatutaError, Cancelled, DeadlineExceeded, NoAudio
from batuta.telemetry import metrics, scraping
from batuta.telemetry.scraping import JobNumbers, metrics_response, set_collector
from batuta.telemetry.stages import StageClock
from batuta.testing.clock import VirtualClock
from batuta.version import __version__

pytestmark = pytest.mark.anyio

app = FastAPI()
app.add_route("/metrics", metrics_response)


@pytest.fixture(autouse=True)
def no_collector_left() -> Iterator[None]:
    yield
    set_collector(None)


async def scrape() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    async with asking(app) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    return samples(answer.text)


async def value(name: str, **labels: str) -> float:
    return (await scrape()).get((name, tuple(sorted(labels.items()))), 0.0)


async def test_what_was_counted_is_scraped() -> None:
    """Each of the functions moves its metric by one event."""
    metrics.jobs_carried(0)  # not what a test before this one has left
    before = await scrape()
    metrics.request_answered("GET", "/jobs/{job_id}", 200, 0.004)
    metrics.job_finished("completed")
    metrics.stage_finished("transcription", "computed", 20.0)
    metrics.stage_finished("transcription", "reused", 0.01)
    metrics.service_called("counted", "busy", 0.2)
    metrics.retried("counted")
    metrics.delivery("given_up")
    metrics.jobs_carried(3)
    metrics.breaker_moved("counted", "half_open")
    after = await scrape()
    moved = {
        (name, *dict(labels).values()): after[name, labels] - before.get((name, labels), 0.0)
        for name, labels in after
        if name.startswith("batuta_") and not name.endswith(("_created", "_bucket"))
        if after[name, labels] != before.get((name, labels), 0.0)
    }
    assert moved == {
        ("batuta_http_requests_total", "GET", "/jobs/{job_id}", "200"): 1,
        ("batuta_http_request_duration_seconds_count", "GET", "/jobs/{job_id}", "200"): 1,
        ("batuta_http_request_duration_seconds_sum", "GET", "/jobs/{job_id}", "200"): pytest.approx(0.004),
        ("batuta_jobs_finished_total", "completed"): 1,
        ("batuta_stage_duration_seconds_count", "computed", "transcription"): 1,
        ("batuta_stage_duration_seconds_sum", "computed", "transcription"): 20,
        ("batuta_stage_duration_seconds_count", "reused", "transcription"): 1,
        ("batuta_stage_duration_seconds_sum", "reused", "transcription"): pytest.approx(0.01),
        ("batuta_service_calls_total", "busy", "counted"): 1,
        ("batuta_service_call_duration_seconds_count", "busy", "counted"): 1,
        ("batuta_service_call_duration_seconds_sum", "busy", "counted"): pytest.approx(0.2),
        ("batuta_service_retries_total", "counted"): 1,
        ("batuta_webhook_deliveries_total", "given_up"): 1,
        ("batuta_jobs_carried",): 3,
        ("batuta_breaker_state", "counted", "half_open"): 1,
    }
    assert ("batuta_breaker_state", (("service", "counted"), ("state", "open"))) in after


async def test_numbers_of_jobs_are_asked_for_at_every_scrape() -> None:
    """By status, with the queue's depth and age."""
    waiting = 0

    async def collect() -> JobNumbers:
        nonlocal waiting
        waiting += 1
        return JobNumbers({"queued": waiting, "completed": 7}, queued=waiting, oldest_queued_seconds=1.5)

    set_collector(collect)
    await scrape()
    found = await scrape()
    assert found["batuta_jobs", (("status", "queued"),)] == 2
    assert found["batuta_jobs", (("status", "completed"),)] == 7
    assert found["batuta_queue_depth", ()] == 2
    assert found["batuta_queue_oldest_seconds", ()] == 1.5
    assert found["batuta_jobs_known", ()] == 1


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_a_database_that_does_not_answer_costs_only_its_own_numbers(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scrape says so, and has everything else."""
    monkeypatch.setattr(scraping, "COLLECT_SECONDS", 0.05)

    async def collect() -> JobNumbers:
        if how == "fails":
            raise OSError("the database is away")
        await asyncio.Event().wait()
        return JobNumbers()

    set_collector(collect)
    found = await scrape()
    assert found["batuta_jobs_known", ()] == 0
    assert ("batuta_queue_depth", ()) not in found
    assert ("batuta_jobs_carried", ()) in found


async def test_the_process_and_the_build_are_told() -> None:
    """Memory, files, processor time, and which version it is."""
    found = await scrape()
    build = [dict(labels) for name, labels in found if name == "batuta_build_info"]
    assert [told["version"] for told in build] == [__version__]
    assert found["process_resident_memory_bytes", ()] > 10_000_000
    assert found["process_open_fds", ()] > 3


async def test_openmetrics_is_spoken_where_it_is_asked_for() -> None:
    """As Prometheus itself asks."""
    async with asking(app) as client:
        answer = await client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}
        )
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in parse_openmetrics(answer.text)}
    assert {"batuta_http_requests", "batuta_build", "batuta_stage_duration_seconds"} <= names


async def test_labels_do_not_grow_with_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a hundred names the rest is one; unknown words are one from the start."""
    monkeypatch.setattr(metrics, "_works", metrics._Names())
    monkeypatch.setattr(metrics, "_routes", metrics._Names())
    before = await scrape()
    for number in range(metrics.MAX_NAMES + 50):
        metrics.stage_finished(f"work-{number}", "computed", 1.0)
        metrics.request_answered(f"M{number}", f"/r{number}", 200, 0.1)
    metrics.job_finished("exploded")
    after = await scrape()

    def new(name: str, label: str) -> set[str]:
        return {dict(labels)[label] for key, labels in after.keys() - before.keys() if key == name}

    assert len(new("batuta_stage_duration_seconds_count", "stage")) == metrics.MAX_NAMES + 1
    assert len(new("batuta_http_requests_total", "route")) == metrics.MAX_NAMES + 1
    assert new("batuta_http_requests_total", "method") == {"other"}
    assert after["batuta_stage_duration_seconds_count", (("outcome", "computed"), ("stage", "other"))] == 50
    assert after["batuta_jobs_finished_total", (("outcome", "other"),)] >= 1


def test_processes_of_one_server_count_together(tmp_path: Path) -> None:
    """With PROMETHEUS_MULTIPROC_DIR, whichever of them is scraped tells for all."""
    program = (
        "import asyncio, sys\n"
        "from batuta.telemetry import metrics, scraping\n"
        "metrics.service_called('together', 'ok', 0.1); metrics.jobs_carried(2)\n"
        "print(scraping.choose_encoder('')[0](scraping._registry(None)).decode())\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    found = samples(ended.stdout)
    assert found["batuta_service_calls_total", (("outcome", "ok"), ("service", "together"))] == 2


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (None, "computed"),
        (Cancelled("by its owner"), "cancelled"),
        (NoAudio("silent film"), "failed"),
        (KeyError("a bug"), "failed"),
        (asyncio.CancelledError(), None),
    ],
)
async def test_a_stage_is_counted_by_how_it_ended(error: BaseException | None, counted: str | None) -> None:
    """Once; a stage that our own end interrupts is not over."""
    work = f"clocked-{type(error).__name__}"
    with suppress(BaseException), StageClock(work) as clock:
        if error is not None:
            raise error
        clock.finished("computed")
    with StageClock(work):
        pass  # submitted, and waited for elsewhere
    found = await scrape()
    outcomes = {
        dict(labels)["outcome"]: number
        for (name, labels), number in found.items()
        if name == "batuta_stage_duration_seconds_count" and dict(labels)["stage"] == work
    }
    assert outcomes == ({counted: 1} if counted else {})


def answering(*statuses: int) -> httpx2.MockTransport:
    left = list(statuses)
    return httpx2.MockTransport(lambda _: httpx2.Response(left.pop(0)))


def client(name: str, transport: httpx2.AsyncBaseTransport, failures: int = 5) -> ServiceClient:
    return ServiceClient(
        name,
        "http://service",
        transport,
        retry=RetryPolicy(max_retries=1),
        breaker=BreakerPolicy(failures=failures),
        clock=VirtualClock(),
    )


@pytest.mark.parametrize(
    ("statuses", "outcomes", "retries"),
    [
        ((200,), {"ok": 1}, 0),
        ((503, 200), {"failed": 1, "ok": 1}, 1),
        ((429, 429), {"busy": 2}, 1),
        ((404,), {"refused": 1}, 0),
    ],
)
async def test_every_attempt_at_a_service_is_counted(
    statuses: tuple[int, ...], outcomes: dict[str, int], retries: int
) -> None:
    """By what it came to, and repeats as repeats."""
    name = f"svc-{'-'.join(map(str, statuses))}"
    service = client(name, answering(*statuses))
    try:
        await service.request("GET", "/")
    except BatutaError:
        assert statuses[-1] >= 400
    for outcome, number in outcomes.items():
        assert await value("batuta_service_calls_total", service=name, outcome=outcome) == number
    assert await value("batuta_service_retries_total", service=name) == retries


async def test_a_call_that_the_breaker_turned_away_has_no_duration() -> None:
    """It would make the service look fast."""
    service = client("broken", answering(503), failures=1)
    with pytest.raises(BatutaError):
        await service.request("POST", "/")
    with pytest.raises(BatutaError):
        await service.request("POST", "/")
    labels = {"service": "broken", "outcome": "breaker_open"}
    assert await value("batuta_service_calls_total", **labels) == 1
    assert await value("batuta_service_call_duration_seconds_count", **labels) == 0


async def test_a_call_out_of_time_and_one_that_was_cancelled_are_told_apart() -> None:
    """From a service that fails."""

    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    service = client("slow", httpx2.MockTransport(never))
    with deadline(0.05), pytest.raises(DeadlineExceeded):
        await service.request("GET", "/")
    left = asyncio.create_task(service.request("GET", "/"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert await value("batuta_service_calls_total", service="slow", outcome="out_of_time") == 1
    assert await value("batuta_service_calls_total", service="slow", outcome="cancelled") == 1


async def test_what_the_caller_does_with_a_stream_is_not_the_service_s_fault() -> None:
    """His own error in the block counts as an answer."""
    service = client("streaming", answering(200))
    with pytest.raises(KeyError):
        async with service.stream("GET", "/"):
            raise KeyError("mine")
    assert await value("batuta_service_calls_total", service="streaming", outcome="ok") == 1
