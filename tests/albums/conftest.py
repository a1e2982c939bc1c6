"""A clock and a folder for the albums' caches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from albums_parts import START, caches

from batuta.albums import CacheOrchestrator
from batuta.testing.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
async def orchestrator(
    tmp_path: Path, clock: VirtualClock, anyio_backend: str
) -> AsyncIterator[CacheOrchestrator]:
    """Started caches in a folder of their own."""
    del anyio_backend
    async with caches(tmp_path, clock) as orchestrator:
        yield orchestrator
