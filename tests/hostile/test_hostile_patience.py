"""What would never end is ended: the job says so, and its engine is dead and not merely forgotten."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hostile_house import open_house
from hostile_site import SITE_ADDRESS, Page, Site

from offspring import children, seconds_used

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LIMIT_SECONDS = 4.0


def busy_engines() -> list[int]:
    """Our worker processes that use a processor just now."""
    ours = children()
    before = {child.pid: seconds for child in ours if (seconds := seconds_used(child)) is not None}
    time.sleep(0.2)  # a rate needs two readings
    return [
        child.pid
        for child in ours
        if (seconds := seconds_used(child)) is not None and seconds - before.get(child.pid, seconds) > 0.05
    ]


async def test_a_page_that_takes_for_ever_to_understand_is_given_up(tmp_path: Path, site: Site) -> None:
    """800 kB in which every pattern finds a beginning and none an end; the job's time is the limit."""
    url = site.at("endless", Page(b"<!DOCTYPE html><html>" + b"<video " * 100_000))
    async with open_house(
        tmp_path,
        batuta_url_allow=SITE_ADDRESS,
        http_max_retries=0,
        job_timeout_minutes=LIMIT_SECONDS / 60,
    ) as house:
        started = (await house.client.post("/pipeline", json={"youtube_url": url})).json()
        async with asyncio.timeout(LIMIT_SECONDS + 10):
            job = (await house.client.get(f"/jobs/{started['job_id']}/wait")).json()
        assert job["status"] == "failed"
        assert job["error"]["code"] in {"deadline_exceeded", "service_unavailable"}
        async with asyncio.timeout(4):  # two seconds to die, and two to be seen dead
            while await asyncio.to_thread(busy_engines):
                pass
        await house.assert_well()
