"""The seed implemented as people do it: the peer that Batuta is measured beside.

FastAPI; a job is a background task of the web process and one JSON document; a new HTTP client for every
call; a poll every 3 s; whole files in memory. The documents lie in a dict, where people use Redis: that is in
its favour, as are the retries and health checks of the seed that are left out where they cost time only.
`python -m benchmarks.naive_captions PORT` serves it; the services are named by the seed's variables.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import uuid
from typing import Any

import httpx2
import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException, UploadFile
from pydantic import BaseModel, Field

POLL_INTERVAL = 3.0
MAX_POLL_ATTEMPTS = 600
SERVICES = ("VIDEO_DOWNLOADER_URL", "AUDIO_NORMALIZATION_URL", "AUDIO_TRANSCRIBER_URL")
DONE = {"completed", "failed"}


class Stage(BaseModel):
    status: str = "pending"
    job_id: str | None = None
    progress: float = 0.0
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None


class Segment(BaseModel):
    text: str
    start: float
    end: float
    duration: float


class Job(BaseModel):
    job_id: str = Field(default_factory=lambda: uuid.uuid4().hex[:16])
    youtube_url: str | None
    status: str = "queued"
    overall_progress: float = 0.0
    created_at: dt.datetime = Field(default_factory=dt.datetime.now)
    updated_at: dt.datetime = Field(default_factory=dt.datetime.now)
    completed_at: dt.datetime | None = None
    stages: dict[str, Stage] = Field(
        default_factory=lambda: {name: Stage() for name in ("download", "normalization", "transcription")}
    )
    transcription_text: str | None = None
    transcription_segments: list[Segment] | None = None
    error_message: str | None = None


class Line(BaseModel):
    job_id: str
    youtube_url: str | None
    status: str
    progress: float
    created_at: dt.datetime
    updated_at: dt.datetime


class Listing(BaseModel):
    total: int
    jobs: list[Line]


class Pipeline(BaseModel):
    youtube_url: str


documents: dict[str, str] = {}
app = FastAPI()


def save(job: Job) -> None:
    job.updated_at = dt.datetime.now()  # noqa: DTZ005  # the seed's times have no zone
    documents[job.job_id] = job.model_dump_json()


async def call(method: str, url: str, **arguments: Any) -> httpx2.Response:  # noqa: ANN401
    async with httpx2.AsyncClient(timeout=300) as client:
        return (await client.request(method, url, **arguments)).raise_for_status()


async def until_done(job: Job, stage: Stage, url: str) -> None:
    for _ in range(MAX_POLL_ATTEMPTS):
        status = (await call("GET", f"{url}/jobs/{stage.job_id}")).json()
        if status["status"] == "completed":
            stage.status, stage.progress, stage.completed_at = "completed", 100.0, dt.datetime.now()  # noqa: DTZ005
            save(job)
            return
        if status["status"] == "failed":
            raise RuntimeError("the stage failed")
        stage.progress = status.get("progress", 0)
        save(job)
        await asyncio.sleep(POLL_INTERVAL)
    raise TimeoutError


async def one_stage(job: Job, name: str, word: str, service: str, **order: Any) -> str:  # noqa: ANN401
    """Submit, and wait; gives the address of the service's job."""
    stage, url = job.stages[name], os.environ[service]
    job.status, stage.status, stage.started_at = word, "processing", dt.datetime.now()  # noqa: DTZ005
    save(job)
    stage.job_id = (await call("POST", f"{url}/jobs", **order)).json()["id"]
    save(job)
    await until_done(job, stage, url)
    return f"{url}/jobs/{stage.job_id}"


async def execute(job: Job, media: bytes | None = None) -> None:
    try:
        for service in SERVICES:
            await call("GET", f"{os.environ[service]}/health")
        if media is None:
            order = {"url": job.youtube_url, "quality": "audio"}
            made = await one_stage(job, "download", "downloading", SERVICES[0], json=order)
            media = (await call("GET", f"{made}/download")).content
        made = await one_stage(job, "normalization", "normalizing", SERVICES[1], files={"file": media})
        audio = (await call("GET", f"{made}/download")).content
        made = await one_stage(job, "transcription", "transcribing", SERVICES[2], files={"file": audio})
        found = (await call("GET", f"{made}/transcription")).json()
        job.transcription_text = found["full_text"]
        job.transcription_segments = [
            Segment(text=s["text"], start=s["start"], end=s["end"], duration=s["end"] - s["start"])
            for s in found["segments"]
        ]
        job.status, job.overall_progress, job.completed_at = "completed", 100.0, dt.datetime.now()  # noqa: DTZ005
    except Exception as error:  # noqa: BLE001  # as people do
        job.status, job.error_message = "failed", str(error)
    save(job)


@app.post("/pipeline", status_code=202)
async def start(body: Pipeline, tasks: BackgroundTasks) -> Job:
    job = Job(youtube_url=body.youtube_url)
    save(job)
    tasks.add_task(execute, job)
    return job


@app.post("/pipeline/upload", status_code=202)
async def upload(file: UploadFile, tasks: BackgroundTasks) -> Job:
    job = Job(youtube_url=None)
    save(job)
    tasks.add_task(execute, job, await file.read())
    return job


@app.get("/jobs/{job_id}")
async def show(job_id: str) -> Job:
    if job_id not in documents:
        raise HTTPException(404)
    return Job.model_validate_json(documents[job_id])


@app.get("/jobs")
async def listed(limit: int = 50) -> Listing:
    found = [Job.model_validate_json(document) for document in documents.values()]
    found.sort(key=lambda job: job.created_at, reverse=True)
    lines = [Line(**job.model_dump(), progress=job.overall_progress) for job in found[:limit]]
    return Listing(total=len(found), jobs=lines)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
