"""Tokens never reach a log line."""

from __future__ import annotations

import logging
from pathlib import Path
from unittest.mock import AsyncMock, patch

import pytest
from albums_parts import config, track

from batuta.albums import CacheEvent, CacheEventType, CacheOrchestrator

pytestmark = pytest.mark.anyio
SECRET = "abcDEF0123456789secretvalue"  # what the source's address holds
TOLD = f"https://api.discogs.test/search?token={SECRET} failed"


async def test_no_token_is_logged_whatever_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In messages, tracebacks, keys, names, values and files, at any level."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "cache.json").write_text(f'{{"{TOLD}": 1}}', encoding="utf-8")
    one = CacheOrchestrator(config(tmp_path), logging.getLogger("caller"))
    await one.initialize()

    def fail(event: CacheEvent) -> None:
        raise ValueError(f"{event.track_id}: {TOLD}")

    one.api_service.event_manager.register_event_handler(CacheEventType.TRACK_MODIFIED, fail)
    one.set(TOLD, object())
    await one.set_cached_api_result(TOLD, TOLD, "discogs", None, metadata={"token": SECRET})
    await one.invalidate_for_track(track(artist=f"token={SECRET}"))
    with (
        patch.object(one.album_service, "save_to_disk", AsyncMock(side_effect=OSError(TOLD))),
        pytest.raises(RuntimeError),
    ):
        await one.save_all_to_disk()
    await one.save_all_to_disk()
    await one.shutdown()
    told = [f"{record.getMessage()} {record.exc_text} {record.args}" for record in caplog.records]
    assert len(told) > 5
    assert [line for line in told if SECRET in line] == []
    assert SECRET not in caplog.text
