"""How long after it happened an event arrives at a browser that follows the job by SSE."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import statistics

import httpx2

from benchmarks.figures import Figure
from benchmarks.programs import house
from benchmarks.reads import submitted
from benchmarks.stub_services import stub_services

JOBS = 30
LIMIT_MS = 100
"""Ours: what a person calls at once. The contract sets no figure."""


async def latencies(client: httpx2.AsyncClient, number: int) -> list[float]:
    """Milliseconds from each event's own time, just before it is stored, to its arrival.

    What had happened before the stream was open is left out.
    """
    job_id = await submitted(client, number)
    found: list[float] = []
    async with client.stream("GET", f"/jobs/{job_id}/events") as stream:
        opened = dt.datetime.now(dt.UTC)
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                at = dt.datetime.fromisoformat(json.loads(line.removeprefix("data:"))["at"])
                if at >= opened:
                    found.append((dt.datetime.now(dt.UTC) - at).total_seconds() * 1000)
    return found


async def main() -> None:
    async with (
        stub_services() as environment,
        house(environment) as ours,
        httpx2.AsyncClient(base_url=ours.url, timeout=60) as client,
    ):
        found = [each for number in range(JOBS) for each in await latencies(client, number)]
    median, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
    ordinary = "polling every 3 s: 1,500 ms on average"
    Figure(
        f"an event's way to the browser, median of {len(found)}", median, "ms", LIMIT_MS, ordinary=ordinary
    ).show()
    print(f"  95th percentile {p95:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
