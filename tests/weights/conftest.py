"""A toy catalogue, and the places its files come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from file_server import FileServer, serving
from toys import MakeWeights, published
from wheelhouse import Wheelhouse

from batuta.weights import Limits, WeightFile, Weights, WeightSet


@pytest.fixture
def server() -> Iterator[FileServer]:
    """A hub or mirror on the loopback."""
    with serving() as play:
        yield play


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The folder weights are kept in; it does not exist yet."""
    return tmp_path / "models"


@pytest.fixture
def part(models: Path) -> Path:
    """Where an interrupted pull of the one published file keeps what it has."""
    return models / ".incoming" / "toy" / f"{published().sha256}.part"


@pytest.fixture
def make_weights(models: Path) -> MakeWeights:
    """Weights with one set, `toy`, of the given files, and limits short enough to be reached."""

    def make(*files: WeightFile, mirror: str | None = None, **limits: timedelta) -> Weights:
        toy = WeightSet("toy", "a test", "CC0-1.0", "here", files)
        return Weights(
            models,
            mirror,
            catalog={"toy": toy},
            limits=Limits(**{"silence": timedelta(seconds=0.2), **limits}),
        )

    return make


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    """The only place pip looks for packages, and it looks there without any network."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Wheelhouse(folder)
