"""A web server for the downloader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from website import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """A running web server that says nothing yet."""
    with serving() as found:
        yield found
