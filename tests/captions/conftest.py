"""A captions server whose three services are plain instant ones; it stands for all tests of a module.

Before each test it has forgotten everything (`Admin.factory_reset`): a tenth of what building takes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx2
import pytest
from captions_standing import Standing
from doors_stage import Orders
from fastapi import FastAPI

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving
from batuta.testing.stubs import instant_services


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they can share a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def stubs() -> AsyncGenerator[str]:
    """The base URL of three services that finish at once."""
    async with serving(instant_services()) as url:
        yield url


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, stubs: str) -> Settings:
    """Settings that name the instant services, without limits on how often may be asked."""
    return Settings(
        batuta_data=tmp_path_factory.mktemp("captions"),
        video_downloader_url=f"{stubs}/downloader",
        audio_normalization_url=f"{stubs}/normalizer",
        audio_transcriber_url=f"{stubs}/transcriber",
        rate_limit_per_minute=0,
        rate_limit_submits_per_minute=0,
    )


@pytest.fixture(scope="module")
async def standing(settings: Settings) -> AsyncGenerator[Standing]:
    """Captions alone, under the seed's own paths."""
    app = orchestrator_app("captions", settings)
    async with serving(app) as url:
        yield Standing(app, url)


@pytest.fixture
async def app(standing: Standing) -> FastAPI:
    """The running server, as new."""
    await standing.forget()
    return standing.app


@pytest.fixture
async def client(standing: Standing, app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of it."""
    del app
    async with httpx2.AsyncClient(base_url=standing.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def all_orders() -> Orders:
    """What a transcriber is told that stands for all tests of a module."""
    return Orders()


@pytest.fixture
def orders(all_orders: Orders) -> Orders:
    """It answers at once."""
    all_orders.renew()
    return all_orders
