"""Processes of Batuta that a test starts, kills, stops and starts again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

import forked
from forked import Forked

START_SECONDS = 40.0
"""Several start at once on two busy cores."""
_LOOK_SECONDS = 0.05


def wait_until(what: str, condition: Callable[[], bool], seconds: float) -> None:
    """Return once the condition holds; fail, saying what was waited for, when it does not in time."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(_LOOK_SECONDS)


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Member:
    """One process, and where it writes."""

    name: str
    process: subprocess.Popen[bytes] | Forked
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def says(self, word: str) -> bool:
        """Whether its log has the word; raises when it ended before."""
        if not self.alive:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
        return word in self.log.read_text(errors="replace")

    def tail(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-3000:]


class Fleet:
    """The processes of one test; `close` ends them all, whatever state they are in."""

    def __init__(self, folder: Path) -> None:
        """What they write goes to the folder."""
        self._folder = folder
        self._environment = {**os.environ, "LOG_LEVEL": "INFO"}
        self._members: list[Member] = []
        self._started = 0

    def tell(self, environment: Mapping[str, str]) -> None:
        """Have those that are started from now on find this in their environment."""
        self._environment.update(environment)

    def told(self, name: str) -> str:
        """What they find under this name."""
        return self._environment[name]

    @property
    def workers(self) -> list[Member]:
        """Those that carry jobs and are alive."""
        return [member for member in self._members if member.name.startswith("worker") and member.alive]

    def program(self, name: str, *command: str, **environment: str) -> Member:
        """Start any program of Python's."""
        log = self._new_log(name)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self._environment, **environment},
                start_new_session=True,
            )
        return self._joined(Member(name, process, log))

    def batuta(self, name: str, *arguments: str, **environment: str) -> Member:
        """Start `batuta` with these arguments."""
        log = self._new_log(name)
        log.touch()
        process = Forked(
            forked.batuta, arguments, output=log, environment={**self._environment, **environment}
        )
        return self._joined(Member(name, process, log))

    def worker(self, **environment: str) -> Member:
        """Start a worker; it is not ready yet."""
        return self.batuta("worker", "worker", **environment)

    def server(self, port: int, **environment: str) -> Member:
        """Start the server of captions; it is not ready yet."""
        return self.batuta("server", "serve", "captions", "--port", str(port), **environment)

    def ready(self, *workers: Member) -> None:
        """Wait until the workers carry."""
        for each in workers:
            wait_until(f"{each.name} is ready", lambda each=each: each.says("worker.ready"), START_SECONDS)

    def answers(self, member: Member, url: str) -> None:
        """Wait until the process answers there."""

        def ask() -> bool:
            try:
                return httpx2.get(url, timeout=5).status_code == 200
            except httpx2.TransportError:
                return member.says("\0")  # never, but it tells of a process that ended

        wait_until(f"{member.name} answers", ask, START_SECONDS)

    def bucket(self) -> dict[str, str]:
        """Start a server that speaks S3; what leads Batuta to a new bucket of it."""
        address = f"http://127.0.0.1:{free_port()}"
        program = self.program("s3", "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2])
        self.answers(program, f"{address}/")
        httpx2.put(f"{address}/chaos", timeout=10).raise_for_status()
        return {
            "BATUTA_ARTEFACTS": "s3://chaos/artefacts",
            "AWS_ENDPOINT": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "chaos",
            "AWS_SECRET_ACCESS_KEY": "chaos",
        }

    def kill(self, member: Member) -> float:
        """Kill -9; when it was dead, by the clock of all processes."""
        member.process.kill()
        member.process.wait()
        return time.time()

    def stop(self, member: Member) -> None:
        """Stop it where it stands, without its knowing."""
        member.process.send_signal(signal.SIGSTOP)

    def go_on(self, member: Member) -> None:
        """Let a stopped process go on."""
        member.process.send_signal(signal.SIGCONT)

    def _new_log(self, name: str) -> Path:
        self._started += 1
        return self._folder / f"{name}-{self._started}.log"

    def _joined(self, member: Member) -> Member:
        self._members.append(member)
        return member

    def close(self) -> None:
        """Kill all."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            member.process.wait()


@contextmanager
def fleet_of(folder: Path) -> Generator[Fleet]:
    """A fleet that is gone at the end, whatever happens."""
    fleet = Fleet(folder)
    try:
        yield fleet
    finally:
        fleet.close()
