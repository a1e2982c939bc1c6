"""Forks a `batuta serve transcripts` for each line it reads: a JSON of `port`, `log` and `environment`.

What a server imports takes seconds of a core; here it is imported once, and what is forked goes on as the
command would. Prints "ready", then the process id of each; kills those that are left when its input ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from typing import NoReturn

import batuta.cli.serve
import batuta.server  # noqa: F401  # to be imported before the forks
from batuta.cli import main


def serve(port: int, log: str, environment: dict[str, str]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment)
    try:
        main(["serve", "transcripts", "--port", str(port)])
    finally:
        os._exit(1)


def tend() -> None:
    children: list[int] = []
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(**json.loads(line))
        children.append(child)
        print(child, flush=True)
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    assert threading.active_count() == 1, "a process with threads must not be forked"
    tend()
