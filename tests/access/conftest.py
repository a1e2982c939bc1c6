"""Databases of both kinds, keys by a clock of ours, and a served app behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from houses import Open, small_app

from batuta.access.gate import Gate
from batuta.access.keys import Keys
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.clock import VirtualClock
from batuta.testing.servers import serving


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BATUTA_API_KEY", "DATABASE_URL", "RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_SUBMITS_PER_MINUTE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> VirtualClock:
    """Time stands still unless the test says so."""
    return VirtualClock(start=1000.0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database in a folder."""
    opened = Database.in_folder(tmp_path)
    await opened.create_tables()
    yield opened
    await opened.aclose()


@pytest.fixture
async def keys(database: Database, clock: VirtualClock) -> AsyncIterator[Keys]:
    """No keys yet."""
    found = Keys(database, now=clock.now)
    yield found
    await found.aclose()


@pytest.fixture
def opened(tmp_path: Path, keys: Keys, clock: VirtualClock) -> Open:
    """Serve the small app, as if bound to an address, and give a client of it."""

    @asynccontextmanager
    async def open_house(
        bound_to: str = "127.0.0.1",
        *,
        login_page: str | None = None,
        gate: dict[str, Any] | None = None,
        **settings: Any,
    ) -> AsyncIterator[httpx2.AsyncClient]:
        wanted = Settings(batuta_data=tmp_path, **settings)
        built = Gate(keys, wanted, bound_to=bound_to, now=clock.now, **(gate or {}))
        app = small_app(built, keys, login_page=login_page)
        async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=20) as client:
            yield client

    return open_house
