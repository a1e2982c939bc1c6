"""A real Postgres for tests: started in a folder of its own, stopped and started again at will."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import psycopg
from psycopg import sql

START_SECONDS: Final = 30.0
USER: Final = "postgres"
"""Whose processes these are when we are root, as which Postgres refuses to run."""


class PostgresServer:
    """One server on loopback; trusts everybody who reaches it."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `start`."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        """The server's own database; `new_database` gives one for each test."""
        return self._address("postgres")

    def new_database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self._address(name)

    def initialise(self) -> None:
        """Make the server's files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
            os.chmod(self._folder, 0o700)  # noqa: PTH101  # beside the chown
        command = [_program("initdb"), "--pgdata", str(self._folder), "--auth", "trust", "--no-sync"]
        self._run([*command, "--username", USER, "--encoding", "UTF8", "--locale", "C"])

    def start(self) -> None:
        """Start, and return once it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",  # it survives the death of the process, which is all that tests do to it
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(  # noqa: S603  # the arguments are ours
            [_program("postgres"), "-D", str(self._folder), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_user(),
            group=_user(),
        )
        self._wait_until_it_answers()

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop: `fast` ends connections, `immediate` is a crash."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT if how == "fast" else signal.SIGQUIT)
        self._process.wait(START_SECONDS)  # `pg_ctl stop` would wait for a process that only we can bury
        self._process = None

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)
            else:
                return

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(  # noqa: S603  # likewise
            command, capture_output=True, timeout=60, check=False, cwd="/", user=_user(), group=_user()
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')}")

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_server(folder: Path) -> Generator[PostgresServer]:
    """A running server whose files are in the folder, stopped at the end."""
    server = PostgresServer(folder)
    server.initialise()
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")


def _program(name: str) -> str:
    """Debian keeps the server's programs beside, not in, the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed: apt-get install postgresql")
    return path


def _user() -> str | None:
    return USER if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
