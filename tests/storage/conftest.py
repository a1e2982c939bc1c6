"""An empty store of every kind, and a check that nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore
from shelves import Shelf

from batuta.storage.artefacts import ObjectArtefacts


@pytest.fixture(autouse=True)
async def _nothing_left_running(anyio_backend: str) -> AsyncIterator[None]:
    del anyio_backend
    before = asyncio.all_tasks()
    yield
    for _ in range(3):  # a task that is about to end may need a turn of the loop or two
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not [task for task in left if not task.get_coro().__qualname__.startswith("TestRunner.")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a store in a folder keeps its files; its name needs care in URLs."""
    return tmp_path / "Mídia #1 100%20? x=y"


@pytest.fixture
def in_folder(folder: Path) -> Shelf:
    """A store in a folder."""
    return Shelf(ObjectArtefacts.in_folder(folder), LocalStore(prefix=folder, mkdir=True))


@pytest.fixture(params=["in a folder", "in memory"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """A store of each kind."""
    if request.param == "in a folder":
        return request.getfixturevalue("in_folder")
    memory = MemoryStore()
    return Shelf(ObjectArtefacts(memory), memory)
