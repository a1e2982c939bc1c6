"""Programs that are measured from outside: started on a free port, watched, ended with all they started."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

START_SECONDS = 60


@dataclass(frozen=True)
class Program:
    """A running program and everything it has started."""

    process: subprocess.Popen[bytes]

    def tree(self) -> list[psutil.Process]:
        """The program and all its descendants."""
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        return []

    def memory(self) -> int:
        """Bytes of the tree, pages that several processes share counted once (PSS)."""
        total = 0
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total

    def cpu_seconds(self) -> float:
        """CPU time of the tree so far."""
        total = 0.0
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def kill(self) -> None:
        """Kill -9 of the whole process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class House(Program):
    """A running Batuta, or its naive peer."""

    url: str


async def start(
    arguments: Sequence[str], environment: Mapping[str, str], health: str
) -> subprocess.Popen[bytes]:
    """A Python program in a process group of its own, once it answers at the address `health`."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            await _answers(process, health)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            output.seek(0)
            print(output.read().decode(errors="replace"), file=sys.stderr)
            raise
    return process


@asynccontextmanager
async def program(
    arguments: Sequence[str], environment: Mapping[str, str], health: str
) -> AsyncGenerator[Program]:
    """The program for the length of the block."""
    running = Program(await start(arguments, environment, health))
    try:
        yield running
    finally:
        running.kill()


async def start_house(folder: Path, environment: Mapping[str, str]) -> House:
    """`batuta serve captions` with its data in the folder, limits on requests off."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "BATUTA_DATA": str(folder),
        "RATE_LIMIT_PER_MINUTE": "0",
        "RATE_LIMIT_SUBMITS_PER_MINUTE": "0",
        **environment,
    }
    command = ["-m", "batuta", "serve", "captions", "--port", str(port)]
    return House(await start(command, settings, f"{url}/health"), url)


@asynccontextmanager
async def house(environment: Mapping[str, str]) -> AsyncGenerator[House]:
    """A new Batuta in an empty folder for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as folder:
        running = await start_house(Path(folder), environment)
        try:
            yield running
        finally:
            running.kill()


@asynccontextmanager
async def naive_house(environment: Mapping[str, str]) -> AsyncGenerator[House]:
    """The naive peer for the length of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = await start(["-m", "benchmarks.naive_captions", str(port)], environment, f"{url}/health")
    running = House(process, url)
    try:
        yield running
    finally:
        running.kill()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(process: subprocess.Popen[bytes], health: str) -> None:
    async with httpx2.AsyncClient() as client, asyncio.timeout(START_SECONDS):
        while True:
            with suppress(httpx2.TransportError):
                await client.get(health)
                return
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(map(str, process.args))} ended with {process.returncode}")
            await asyncio.sleep(0.02)
