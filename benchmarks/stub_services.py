"""Services that finish at once and swallow what they are sent, in a process of their own.

`python -m benchmarks.stub_services PORT SEGMENTS MEGABYTES`: the transcription has so many segments, and what
the downloader and the normalizer give back is so large and different for each job. Nothing is kept.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from benchmarks.programs import free_port, program

MEGABYTE = bytes(1024 * 1024)


def transcription(segments: int) -> dict[str, object]:
    """So many segments of 3 s, of as many words as people say in them."""
    text = "it was the age of wisdom, it was the age of foolishness."
    found = [
        {
            "id": number,
            "start": 3.0 * number,
            "end": 3.0 * number + 2.8,
            "text": f"In sentence {number} {text}",
        }
        for number in range(segments)
    ]
    full_text = " ".join(str(segment["text"]) for segment in found)
    return {"full_text": full_text, "language_detected": "en", "duration": 3.0 * segments, "segments": found}


def swallowing_service(document: dict[str, object], megabytes: int) -> Starlette:
    """A service of the job protocol, as plain as can be: no `wait`, no references, no engine version."""
    accepted: set[str] = set()
    numbers = count()

    async def submit(request: Request) -> Response:
        async for _ in request.stream():
            pass
        job_id = request.headers.get("idempotency-key", f"job-{next(numbers)}")[:32]
        accepted.add(job_id)
        return JSONResponse({"id": job_id, "status": "queued"}, 202)

    async def show(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        if job_id not in accepted:
            return JSONResponse({"detail": "unknown job"}, 404)
        return JSONResponse({"id": job_id, "status": "completed", "progress": 100, "filename": "made.bin"})

    async def download(request: Request) -> Response:
        async def parts() -> AsyncGenerator[bytes]:
            yield request.path_params["job_id"].encode()
            for _ in range(megabytes):
                yield MEGABYTE

        return StreamingResponse(parts(), media_type="application/octet-stream")

    async def shown(_: Request) -> Response:
        return JSONResponse(document)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    return Starlette(
        routes=[
            Route("/jobs", submit, methods=["POST"]),
            Route("/jobs/{job_id}", show),
            Route("/jobs/{job_id}/download", download),
            Route("/jobs/{job_id}/transcription", shown),
            Route("/health", health),
        ]
    )


@asynccontextmanager
async def stub_services(segments: int = 1, megabytes: int = 0) -> AsyncGenerator[dict[str, str]]:
    """The three of them, as the environment variables that name them."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "benchmarks.stub_services", str(port), str(segments), str(megabytes)]
    async with program(arguments, {}, f"{url}/downloader/health"):
        yield {
            "VIDEO_DOWNLOADER_URL": f"{url}/downloader",
            "AUDIO_NORMALIZATION_URL": f"{url}/normalizer",
            "AUDIO_TRANSCRIBER_URL": f"{url}/transcriber",
        }


if __name__ == "__main__":
    document = transcription(int(sys.argv[2]))
    services = [
        Mount(f"/{name}", swallowing_service(document, int(sys.argv[3])))
        for name in ("downloader", "normalizer", "transcriber")
    ]
    uvicorn.run(Starlette(routes=services), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
