"""Peak memory above idle while 20 files of 50 MB are uploaded at once and go through all stages.

The whole process tree of the server, shared pages counted once (PSS); the services swallow the bytes in
another process and give back as much. The naive peer is given fewer, since it would fill the machine.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from benchmarks.figures import Figure
from benchmarks.programs import House, house, naive_house
from benchmarks.reads import completed
from benchmarks.stub_services import stub_services

MEGABYTES = 50
UPLOADS = 20
NAIVE_UPLOADS = 4
LIMIT_MB = 120
EVERY_SECONDS = 0.05
BOUNDARY = "batuta-benchmark"


class Peak:
    """The most memory seen."""

    def __init__(self) -> None:
        self.bytes = 0


@asynccontextmanager
async def watched(house: House) -> AsyncGenerator[Peak]:
    """Look at the memory every so often, in a thread."""
    peak = Peak()

    async def look() -> None:
        while True:
            peak.bytes = max(peak.bytes, await asyncio.to_thread(house.memory))
            await asyncio.sleep(EVERY_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield peak
    finally:
        task.cancel()


async def upload(client: httpx2.AsyncClient, megabytes: int) -> None:
    """One file like no other, sent piece by piece, and its job followed to the end."""

    async def form() -> AsyncIterator[bytes]:
        yield f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=talk.mp4\r\n".encode()
        yield b"Content-Type: video/mp4\r\n\r\n"
        piece = os.urandom(1024 * 1024)
        for _ in range(megabytes):
            yield piece
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = await client.post("/pipeline/upload", content=form(), headers=headers)
    await completed(client, response.raise_for_status().json()["job_id"])


async def peak_above_idle(house: House, uploads: int) -> float:
    """MB; idle is after a first small job."""
    async with httpx2.AsyncClient(base_url=house.url, timeout=120) as client:
        await upload(client, 1)
        await asyncio.sleep(1)
        idle = await asyncio.to_thread(house.memory)
        async with watched(house) as peak:
            await asyncio.gather(*(upload(client, MEGABYTES) for _ in range(uploads)))
    return (peak.bytes - idle) / 1e6


async def main() -> None:
    async with stub_services(megabytes=MEGABYTES) as environment:
        async with house(environment) as ours:
            begun = time.perf_counter()
            found = await peak_above_idle(ours, UPLOADS)
            seconds = time.perf_counter() - begun
        async with naive_house(environment) as peer:
            naive = await peak_above_idle(peer, NAIVE_UPLOADS)
    what = f"peak memory above idle, {UPLOADS} uploads of {MEGABYTES} MB at once"
    Figure(what, found, "MB", LIMIT_MB, ordinary="3,100 MB", naive=naive).show()
    print(f"  the peer with {NAIVE_UPLOADS} uploads only: {naive / NAIVE_UPLOADS:.0f} MB each, ", end="")
    print(f"ours {found / UPLOADS:.0f} MB each, all through in {seconds:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())
