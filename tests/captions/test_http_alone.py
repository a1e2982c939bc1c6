"""What depends on how a server was started: each of these tests starts its own."""

from __future__ import annotations

import httpx2
import pytest
from captions_calls import URL, completed, told
from pydantic import SecretStr

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio
ADMIN = {"Authorization": "Bearer operator-key"}


async def test_another_address_needs_a_key(settings: Settings) -> None:
    """A server that others can reach answers nobody without one, but for its health."""
    locked = settings.model_copy(update={"batuta_api_key": SecretStr("operator-key")})
    app = orchestrator_app("captions", locked, bound_to="0.0.0.0")
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        assert (await client.get("/jobs")).status_code == 401
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/jobs", headers=ADMIN)).status_code == 200


async def test_too_many_submissions_are_told_when_to_come_again(settings: Settings) -> None:
    """429 with Retry-After; reading goes on."""
    limited = settings.model_copy(update={"rate_limit_submits_per_minute": 3})
    async with (
        serving(orchestrator_app("captions", limited)) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as client,
    ):
        answers = [await client.post("/pipeline", json={"youtube_url": URL}) for _ in range(6)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 2
        assert int(refused[-1].headers["retry-after"]) >= 1
        assert (await client.get("/jobs")).status_code == 200


async def test_last_event_id_goes_on_after_that_event_even_after_a_restart(settings: Settings) -> None:
    """The events are stored: another process tells the same ones."""
    async with (
        serving(orchestrator_app("captions", settings)) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as client,
    ):
        job = await completed(client)
        everything = await told(client, job["job_id"])
    async with (
        serving(orchestrator_app("captions", settings)) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as client,
    ):
        assert await told(client, job["job_id"], after=3) == everything[3:]
        nothing_more = await client.get(
            f"/jobs/{job['job_id']}/events", headers={"Last-Event-ID": str(len(everything))}
        )
        assert nothing_more.status_code == 204  # an EventSource stops asking
