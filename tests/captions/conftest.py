"""A captions server whose three services are plain instant ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
from changing import changing_services_app
from fastapi import FastAPI

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving
from batuta.testing.stubs import instant_services


@pytest.fixture
async def stubs() -> AsyncGenerator[str]:
    """The base URL of three services that finish at once."""
    async with serving(instant_services()) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, stubs: str) -> Settings:
    """Settings that name the instant services."""
    return Settings(
        batuta_data=tmp_path,
        video_downloader_url=f"{stubs}/downloader",
        audio_normalization_url=f"{stubs}/normalizer",
        audio_transcriber_url=f"{stubs}/transcriber",
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Captions alone, under the seed's own paths."""
    return orchestrator_app("captions", settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of the running server."""
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
async def changing_services() -> AsyncGenerator[str]:
    """The base URL of three services whose results differ from order to order, as real ones' do."""
    async with serving(changing_services_app()) as url:
        yield url
