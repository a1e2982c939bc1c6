"""One server of shopping with the demo catalogue for a module; each test has its own conversations."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from shopping_stage import ShopServer, shop_server


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they can share a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncGenerator[ShopServer]:
    """Shopping alone, under the seed's own paths."""
    del anyio_backend
    async with shop_server(tmp_path_factory.mktemp("shop")) as server:
        yield server


@pytest.fixture
def session_id(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return name[-100:]
