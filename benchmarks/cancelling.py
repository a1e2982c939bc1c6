"""How soon after a cancel no process of the work is left: a real transcription of ten minutes of speech."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx2
import psutil

from benchmarks.figures import Figure
from benchmarks.programs import House, house
from benchmarks.speech_files import speech

CANCELS = 3
SPEECH_SECONDS = 600
LIMIT_SECONDS = 2
LOOK_SECONDS = 0.5
BUSY_SECONDS = 0.05


async def cancelled(house: House, client: httpx2.AsyncClient, file: Path) -> float:
    """Seconds from the request until the processes that were at work are gone."""
    with file.open("rb") as opened:
        files = {"file": ("talk.wav", opened, "audio/wav")}
        response = await client.post("/pipeline/upload", files=files, data={"language": "en"})
    job_id = response.raise_for_status().json()["job_id"]
    async with asyncio.timeout(120):
        while True:
            job = (await client.get(f"/jobs/{job_id}")).raise_for_status().json()
            if job["stages"]["transcription"]["progress"] > 0:
                break
            await asyncio.sleep(0.02)
    workers = await at_work(house)
    begun = time.perf_counter()
    (await client.post(f"/jobs/{job_id}/cancel")).raise_for_status()
    async with asyncio.timeout(30):
        while True:
            if not any(lives(worker) for worker in workers):
                return time.perf_counter() - begun
            await asyncio.sleep(0.005)


async def at_work(house: House) -> list[psutil.Process]:
    """The processes below the server that are computing now; others are kept at hand, idle."""
    before = {process: process.cpu_times().user for process in house.tree()[1:]}
    await asyncio.sleep(LOOK_SECONDS)
    found = [process for process, user in before.items() if process.cpu_times().user - user > BUSY_SECONDS]
    assert found, "nobody transcribes"
    return found


def lives(process: psutil.Process) -> bool:
    """Whether the process can still compute."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with house({}) as ours, httpx2.AsyncClient(base_url=ours.url, timeout=60) as client:
            seconds = [
                await cancelled(ours, client, await speech(Path(folder) / "talk.wav", SPEECH_SECONDS, number))
                for number in range(CANCELS)
            ]
    what = f"cancel of a transcription: until its processes are gone, worst of {CANCELS}"
    Figure(what, max(seconds), "s", LIMIT_SECONDS, ordinary="no cancel at all").show()


if __name__ == "__main__":
    asyncio.run(main())
