"""Killed at any moment, or beside other processes, the caches have on the disk what was saved, whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from albums_parts import caches

KILLS = 30
SAVES = 60
PROGRAM = Path(__file__).parent / "albums_kills.py"
WRITER = Path(__file__).parent / "albums_writer.py"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_nothing_that_was_saved_is_lost_however_often_it_is_killed(tmp_path: Path) -> None:
    """Thirty times kill -9 at random moments; the benchmark does it a thousand times."""
    command = [sys.executable, str(PROGRAM), str(tmp_path), str(KILLS), "1"]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=110).stdout)
    assert (found["kills"], found["lost"]) == (KILLS, 0)
    assert found["saves"] > 0


@pytest.mark.anyio
@pytest.mark.timeout(120)
async def test_processes_that_save_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Three that begin with no file there, and save as often as they can."""
    names = ("one", "two", "three")
    running = [
        subprocess.Popen([sys.executable, str(WRITER), str(tmp_path), name, str(SAVES)])  # noqa: ASYNC220  # nothing else runs here
        for name in names
    ]
    assert [process.wait(timeout=100) for process in running] == [0, 0, 0]
    async with caches(tmp_path) as later:
        found = {(entry.artist, entry.album) for entry in later.album_years_cache.values()}
        assert found == {(name, str(number)) for name in names for number in range(SAVES)}
        assert len(later.cache) == len(names) * SAVES
