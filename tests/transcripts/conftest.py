"""A YouTube on loopback, and the fetcher that asks it through the real library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from loopback_youtube import LoopbackYouTube

from batuta.testing.clock import VirtualClock
from batuta.transcripts.browser import Limits
from batuta.transcripts.pacing import Pace
from batuta.transcripts.youtube import YouTube

UNHURRIED = Limits(connect=2, read=5, whole=10)


@pytest.fixture
def loopback() -> Iterator[LoopbackYouTube]:
    with LoopbackYouTube().running() as server:
        yield server


@pytest.fixture
async def youtube(loopback: LoopbackYouTube) -> AsyncIterator[YouTube]:
    pace = Pace(per_second=1e6)
    found = YouTube(threads=4, origin=loopback.url, pace=pace, limits=UNHURRIED, clock=VirtualClock())
    yield found
    loopback.release()
    await found.aclose()
