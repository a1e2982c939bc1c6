"""Requests per second over keep-alive connections, asked from another process.

`wrk` asks where it is installed. Otherwise this module does, over raw sockets:
`python -m benchmarks.load URL CONNECTIONS SECONDS` prints how many answers came.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.programs import House

CONNECTIONS = 16
SECONDS = 4


@dataclass(frozen=True)
class Load:
    """What a server bore."""

    per_second: float
    cpu_ms: float
    """CPU time of the server for one request: what a machine of its own would be limited by."""


async def bear(house: House, path: str, seconds: int = SECONDS) -> Load:
    """Ask for the path as fast as it is answered."""
    await asyncio.to_thread(_ask, house.url + path, 1)  # warm
    before = house.cpu_seconds()
    answers, elapsed = await asyncio.to_thread(_ask, house.url + path, seconds)
    return Load(answers / elapsed, (house.cpu_seconds() - before) / answers * 1000)


def _ask(url: str, seconds: int) -> tuple[int, float]:
    """How many answers came, and in how many seconds; raises where one was not 200."""
    if shutil.which("wrk"):
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        found = re.search(r"(\d+) requests in ([\d.]+)s", output)
        assert found is not None, output
        return int(found[1]), float(found[2])
    command = [sys.executable, "-m", "benchmarks.load", url, str(CONNECTIONS), str(seconds)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(output), float(seconds)


async def _connection(url: str, until: float) -> int:
    """Ask over one connection, one request after the other; how many answers came."""
    where = urlsplit(url)
    path = f"{where.path}?{where.query}" if where.query else where.path
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1024 * 1024)
    request = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    answers = 0
    while time.monotonic() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        if b" 200 " not in head.split(b"\r\n")[0] or length is None:
            raise RuntimeError(head.decode())
        await reader.readexactly(int(length[1]))
        answers += 1
    writer.close()
    return answers


async def _main(url: str, connections: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    print(sum(await asyncio.gather(*(_connection(url, until) for _ in range(connections)))))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
