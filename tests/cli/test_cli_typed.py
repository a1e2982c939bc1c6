"""Lines typed in a terminal or coming through a pipe."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator

import pytest

from batuta.cli.typed import LONGEST_BYTES, Typed

pytestmark = pytest.mark.anyio


@pytest.fixture
def pipe() -> Generator[tuple[Typed, int]]:
    """Its end to read, as lines, and its end to write."""
    reads, writes = os.pipe()
    with os.fdopen(reads), os.fdopen(writes, "wb"):
        yield Typed(reads), writes


async def test_lines_come_one_by_one_and_the_last_needs_no_end(pipe: tuple[Typed, int]) -> None:
    """Also those that came together; what is no UTF-8 comes as what no text has."""
    typed, writes = pipe
    os.write(writes, "shoes\r\n\nüber\n".encode() + b"\xff\nlast")
    assert [await typed.line() for _ in range(4)] == ["shoes", "", "über", "\udcff"]
    waiting = asyncio.create_task(typed.line())
    os.dup2(os.open(os.devnull, os.O_WRONLY), writes)
    assert await waiting == "last"
    assert await typed.line() is None


async def test_a_line_without_end_comes_in_pieces(pipe: tuple[Typed, int]) -> None:
    """Memory has one."""
    typed, writes = pipe
    os.write(writes, b"x" * (LONGEST_BYTES - 1) + b"\n")
    assert len(await typed.line() or "") == LONGEST_BYTES - 1
    os.write(writes, b"x" * LONGEST_BYTES)
    assert len(await typed.line() or "") == LONGEST_BYTES


def test_who_waits_for_a_line_can_be_stopped(pipe: tuple[Typed, int]) -> None:
    """Ctrl-C at the prompt hung until a line was typed: a thread that reads cannot be stopped."""

    async def wait_and_stop() -> None:
        waiting = asyncio.create_task(pipe[0].line())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    program = threading.Thread(target=asyncio.run, args=(wait_and_stop(),), daemon=True)
    program.start()
    program.join(10)
    assert not program.is_alive()
