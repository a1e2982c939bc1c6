"""The media service with its real engines, in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from media_house import Media

from batuta.clients import AppTransport
from batuta.services.kinds import staff
from batuta.services.vision.app import vision_app
from batuta.services.vision.vision import open_vision
from batuta.settings import Settings
from batuta.storage.artefacts import ObjectArtefacts
from batuta.storage.database import Database
from batuta.weights import Weights

MAX_UPLOAD_BYTES = 2_000_000


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they share the engines."""
    return "asyncio"


@pytest.fixture(scope="module")
async def media(
    anyio_backend: str, weights: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Media]:
    """The service over HTTP, its transcriber the embedded one as the house has it."""
    del anyio_backend, weights
    folder = tmp_path_factory.mktemp("media")
    settings = Settings(batuta_data=folder, whisper_model="tiny.en")
    async with AsyncExitStack() as stack:
        database = Database.of_settings(settings)
        stack.push_async_callback(database.aclose)
        await database.create_tables()
        artefacts = ObjectArtefacts.in_folder(settings.artefacts_folder)
        team = staff(settings, database, artefacts, stack, "")
        opened = open_vision(
            Weights.from_settings(settings), team.workers["audio-transcriber"], artefacts, folder / "media"
        )
        vision = await stack.enter_async_context(opened)
        app = vision_app(vision, max_upload_bytes=MAX_UPLOAD_BYTES)
        transport = AppTransport(app)
        stack.push_async_callback(transport.aclose)
        yield Media(vision, app, transport, folder / "media")
