"""Real server processes of transcripts, and a program beside them that asks for their health."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

START_SECONDS = 120.0
"""Several start at once on two busy cores, and each imports for some seconds."""
_NURSERY = Path(__file__).with_name("server_nursery.py")
_PROBE = Path(__file__).with_name("health_probe.py")


async def wait_until(what: str, condition: Callable[[], bool], seconds: float = 30) -> None:
    """Return once the condition holds; fail, saying what was waited for, when it does not in time."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"after {seconds} s still not: {what}"
        await asyncio.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@cache
def _nursery() -> subprocess.Popen[str]:
    """One for all tests of this process; it ends with it."""
    nursery = subprocess.Popen(
        [sys.executable, str(_NURSERY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(nursery.communicate)
    assert nursery.stdout is not None
    assert nursery.stdout.readline() == "ready\n"
    return nursery


class Server:
    """`batuta serve transcripts` in a process of its own, killed at the end."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Starts at once; what it writes goes to the folder."""
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"server-{port}.log"
        usual = {"RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_SUBMITS_PER_MINUTE": "0", "LOG_LEVEL": "WARNING"}
        order = {"port": port, "log": str(self.log), "environment": {**usual, **environment}}
        nursery = _nursery()
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(json.dumps(order) + "\n")
        nursery.stdin.flush()
        self._pid = int(nursery.stdout.readline())

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def ready(self) -> None:
        """Return once it answers."""
        give_up = time.monotonic() + START_SECONDS
        async with httpx2.AsyncClient(base_url=self.url, timeout=5) as client:
            while True:
                assert self.alive, self.log.read_text(errors="replace")[-3000:]
                try:
                    assert (await client.get("/health")).status_code == 200
                except httpx2.TransportError:
                    assert time.monotonic() < give_up, "the server does not start"
                    await asyncio.sleep(0.05)
                else:
                    return

    def kill(self) -> None:
        """Kill -9; returns once it is dead."""
        give_up = time.monotonic() + 10
        with contextlib.suppress(ProcessLookupError):
            while time.monotonic() < give_up:
                os.kill(self._pid, signal.SIGKILL)
                time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()


class HealthProbe:
    """Asks a server for its health every few milliseconds, from a process of its own, until told to end."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_PROBE), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    async def end(self) -> dict[str, float]:
        """How often it asked, how many failed, the milliseconds that answers took: p50 to worst; `late`."""
        out, _ = await asyncio.to_thread(self._process.communicate, "", 20)
        found: dict[str, float] = json.loads(out)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        with self._process:
            pass
