"""Artefacts in a folder: durable when `put` returns, in little memory, tidy after a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil
import pytest
from shelves import MEGABYTE, Shelf, chunks, reference

from batuta.errors import StorageError
from batuta.storage.artefacts import ABANDONED_SECONDS, Artefact, ObjectArtefacts

pytestmark = pytest.mark.anyio

PUTTER = """
import asyncio, sys
from pathlib import Path
from batuta.storage.artefacts import ObjectArtefacts

async def endless():
    for _ in range(5):
        yield b"x" * 1024 * 1024
    print("half way", flush=True)
    await asyncio.Event().wait()

asyncio.run(ObjectArtefacts.in_folder(Path(sys.argv[1])).put(endless(), "audio/wav"))
"""


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[tuple[str, bool]]:
    """Every fsync: of what, below the folder, and whether the artefact had its lasting name by then."""
    found: list[tuple[str, bool]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        renamed = any(file.is_file() for file in (folder / "sha256").rglob("*"))
        found.append((str(path.relative_to(folder)), renamed))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


async def test_an_artefact_is_on_the_disk_when_put_returns(
    in_folder: Shelf, synced: list[tuple[str, bool]]
) -> None:
    """The bytes are synced before they get their name, and then every folder on the way to it."""
    artefact = await in_folder.artefacts.put(chunks(b"lasting"), "text/plain")
    (first, renamed), *after = synced
    assert first.startswith("incoming/")
    assert not renamed
    assert after == [(f"sha256/{artefact.sha256[:2]}", True), ("sha256", True), (".", True)]


async def test_bytes_that_were_here_already_are_on_the_disk_too(
    in_folder: Shelf, synced: list[tuple[str, bool]]
) -> None:
    """Whoever put them first may not have come as far as syncing the folders."""
    artefact = await in_folder.artefacts.put(chunks(b"lasting"), "text/plain")
    synced.clear()
    await in_folder.artefacts.put(chunks(b"lasting"), "text/plain")
    assert synced == [(f"sha256/{artefact.sha256[:2]}", True), ("sha256", True), (".", True)]


async def test_the_file_of_an_artefact_lies_where_local_path_says(in_folder: Shelf, folder: Path) -> None:
    """Whatever characters the folder's own name has."""
    artefact = await in_folder.artefacts.put(chunks(b"here"), "text/plain")
    file = in_folder.artefacts.local_path(artefact)
    assert file == folder / "sha256" / artefact.sha256[:2] / artefact.sha256[2:]
    assert file.read_bytes() == b"here"


async def test_a_process_killed_while_it_puts_leaves_no_artefact(folder: Path) -> None:
    """What lies there is under `incoming/` only, and is removed once it is a day old."""
    command = (sys.executable, "-c", PUTTER, str(folder))
    putter = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert putter.stdout is not None
    assert await asyncio.wait_for(putter.stdout.readline(), 20) == b"half way\n"
    putter.send_signal(signal.SIGKILL)
    await putter.wait()
    left = [file for file in folder.rglob("*") if file.is_file()]
    assert left
    assert {file.parent.name for file in left} == {"incoming"}
    ObjectArtefacts.in_folder(folder)
    assert all(file.exists() for file in left)  # somebody may be writing to it
    for file in left:
        os.utime(file, (long_ago := time.time() - ABANDONED_SECONDS - 1, long_ago))
    ObjectArtefacts.in_folder(folder)
    assert not any(file.exists() for file in left)


@pytest.mark.parametrize("megabytes", [0, 15])
async def test_a_folder_that_cannot_be_written_to_is_a_storage_error(
    in_folder: Shelf, folder: Path, megabytes: int
) -> None:
    """In one line that says where."""
    (folder / "incoming").write_text("in the way")
    with pytest.raises(StorageError, match=r"could not be stored: .*incoming") as caught:
        await in_folder.artefacts.put(chunks(b"x", *[b"x" * MEGABYTE] * megabytes), "text/plain")
    assert "\n" not in str(caught.value)


async def test_a_store_that_fails_says_so_in_every_method(in_folder: Shelf, folder: Path) -> None:
    """Whatever the library below raises, it is one of our errors."""
    in_the_way = folder / "sha256" / "aa"
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file where a folder should be")
    artefact = Artefact(sha256="a" * 64, size=1)
    with pytest.raises(StorageError, match="looked for"):
        await in_folder.artefacts.has(artefact)
    with pytest.raises(StorageError, match="deleted"):
        await in_folder.artefacts.delete(artefact)
    with pytest.raises(StorageError, match="read"):
        await in_folder.bytes_of(artefact)


async def test_any_size_takes_the_same_memory(in_folder: Shelf) -> None:
    """Putting and reading four artefacts of 24 MB at once takes less than the size of one."""
    process, peak = psutil.Process(), 0

    async def source(seed: int) -> AsyncGenerator[bytes]:
        nonlocal peak
        for number in range(24):
            yield bytes([seed, number]) * (MEGABYTE // 2)
            peak = max(peak, process.memory_info().rss)

    async def read(artefact: Artefact) -> int:
        nonlocal peak
        size = 0
        async for chunk in in_folder.artefacts.read(artefact):
            size += len(chunk)
            peak = max(peak, process.memory_info().rss)
        return size

    await in_folder.artefacts.put(source(9), "audio/wav")
    before = process.memory_info().rss
    artefacts = await asyncio.gather(*(in_folder.artefacts.put(source(n), "audio/wav") for n in range(4)))
    assert await asyncio.gather(*map(read, artefacts)) == [24 * MEGABYTE] * 4
    assert (peak - before) / MEGABYTE < 24


async def test_two_programs_may_use_one_folder(in_folder: Shelf, folder: Path) -> None:
    """What one puts the other has."""
    other = ObjectArtefacts.in_folder(folder)
    artefact = await in_folder.artefacts.put(chunks(b"shared"), "text/plain")
    assert await other.has(artefact)
    assert artefact == reference(b"shared").model_copy(update={"media_type": "text/plain"})
