"""A browser for all tests of this process, and servers with the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from console_stage import (
    ARGUMENTS,
    CHROMIUM,
    HOSTILE,
    House,
    Visitor,
    house,
    spoken,
    tone,
    visiting,
)
from playwright.async_api import Browser, async_playwright, expect
from reading_stage import ReadingRoom, reading_room

from batuta.server import batuta_app
from batuta.settings import Settings
from batuta.testing.servers import serving


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop for the browser, the servers and all tests of this process."""
    return "asyncio"


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """Chromium."""
    del anyio_backend
    expect.set_options(timeout=15_000)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(scope="module")
async def settled(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server for a module that only looks: it has jobs of every kind, and hostile ones among them.

    A process has one engine, so such a module can have no other server.
    """
    del anyio_backend
    async with house(tmp_path_factory.mktemp("settled")) as built:
        built.director.document = spoken(*HOSTILE.values(), "y" * 10_000)
        for seconds, (name, text) in enumerate(HOSTILE.items(), 1):
            await built.uploaded(text, tone(seconds), "audio/wav", language="en")
            await built.completed(f"http://media.test/{name}", reference=text, language="en")
        built.director.document = spoken("This is sentence one.", "This is sentence two.")
        built.director.error = "<b>the engine</b> met " + "z" * 300
        failed = await built.started("http://media.test/broken.mp4", language="de")
        assert await built.ended(failed) == "failed"
        built.director.error = None
        yield built


@pytest.fixture
async def fresh(tmp_path: Path, anyio_backend: str) -> AsyncIterator[House]:
    """A server without jobs."""
    del anyio_backend
    async with house(tmp_path) as built:
        yield built


@pytest.fixture
async def visitor(browser: Browser, fresh: House) -> AsyncIterator[Visitor]:
    """Somebody before the server without jobs."""
    async with visiting(browser, fresh.url) as person:
        yield person


@pytest.fixture(scope="module")
async def room(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ReadingRoom]:
    """A server of transcripts alone, for a module that has no other."""
    del anyio_backend
    async with reading_room(tmp_path_factory.mktemp("room")) as built:
        yield built


@pytest.fixture
async def real_console(tmp_path: Path, anyio_backend: str) -> AsyncIterator[str]:
    """A server with everything embedded and the small model."""
    del anyio_backend
    async with serving(batuta_app(Settings(batuta_data=tmp_path, whisper_model="tiny.en"))) as url:
        yield url
