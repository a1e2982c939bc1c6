"""What a call through `ServiceClient` costs beyond the same call through a bare `httpx2.AsyncClient`.

Both run in this process, in turn, over the same transport, which answers at once; the figure is the median of
the rounds' CPU time. Run it with `python -m benchmarks.client_overhead`.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import httpx2

from batuta.clients import ServiceClient, deadline
from benchmarks.figures import Figure

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


def main() -> None:
    bare, ours = asyncio.run(measure())
    Figure("overhead of a call through our client, CPU time", ours - bare, "µs", LIMIT_MICROSECONDS).show()
    print(f"  ours {ours:.1f} µs, bare {bare:.1f} µs")


if __name__ == "__main__":
    main()
