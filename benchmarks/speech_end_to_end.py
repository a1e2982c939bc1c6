"""Ten minutes of speech from upload to subtitles with the embedded services, its progress watched."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks.figures import Figure
from benchmarks.programs import house
from benchmarks.speech_files import speech

SPEECH_SECONDS = 600
LIMIT_FACTOR = 1.0
"""Ours: no slower than the speech itself. The contract sets no figure."""


async def followed(client: httpx2.AsyncClient, job_id: str) -> list[float]:
    """Every progress of the job that was seen, in order, up to its end."""
    seen: list[float] = []
    async with asyncio.timeout(300):
        while True:
            job = (await client.get(f"/jobs/{job_id}")).raise_for_status().json()
            assert job["status"] != "failed", job
            if not seen or job["overall_progress"] != seen[-1]:
                seen.append(job["overall_progress"])
            if job["status"] == "completed":
                return seen
            await asyncio.sleep(0.2)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = await speech(Path(folder) / "talk.wav", SPEECH_SECONDS)
        async with house({}) as ours, httpx2.AsyncClient(base_url=ours.url, timeout=60) as client:
            begun = time.perf_counter()
            with file.open("rb") as opened:
                files = {"file": ("talk.wav", opened, "audio/wav")}
                response = await client.post("/pipeline/upload", files=files)
            job_id = response.raise_for_status().json()["job_id"]
            seen = await followed(client, job_id)
            seconds = time.perf_counter() - begun
            subtitles = (await client.get(f"/jobs/{job_id}/subtitles.srt")).raise_for_status().text
    assert seen == sorted(seen), "progress went back"
    assert subtitles
    what = f"{SPEECH_SECONDS / 60:.0f} minutes of speech, upload to subtitles, as a share of its length"
    Figure(what, seconds / SPEECH_SECONDS, "of real time", LIMIT_FACTOR).show()
    print(f"  {seconds:.1f} s; progress was seen to move {len(seen)} times and never back")


if __name__ == "__main__":
    asyncio.run(main())
