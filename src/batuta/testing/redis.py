"""A real Redis for tests: started in a folder, stopped, frozen, and started again at will."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import redis

START_SECONDS: Final = 30.0


class RedisServer:
    """One server on a socket in its folder; nothing is kept when it stops."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `start`; the folder's path must be short (a socket's has 107 bytes at most)."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = folder / "redis.sock"

    @property
    def url(self) -> str:
        """For `RedisLink` and `redis.from_url`; the same after a restart."""
        return f"unix://{self._socket}"

    def client(self) -> redis.Redis:
        """A plain client, to look and to disturb."""
        return redis.Redis(unix_socket_path=str(self._socket))

    def start(self) -> None:
        """Start, empty, and return once it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not installed: apt-get install redis-server")
        options = {"port": "0", "unixsocket": str(self._socket), "save": "", "appendonly": "no"}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(  # noqa: S603  # the arguments are ours
            [program, *arguments, "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Kill it, frozen or not: connections break, its data is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def freeze(self) -> None:
        """Connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was frozen, with what has arrived meanwhile."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the Redis does not run")
        os.kill(self._process.pid, number)

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.client() as client:
                    client.ping()  # pyright: ignore[reportUnknownMemberType]  # its **kwargs have no types
            except (redis.ConnectionError, redis.TimeoutError):
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
            else:
                return


@contextmanager
def redis_server(folder: Path) -> Generator[RedisServer]:
    """A running server whose socket is in the folder, stopped at the end."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
