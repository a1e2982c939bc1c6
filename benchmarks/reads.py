"""How often a second one job with 1,000 segments, and a list of 50 jobs, can be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx2

from benchmarks.figures import Figure
from benchmarks.load import CONNECTIONS, Load, bear
from benchmarks.programs import House, house, naive_house
from benchmarks.stub_services import stub_services

SEGMENTS = 1000
LISTED = 50
JOBS = 60
LIMIT_PER_SECOND = 2000


async def one_job(house: House) -> Load:
    """The job of many segments."""
    async with httpx2.AsyncClient(base_url=house.url, timeout=60) as client:
        job_id = await submitted(client, 0)
        job = await completed(client, job_id)
        assert len(job["transcription_segments"]) == SEGMENTS, job
    return await bear(house, f"/jobs/{job_id}")


async def the_list(house: House) -> Load:
    """The list, of jobs with a single segment: the peer reads whole documents for it."""
    async with httpx2.AsyncClient(base_url=house.url, timeout=60) as client:
        for job_id in [await submitted(client, number) for number in range(JOBS)]:
            await completed(client, job_id)
        assert len((await client.get("/jobs", params={"limit": LISTED})).json()["jobs"]) == LISTED
    return await bear(house, f"/jobs?limit={LISTED}")


async def submitted(client: httpx2.AsyncClient, number: int) -> str:
    response = await client.post("/pipeline", json={"youtube_url": f"http://media.test/{number}.mp4"})
    response.raise_for_status()
    job_id: str = response.json()["job_id"]
    return job_id


async def completed(client: httpx2.AsyncClient, job_id: str) -> dict[str, list[object]]:
    """The job once it is completed, polled since the peer knows nothing else."""
    async with asyncio.timeout(60):
        while True:
            job = (await client.get(f"/jobs/{job_id}")).raise_for_status().json()
            if job["status"] == "completed":
                return job
            assert job["status"] != "failed", job
            await asyncio.sleep(0.05)


async def show(what: str, segments: int, ask: Callable[[House], Awaitable[Load]], ordinary: str) -> None:
    """Ours and the peer's, one after the other."""
    async with stub_services(segments) as environment:
        async with house(environment) as ours:
            found = await ask(ours)
        async with naive_house(environment) as peer:
            naive = await ask(peer)
    Figure(
        f"{what}, {CONNECTIONS} connections",
        found.per_second,
        "req/s",
        LIMIT_PER_SECOND,
        "at least",
        ordinary,
        naive.per_second,
    ).show()
    print(f"  CPU time of the server for one: {found.cpu_ms:.2f} ms; the naive peer's {naive.cpu_ms:.2f} ms")


async def main() -> None:
    await show(f"GET /jobs/{{id}} with {SEGMENTS} segments", SEGMENTS, one_job, "66-151 req/s")
    await show(f"GET /jobs?limit={LISTED}", 1, the_list, "68-106 req/s")


if __name__ == "__main__":
    asyncio.run(main())
