"""Stages done again after kill -9 of the whole server group, in each stage of a real job, and a restart."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx2

from benchmarks.figures import Figure
from benchmarks.programs import House, start_house
from benchmarks.speech_files import speech

MOMENTS = ("queued", "normalizing", "transcribing", "transcribing")
SPEECH_SECONDS = 40
PAUSE_SECONDS = 0.3
"""From the moment to the kill, so that the stage is under way."""


async def submitted(house: House, file: Path) -> str:
    async with httpx2.AsyncClient(base_url=house.url, timeout=60) as client:
        with file.open("rb") as opened:
            files = {"file": ("talk.wav", opened, "audio/wav")}
            response = await client.post("/pipeline/upload", files=files)
    job_id: str = response.raise_for_status().json()["job_id"]
    return job_id


async def reached(house: House, job_id: str, words: set[str]) -> str:
    """The job's status, once it is one of these."""
    async with httpx2.AsyncClient(base_url=house.url, timeout=60) as client, asyncio.timeout(120):
        while True:
            job = (await client.get(f"/jobs/{job_id}")).raise_for_status().json()
            assert job["status"] != "failed", job
            if job["status"] in words:
                return str(job["status"])
            await asyncio.sleep(0.02)


def repeated(folder: Path) -> int:
    """Executions of work that had been finished before, by the stage journal."""
    query = "select key from stage_executions where finished_at is not null"
    with closing(sqlite3.connect(folder / "batuta.sqlite")) as connection:
        finished = Counter(key for (key,) in connection.execute(query))
    assert finished, "the journal is empty"
    return sum(times - 1 for times in finished.values())


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as name:
        folder = Path(name)
        file = await speech(folder / "talk.wav", SPEECH_SECONDS)
        running = await start_house(folder / "data", {})
        kills = 0
        try:
            job_id = await submitted(running, file)
            for moment in MOMENTS:
                if await reached(running, job_id, {moment, "transcribing", "completed"}) == "completed":
                    break
                await asyncio.sleep(PAUSE_SECONDS)
                running.kill()
                kills += 1
                running = await start_house(folder / "data", {})
            await reached(running, job_id, {"completed"})
        finally:
            running.kill()
        what = f"finished stages done again after {kills} times kill -9 during one job, which then completed"
        Figure(what, repeated(folder / "data"), "stages", 0, ordinary="the job is lost").show()


if __name__ == "__main__":
    asyncio.run(main())
