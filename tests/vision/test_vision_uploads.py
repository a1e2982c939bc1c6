"""Files sent ahead, where the folder is full or the sender leaves."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from batuta.errors import InvalidRequest, NotFound, PayloadTooLarge, ServiceUnavailable
from batuta.services.vision.uploads import Uploads
from batuta.storage.artefacts import once

pytestmark = pytest.mark.anyio


async def leaving() -> AsyncGenerator[bytes]:
    yield b"half"
    raise InvalidRequest("the caller left")


async def test_what_breaks_off_or_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    """Not even a name."""
    uploads = Uploads(tmp_path)
    with pytest.raises(InvalidRequest):
        await uploads.keep(leaving(), 100)
    with pytest.raises(PayloadTooLarge):
        await uploads.keep(once(b"x" * 101), 100)
    assert list(tmp_path.iterdir()) == []


async def test_the_folder_never_overflows(tmp_path: Path) -> None:
    """One that might not fit is refused before it is read; what is forgotten makes room."""
    uploads = Uploads(tmp_path, most_bytes=250)
    first = await uploads.keep(once(b"a" * 100), 100)
    await uploads.keep(once(b"b" * 100), 100)
    with pytest.raises(ServiceUnavailable) as full:
        await uploads.keep(once(b"c"), 100)
    assert full.value.retry_after
    assert await uploads.read(first.id) == b"a" * 100
    await uploads.forget(first.id)
    with pytest.raises(NotFound):
        await uploads.read(first.id)
    assert (await uploads.keep(once(b"c"), 100)).head == b"c"
