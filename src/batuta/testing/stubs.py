"""Services that finish at once: the plainest thing that speaks the job protocol, for tests and benchmarks.

They know no `wait`, no references and no engine version, as a service written by somebody else might. Run as
`python -m batuta.testing.stubs PORT` they serve on loopback; the three of captions lie under `/downloader`,
`/normalizer` and `/transcriber`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

TRANSCRIPTION: Final = {
    "full_text": "Hello there.",
    "language_detected": "en",
    "duration": 1.5,
    "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": "Hello there."}],
}


def instant_service(document: Mapping[str, object] | None = None, media: bytes = b"media") -> Starlette:
    """A service whose every job is completed as soon as it is accepted; it gives `media` and `document`."""
    accepted: dict[str, int] = {}

    async def submit(request: Request) -> Response:
        await request.body()
        job_id = request.headers.get("idempotency-key", f"job-{len(accepted)}")[:32]
        accepted[job_id] = accepted.get(job_id, 0) + 1
        return JSONResponse({"id": job_id, "status": "queued"}, 202)

    async def show(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        if job_id not in accepted:
            return JSONResponse({"detail": "unknown job"}, 404)
        return JSONResponse({"id": job_id, "status": "completed", "progress": 100, "filename": "made.bin"})

    async def download(_: Request) -> Response:
        return Response(media, media_type="application/octet-stream")

    async def transcription(_: Request) -> Response:
        return JSONResponse(document)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    return Starlette(
        routes=[
            Route("/jobs", submit, methods=["POST"]),
            Route("/jobs/{job_id}", show),
            Route("/jobs/{job_id}/download", download),
            Route("/jobs/{job_id}/transcription", transcription),
            Route("/health", health),
        ]
    )


def instant_services() -> Starlette:
    """The three services of captions, side by side."""
    return Starlette(
        routes=[
            Mount("/downloader", instant_service()),
            Mount("/normalizer", instant_service()),
            Mount("/transcriber", instant_service(TRANSCRIPTION)),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(instant_services(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
