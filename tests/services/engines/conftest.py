"""Speech weights and a real recording, pulled once if they are not there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from website import Site, serving

from batuta.settings import Settings
from batuta.weights import Weights

PullWeights = Callable[[str], Path]


@pytest.fixture(scope="session")
def weights() -> PullWeights:
    """The folder of a set of weights by its name."""
    source = Weights.from_settings(Settings())
    return lambda name: asyncio.run(source.ensure(name))


@pytest.fixture(scope="session")
def two_cities(weights: PullWeights) -> Path:
    """44 s of a man reading the first sentence of A Tale of Two Cities."""
    return weights("speech-two-cities") / "two_cities.wav"


@pytest.fixture
def site() -> Iterator[Site]:
    """A running web server that says nothing yet."""
    with serving() as found:
        yield found
