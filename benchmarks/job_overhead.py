"""What one captions job costs beyond the services' own time: three instant services over HTTP.

Beside it, in the same run: a bare durable run of three steps that do nothing, the least any job can cost,
and the naive peer. From submission to the end, in this process, so that nobody's polling is measured.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from batuta.captions.app import Captions
from batuta.captions.models import CaptionOptions
from batuta.house import open_batuta
from batuta.jobs import JobStatus
from batuta.jobs.engine import Engine
from batuta.logs import start_outlet
from batuta.settings import Settings
from batuta.telemetry.log_file import LogFile
from batuta.telemetry.outlet import FileSink
from benchmarks import naive_captions
from benchmarks.figures import Figure
from benchmarks.stub_services import stub_services

JOBS = 60
NAIVE_JOBS = 6
LIMIT_SECONDS = 0.15


def settings(folder: Path, environment: Mapping[str, str], database_url: str | None = None) -> Settings:
    """Settings with the services of the environment, and nothing of this machine's."""
    named = {name.lower(): value for name, value in environment.items()}
    return Settings.model_validate({"batuta_data": folder, "database_url": database_url, **named})


async def one_job(captions: Captions, media: str) -> float:
    """Seconds from submission to completion."""
    begun = time.perf_counter()
    record = await captions.start(CaptionOptions(), url=media)
    record = await captions.wait(record.job_id, 60)
    assert record.status is JobStatus.COMPLETED, record.error
    assert not record.stages["download"].reused
    return time.perf_counter() - begun


async def one_naive_job(media: str) -> float:
    """The peer's."""
    begun = time.perf_counter()
    job = naive_captions.Job(youtube_url=media)
    await naive_captions.execute(job)
    assert job.status == "completed", job.error_message
    return time.perf_counter() - begun


@asynccontextmanager
async def captions_here(
    environment: Mapping[str, str], database_url: str | None = None
) -> AsyncGenerator[Captions]:
    """Captions in this process, at work and logging as a server does, warmed up by one job."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = settings(folder, environment, database_url)
        file = LogFile(folder / "log")
        stop_logging = start_outlet([FileSink(file)], "INFO", file.close)
        try:
            async with open_batuta(chosen) as batuta:
                await one_job(batuta.captions, "http://media.test/warm")
                yield batuta.captions
        finally:
            stop_logging()


async def captions_jobs(environment: Mapping[str, str]) -> list[float]:
    """Seconds of single jobs, one after the other."""
    async with captions_here(environment) as captions:
        return [await one_job(captions, f"http://media.test/{number}") for number in range(JOBS)]


async def bare_runs() -> list[float]:
    """Seconds of durable runs of three steps that do nothing."""
    ended: dict[str, asyncio.Event] = {}

    async def nothing() -> None:
        return None

    async def three_steps(run_id: str) -> None:
        for name in ("one", "two", "three"):
            await engine.step(name, nothing)
        ended[run_id].set()

    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), three_steps)
        await engine.launch()
        for number in range(JOBS):
            run_id = f"run-{number}"
            ended[run_id] = asyncio.Event()
            begun = time.perf_counter()
            await engine.start(run_id)
            await ended[run_id].wait()
            found.append(time.perf_counter() - begun)
        await engine.aclose()
    return found


async def main() -> None:
    async with stub_services() as environment:
        os.environ.update(environment)  # where the peer reads them
        ours = await captions_jobs(environment)
        naive = [await one_naive_job(f"http://media.test/{number}") for number in range(NAIVE_JOBS)]
        bare = await bare_runs()
    Figure(
        f"overhead per job, median of {JOBS}, three instant services over HTTP",
        statistics.median(ours),
        "s",
        LIMIT_SECONDS,
        ordinary="0.6-7.9 s",
        naive=statistics.median(naive),
    ).show()
    p95 = statistics.quantiles(ours, n=20)[-1]
    print(f"  95th percentile {p95 * 1e3:.0f} ms; a bare durable run of three steps: ", end="")
    print(f"median {statistics.median(bare) * 1e3:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
