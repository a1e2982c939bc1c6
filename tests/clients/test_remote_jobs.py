"""Submit, wait, fetch: the same promises in process and over the network, in fair weather and foul."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import Reach
from job_service import RESULT_BYTES, JobService

from batuta import errors
from batuta.clients import BytesFile, PollPolicy, RemoteJobs, RemoteState, ServiceClient, deadline
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import Dropped, FaultTransport, Lost, Refused, Status, Truncated, script

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

FAIR: list[Any] = []
FOUL: list[Any] = [Refused(), Dropped(), Lost(), Status(503), Truncated(5), Status(429, {"Retry-After": "1"})]


@pytest.fixture(params=[FAIR, FOUL], ids=["fair", "foul"])
async def jobs(request: pytest.FixtureRequest, reach: Reach, clock: VirtualClock) -> RemoteJobs:
    """Every second request or so meets with something, but never four times in a row."""
    url, inner = reach
    plan = [
        fault for pair in zip(request.param, request.param, strict=True) for fault in (*pair, *[None] * 2)
    ]
    transport = FaultTransport(inner, script(*[fault or Status(502) for fault in plan]), clock)
    client = ServiceClient("transcriber", url, transport, clock=clock, jitter=lambda: 0.0)
    return RemoteJobs(client, PollPolicy(max_attempts=30))


@pytest.fixture
def fair_jobs(reach: Reach, clock: VirtualClock) -> RemoteJobs:
    url, transport = reach
    return RemoteJobs(ServiceClient("transcriber", url, transport, clock=clock), PollPolicy(max_attempts=30))
