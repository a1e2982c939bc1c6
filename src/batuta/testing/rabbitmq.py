"""A real RabbitMQ for tests: started in a folder of its own, stopped or killed, and started again at will."""

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

START_SECONDS: Final = 60.0
USER: Final = "batuta"
PASSWORD: Final = "rabbits-keep-secrets"  # noqa: S105  # of a server on loopback, for the length of a test
_GREETING: Final = b"AMQP\x00\x00\x09\x01"
"""How a client of AMQP 0-9-1 begins (section 4.2.2); the server answers with a method frame, 1."""
_FIRST: Final = ("stdlib", "kernel", "rabbit", "rabbit_common", "rabbitmq_prelaunch", "mnesia", "ra")
"""Most of what a start loads."""


class RabbitServer:
    """One node on loopback with a port mapper (epmd) of its own; it keeps its data when it stops."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `start`."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        self.port, self._mapper_port = _free_ports(2)

    @property
    def url(self) -> str:
        """With user and password; the same after a restart."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The same server behind another port of this machine."""
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{port}/"

    def start(self) -> None:
        """Start, with the queues and messages it had, and return once it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "rabbitmq.conf").write_text(self._configuration())
        if self._mapper is None:
            mapper = [_program("epmd"), "-address", "127.0.0.1", "-port", str(self._mapper_port)]
            self._mapper = self._run(mapper)
        self._process = self._run([_program("rabbitmq-server")])
        self._wait_until_it_answers(self._process)

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop: `fast` ends connections and takes a second, `immediate` is a crash."""
        if self._process is None:
            return
        if how == "fast":
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(START_SECONDS)
        else:
            _kill(self._process)
        self._process = None

    def close(self) -> None:
        """Leave nothing running."""
        self.stop("immediate")
        if self._mapper is not None:
            _kill(self._mapper)
            self._mapper = None

    def _configuration(self) -> str:
        return "\n".join(
            (
                f"listeners.tcp.1 = 127.0.0.1:{self.port}",
                f"default_user = {USER}",
                f"default_pass = {PASSWORD}",
                "log.console = true",
                "log.console.level = warning",
                "log.file = false\n",
            )
        )

    def _environment(self) -> dict[str, str]:
        name = f"batuta-{os.getpid()}-{self.port}@localhost"
        arguments = [
            *("-sname", name, "-start_epmd", "false", "-kernel", "inet_dist_use_interface", "{127,0,0,1}"),
            *("+S", "2:2", "+A", "4", "-pa", *_code_paths()),
        ]
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),  # for the cookie
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_FLAGS": "-start_epmd false",  # what the node starts itself starts no epmd either
            "ERL_CRASH_DUMP_BYTES": "0",
            "ERL_MAX_PORTS": "4096",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, so that signals reach it
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "no-plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self._folder / "config"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_MAX_NUMBER_OF_PROCESSES": "32768",  # tables for a million take 20 MB
            "RABBITMQ_MAX_NUMBER_OF_ATOMS": "1048576",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(arguments),
        }

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # the arguments are ours
                command,
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def _log(self) -> Path:
        return self._folder / "rabbitmq.log"

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if process.poll() is not None or time.monotonic() > give_up:
                said = self._log.read_text(errors="replace")[-2000:]
                self.close()
                raise RuntimeError(f"RabbitMQ did not start in {self._folder}: {said}")
            time.sleep(0.02)


@contextmanager
def rabbitmq_server(folder: Path) -> Generator[RabbitServer]:
    """A running server whose files are in the folder, stopped at the end."""
    server = RabbitServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(_GREETING)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process, dead or alive, and the rest of its group."""
    if process.returncode is None:  # not waited for yet: the number is still its own
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(START_SECONDS)


def _code_paths() -> list[str]:
    """Where the code is that a start loads, so that it is not sought in sixty plugins first: half the time.

    On other systems than Debian perhaps nowhere that we know.
    """
    libraries = Path("/usr/lib/erlang/lib").glob("*/ebin")
    plugins = Path("/usr/lib/rabbitmq/lib").glob("*/plugins/*/ebin")
    found = {path.parent.name.partition("-")[0]: str(path) for path in (*libraries, *plugins)}
    others = sorted(name for name in found if name not in _FIRST and not name.startswith("rabbitmq_"))
    return [found[name] for name in (*_FIRST, *others) if name in found]


def _program(name: str) -> str:
    """Debian's `rabbitmq-server` in the path is a wrapper for root; the server's own script is beside it."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob(f"*/sbin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed: apt-get install rabbitmq-server")
    return path


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
