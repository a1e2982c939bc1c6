"""What one captions job costs beyond the services' own time: three instant services over HTTP.

Beside it, in the same run: a bare durable run of three steps that do nothing, the least any job can cost.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from batuta.captions.models import CaptionOptions
from batuta.jobs import JobStatus
from batuta.jobs.engine import Engine
from batuta.server import open_batuta
from batuta.settings import Settings

JOBS = 40
ROUNDS = 3
AT_ONCE = 100
LIMIT_SECONDS = 0.15
LIMIT_JOBS_PER_SECOND = 25


@asynccontextmanager
async def services() -> AsyncGenerator[str]:
    """Three instant services in a process of their own; gives their base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "batuta.testing.stubs", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient() as client, asyncio.timeout(20):
            while True:
                try:
                    await client.get(f"{url}/downloader/health")
                    break
                except httpx2.ConnectError:
                    await asyncio.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


async def captions_jobs(folder: Path, url: str) -> tuple[list[float], float]:
    """Seconds from submission to completion of single jobs, and jobs per second of many at once."""
    settings = Settings(
        batuta_data=folder,
        video_downloader_url=f"{url}/downloader",
        audio_normalization_url=f"{url}/normalizer",
        audio_transcriber_url=f"{url}/transcriber",
    )
    async with open_batuta(settings) as batuta:

        async def one(number: int) -> float:
            begun = time.perf_counter()
            media = f"http://media.test/{folder.name}/{number}"
            record = await batuta.captions.start(CaptionOptions(), url=media)
            record = await batuta.captions.wait(record.job_id, 60)
            assert record.status is JobStatus.COMPLETED, record.error
            assert not any(stage.reused for stage in list(record.stages.values())[:1])
            return time.perf_counter() - begun

        await one(-1)
        single = [await one(number) for number in range(JOBS)]
        begun = time.perf_counter()
        await asyncio.gather(*(one(JOBS + number) for number in range(AT_ONCE)))
        return single, AT_ONCE / (time.perf_counter() - begun)


async def bare_runs(folder: Path) -> list[float]:
    """Seconds of durable runs of three steps that do nothing."""
    ended: dict[str, asyncio.Event] = {}

    async def nothing() -> None:
        return None

    async def three_steps(run_id: str) -> None:
        for name in ("one", "two", "three"):
            await engine.step(name, nothing)
        ended[run_id].set()

    engine = Engine(folder, three_steps)
    await engine.launch()
    found: list[float] = []
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
    single: list[float] = []
    rates: list[float] = []
    bare: list[float] = []
    async with services() as url:
        for number in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                seconds, rate = await captions_jobs(Path(folder) / f"jobs-{number}", url)
                single += seconds
                rates.append(rate)
                bare += await bare_runs(Path(folder) / "bare")
    median, p95 = statistics.median(single), statistics.quantiles(single, n=20)[-1]
    verdict = "within" if median <= LIMIT_SECONDS else "MISSED"
    print(f"overhead per job, three instant services over HTTP (n={len(single)}):")
    print(f"  median {median * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms")
    print(f"  limit of the median {LIMIT_SECONDS * 1e3:.0f} ms: {verdict}")
    print(f"  a bare durable run of 3 steps, same run: median {statistics.median(bare) * 1e3:.0f} ms")
    rate = statistics.median(rates)
    verdict = "within" if rate >= LIMIT_JOBS_PER_SECOND else "MISSED"
    print(f"jobs per second, {AT_ONCE} at once: {rate:.0f}; limit ≥ {LIMIT_JOBS_PER_SECOND}: {verdict}")


if __name__ == "__main__":
    asyncio.run(main())
