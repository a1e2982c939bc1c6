"""What several tests ask of captions over HTTP."""

from __future__ import annotations

import json

import httpx2

URL = "http://media.test/talk.mp4"


async def completed(client: httpx2.AsyncClient, **body: object) -> dict[str, object]:
    """The job at its end."""
    started = await client.post("/pipeline", json={"youtube_url": URL, **body})
    assert started.status_code == 202, started.text
    return await ended(client, started.json()["job_id"])


async def ended(client: httpx2.AsyncClient, job_id: object) -> dict[str, object]:
    """Likewise, of a job that was started before."""
    return (await client.get(f"/jobs/{job_id}/wait", params={"timeout": 20})).json()


async def told(client: httpx2.AsyncClient, job_id: object, after: int = 0) -> list[dict[str, object]]:
    """The events of a finished job as the stream tells them: `id`, `event` and the fields of its data."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    answer = await client.get(f"/jobs/{job_id}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events: list[dict[str, object]] = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            events.append({"id": fields["id"], "event": fields["event"], **json.loads(fields["data"])})
    return events
