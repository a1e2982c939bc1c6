"""Services that give something new for every new order, and the same again for an order they know."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route


def changing_service() -> Starlette:
    """A service that numbers its orders and makes its file of the number; `DELETE` makes it forget one."""
    numbers: dict[str, int] = {}
    given = 0

    async def submit(request: Request) -> Response:
        nonlocal given
        await request.body()
        job_id = request.headers["idempotency-key"][:32]
        if job_id not in numbers:
            given += 1
            numbers[job_id] = given
        return JSONResponse({"id": job_id, "status": "queued"}, 202)

    async def show(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        known = {"id": job_id, "status": "completed", "progress": 100, "filename": "made.bin"}
        return JSONResponse(known) if job_id in numbers else JSONResponse({}, 404)

    async def download(request: Request) -> Response:
        return Response(f"file {numbers[request.path_params['job_id']]}".encode())

    async def transcription(request: Request) -> Response:
        text = f"Number {numbers[request.path_params['job_id']]}."
        document = {"language_detected": "en", "duration": 1.5, "full_text": text}
        segments = [{"id": 0, "start": 0.0, "end": 1.5, "text": text}]
        return Response(json.dumps({**document, "segments": segments}))

    async def forget(request: Request) -> Response:
        numbers.pop(request.path_params["job_id"], None)
        return Response(status_code=204)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    return Starlette(
        routes=[
            Route("/jobs", submit, methods=["POST"]),
            Route("/jobs/{job_id}", show),
            Route("/jobs/{job_id}", forget, methods=["DELETE"]),
            Route("/jobs/{job_id}/download", download),
            Route("/jobs/{job_id}/transcription", transcription),
            Route("/health", health),
        ]
    )


def changing_services_app() -> Starlette:
    """The three services of captions, side by side."""
    names = ("downloader", "normalizer", "transcriber")
    return Starlette(routes=[Mount(f"/{name}", changing_service()) for name in names])
