"""Databases of both kinds, empty."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from batuta.storage.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """An empty database with our tables, once of each kind."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    opened = Database.opened(tmp_path, url)
    await opened.create_tables()
    yield opened
    await opened.aclose()
