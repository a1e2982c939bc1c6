"""What goes on failing is said once, and tried less and less often."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from albums_parts import caches

from batuta.albums import periodic
from batuta.albums.lines import Lines
from batuta.albums.periodic import Periodic
from batuta.errors import StorageError

pytestmark = pytest.mark.anyio


async def test_a_failure_that_stays_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback; another one is a line, and its end is a line."""
    pauses: list[float] = []
    ends = iter([StorageError("full")] * 7 + [StorageError("gone")] * 2 + [None, StorageError("full")])
    over = asyncio.Event()

    async def work() -> None:
        end = next(ends, over)
        if end is over:
            over.set()
        if isinstance(end, Exception):
            raise end

    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(periodic.asyncio, "sleep", pause)
    caplog.set_level(logging.INFO)
    task = Periodic("saving", 5, work, Lines(None, __name__))
    task.start()
    async with asyncio.timeout(5):
        await over.wait()
    await task.stop()
    assert pauses[:11] == [5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 5]
    assert caplog.text.count("Traceback") == 2
    assert [record.message.splitlines()[0] for record in caplog.records] == [
        "saving failed; it is tried again and again: full",
        "saving still fails: StorageError: gone",
        "saving works again",
        "saving failed; it is tried again and again: full",
        "saving works again",
    ]


async def test_a_failed_autosave_is_one_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It names the three caches; who saves by hand is told and reads it in the log as well."""
    (tmp_path / "data").mkdir()
    async with caches(tmp_path / "data") as one:
        (tmp_path / "data" / "cache").rename(tmp_path / "away")
        (tmp_path / "data" / "cache").write_text("not a folder", encoding="utf-8")
        await one.store_album_year("a", "b", "1990")
        caplog.clear()
        with pytest.raises(RuntimeError, match="AlbumCacheService"):
            await one._save()
        assert not caplog.records
        with pytest.raises(RuntimeError, match="AlbumCacheService"):
            await one.save_cache()
        assert len(caplog.records) == 1
        (tmp_path / "data" / "cache").unlink()
        (tmp_path / "away").rename(tmp_path / "data" / "cache")
