"""Several pulls of one set at once: one of them works, the others wait for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, published, wait_for_size

pytestmark = pytest.mark.anyio

PULLER = Path(__file__).with_name("puller.py")


async def test_two_tasks_fetch_a_file_once(server: FileServer, make_weights: MakeWeights) -> None:
    """The second finds what the first has landed."""
    file = published()
    server.files = {file.sha256: CONTENT}
    weights = make_weights(file, mirror=server.url)
    first, second = await asyncio.gather(weights.ensure("toy"), weights.ensure("toy"))
    assert first == second
    assert server.paths() == [file.sha256]


async def test_two_processes_fetch_a_file_once(server: FileServer, models: Path) -> None:
    """They share nothing but the folder, and end up with one right file in it."""
    file = published()
    server.files = {file.sha256: CONTENT}
    command = [sys.executable, str(PULLER), str(models), server.url, file.sha256, str(file.size)]
    with subprocess.Popen(command) as one, subprocess.Popen(command) as other:  # noqa: ASYNC220
        assert (one.wait(30), other.wait(30)) == (0, 0)
    assert (models / "toy" / "model.bin").read_bytes() == CONTENT
    assert server.paths() == [file.sha256]
    assert not (models / ".incoming" / "toy").exists()


async def test_a_cancelled_pull_gives_the_lock_and_the_bytes_to_the_next(
    server: FileServer, make_weights: MakeWeights, part: Path
) -> None:
    """Cancelling leaves a part that the next pull continues at once."""
    file = published()
    server.files = {file.sha256: CONTENT}
    server.stall_at = {file.sha256: 100_000}
    weights = make_weights(file, mirror=server.url, silence=timedelta(seconds=30))
    pull = asyncio.create_task(weights.ensure("toy"))
    await asyncio.to_thread(wait_for_size, part, 100_000)
    pull.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pull
    server.stall_at.clear()
    folder = await weights.ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.asked[-1] == (file.sha256, "bytes=100000-")
