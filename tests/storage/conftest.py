"""An empty store of every kind, and a check that nothing is left running."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore
from shelves import Shelf

from batuta.storage.artefacts import ObjectArtefacts
from batuta.testing.s3 import bucket, s3_server


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


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A real S3-speaking server's endpoint."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def in_bucket(s3: str) -> Shelf:
    """A store in a bucket."""
    store = bucket(s3, f"bucket-{uuid.uuid4().hex}")
    return Shelf(ObjectArtefacts(store), store)


@pytest.fixture(params=["in a folder", "in memory", "in a bucket"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """A store of each kind."""
    if request.param == "in a folder":
        return request.getfixturevalue("in_folder")
    if request.param == "in a bucket":
        return request.getfixturevalue("in_bucket")
    memory = MemoryStore()
    return Shelf(ObjectArtefacts(memory), memory)
