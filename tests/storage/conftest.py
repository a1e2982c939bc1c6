"""An empty store of every kind, and a check that nothing is left running."""

from __future__ import annotations

from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore
from shelves import Shelf

from batuta.storage.artefacts import ObjectArtefacts


@pytest.fixture(autouse=True)
def _nothing_left_running(nothing_left_running: None) -> None:
    """For all tests here."""


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
