"""A recipe run as a program: a process of its own, so that its memory and its time are not the server's."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from batuta.weights.sources import SourceFailed, Stream

T = TypeVar("T")

_CHUNK: Final = 1024**2
_LAST_WORDS: Final = 300


@asynccontextmanager
async def converted(recipe: str, inputs: Sequence[Path], limit: timedelta) -> AsyncGenerator[Stream]:
    """What the module `recipe` writes when it is run on these files; no process is left behind.

    The chunks end with `SourceFailed` when the recipe fails, or does not finish within `limit`.
    """
    process = await asyncio.create_subprocess_exec(
        # -P: a folder called batuta where Batuta was started is not Batuta.
        *(sys.executable, "-P", "-m", recipe, *map(str, inputs)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    # Listened to all the while: a recipe that complains much must not wait for us.
    complaints = asyncio.ensure_future(cast("asyncio.StreamReader", process.stderr).read())
    try:
        async with aclosing(_output(process, recipe, complaints, limit)) as chunks:
            yield Stream(0, chunks)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        await asyncio.wait({complaints})


async def _output(
    process: Process, recipe: str, complaints: asyncio.Future[bytes], limit: timedelta
) -> AsyncGenerator[bytes]:
    output = cast("asyncio.StreamReader", process.stdout)  # it was asked for
    ends_at = asyncio.get_running_loop().time() + limit.total_seconds()
    try:
        while chunk := await _before(ends_at, output.read(_CHUNK)):
            yield chunk
        code = await _before(ends_at, process.wait())
    except TimeoutError:
        raise SourceFailed(f"{recipe} did not finish within {limit}") from None
    if code:
        raise SourceFailed(f"{recipe} failed: {_last_line(await complaints) or f'it ended with {code}'}")


async def _before(ends_at: float, awaited: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout_at(ends_at):
        return await awaited


def _last_line(complaints: bytes) -> str:
    lines = complaints.decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:_LAST_WORDS] if lines else ""
