"""What a call through `ServiceClient` costs beyond the same call through a bare `httpx2.AsyncClient`.

Both run in this process, in turn, over the same transport, which answers at once; the figure is the median of
the rounds' CPU time. Run it with `python benchmarks/client_overhead.py`.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import httpx2

from batuta.clients import ServiceClient, deadline

LIMIT_MICROSECONDS = 10.0
ROUNDS = 21
CALLS = 400


async def microseconds(call: Callable[[], Awaitable[httpx2.Response]]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - start) / CALLS * 1e6


async def measure() -> tuple[float, float]:
    """Medians, bare and ours; ours within a deadline, as a job's calls are."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"id": "1", "status": "queued"}))
    bare = httpx2.AsyncClient(base_url="http://service", transport=transport)
    ours = ServiceClient("service", "http://service", transport)

    async def through_bare() -> httpx2.Response:
        return await bare.request("POST", "/jobs", json={"url": "x"}, headers={"Idempotency-Key": "k"})

    async def through_ours() -> httpx2.Response:
        return await ours.request("POST", "/jobs", json={"url": "x"}, idempotency_key="k")

    with deadline(3600):
        rounds = [(await microseconds(through_bare), await microseconds(through_ours)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds)


def main() -> int:
    """0 when the limit is kept."""
    bare, ours = asyncio.run(measure())
    overhead = ours - bare
    print(
        f"client overhead: {overhead:+.1f} µs a call (ours {ours:.1f}, bare {bare:.1f});"
        f" limit {LIMIT_MICROSECONDS:.0f} µs; {os.cpu_count()} cores"
    )
    return 0 if overhead <= LIMIT_MICROSECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
