"""Names for the caches of tests."""

from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def cache_name() -> str:
    """A name nobody else has in this Redis."""
    return f"test-{uuid.uuid4().hex[:12]}"
