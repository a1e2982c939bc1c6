"""Houses to be treated badly: one with instant services, one with real engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from hostile_house import MAX_UPLOAD_BYTES, House, open_house
from hostile_site import SITE_ADDRESS, Site, Trap, site_served, trap_set

from batuta.testing.servers import serving
from batuta.testing.stubs import instant_services


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they can share a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A house whose three services finish at once: what is not refused is soon done."""
    async with (
        serving(instant_services()) as stubs,
        open_house(
            tmp_path_factory.mktemp("house"),
            video_downloader_url=f"{stubs}/downloader",
            audio_normalization_url=f"{stubs}/normalizer",
            audio_transcriber_url=f"{stubs}/transcriber",
            max_upload_bytes=MAX_UPLOAD_BYTES,
        ) as found,
    ):
        yield found


@pytest.fixture(scope="module")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A house with the real engines in their processes, that may download from the site and no further."""
    folder: Path = tmp_path_factory.mktemp("engines")
    async with open_house(
        folder,
        whisper_model="tiny.en",
        max_upload_bytes=MAX_UPLOAD_BYTES,
        http_max_retries=0,
        batuta_url_allow=SITE_ADDRESS,
    ) as found:
        yield found


@pytest.fixture(scope="module")
def site() -> Generator[Site]:
    """A web site that people may point us to."""
    with site_served() as found:
        yield found


@pytest.fixture(scope="module")
def trap() -> Generator[Trap]:
    """What nobody may reach through us."""
    with trap_set() as found:
        yield found
