"""Processes that need not import: forked from one that has imported Batuta already.

What a `batuta` process imports takes more than a second of a core. A forked one has everything else of its
own, as one that was started: kill it, stop it, let it die. `python -m batuta` itself is what `test_usage`
and `commands.COMMAND` are for.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PRELOADED = ["batuta.cli.caption", "batuta.cli.jobs", "batuta.cli.serve", "batuta.cli.worker"]
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(PRELOADED)


class Forked:
    """A forked process, with what is used of `subprocess.Popen`."""

    def __init__(
        self,
        function: Callable[..., object],
        arguments: Sequence[object],
        *,
        output: Path,
        errors: Path | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Calls a module's function in a session of its own; what it writes goes to the files, or to one."""
        files = str(output), str(errors or output)
        where = str(folder or Path.cwd())
        self._process = _NURSERY.Process(
            target=_begin,
            args=(dict(environment or os.environ), where, files, function, *arguments),
            daemon=True,
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; minus the signal when one ended it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Likewise."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, when it has; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        """Kill -9, if it lives."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self._process.exitcode is None:
            os.kill(self.pid, number)


def batuta(*arguments: str) -> None:
    """What `batuta` does with the arguments."""
    from batuta.cli.main import main  # noqa: PLC0415  # not in the process of the tests

    main(arguments)


def wait_for_text(path: Path, text: str, seconds: float) -> None:
    """Return once the file has the text."""
    give_up = time.monotonic() + seconds
    while not (path.exists() and text in path.read_text(errors="replace")):
        assert time.monotonic() < give_up, f"after {seconds} s {path} has no {text!r}"
        time.sleep(0.002)


def _begin(
    environment: dict[str, str],
    folder: str,
    files: tuple[str, str],
    function: Callable[..., object],
    *arguments: object,
) -> None:
    """Become as a program that was started this way."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    for name, number in zip(files, (1, 2), strict=True):
        written = os.open(name, flags)
        os.dup2(written, number)
        os.close(written)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    function(*arguments)
