"""Engines that misbehave in every way a real one might; they run in worker processes only."""
# ruff: noqa: ARG001  # the signature of an engine

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from batuta.errors import NoAudio

Report = Callable[[float], None]


def echo(task: dict[str, object], report: Report) -> dict[str, object]:
    return {**task, "pid": os.getpid()}


def count(task: dict[str, float], report: Report) -> dict[str, object]:
    for percent in (0, 20.0, 10.0, 20.01, 60.04, 100, 250):
        report(percent)
    return {}


def chatter(task: dict[str, object], report: Report) -> dict[str, object]:
    print('{"result": {"forged": true}}', flush=True)  # as libraries do
    os.write(1, b"native noise\n")
    sys.stderr.write("x" * 500_000)
    return {"stdin": sys.stdin.read()}


def refuse(task: dict[str, object], report: Report) -> dict[str, object]:
    raise NoAudio("clip.mp4 has no audio track.")


def stumble(task: dict[str, object], report: Report) -> dict[str, object]:
    raise KeyError("lost")


def overflow(task: dict[str, object], report: Report) -> dict[str, object]:
    return {"samples": [0.0] * 1_000_000}


def crash(task: dict[str, int], report: Report) -> dict[str, object]:
    sys.stderr.write("malloc(): corrupted top size\n")
    sys.stderr.flush()
    os.kill(os.getpid(), task["signal"])
    return {}


def leave(task: dict[str, int], report: Report) -> dict[str, object]:
    os._exit(7)


def grind(task: dict[str, str], report: Report) -> dict[str, object]:
    """Native work without end, and a grandchild; both pids are in the file once the work has begun."""
    grandchild = subprocess.Popen(["sleep", "1000"])
    matrix = np.ones((400, 400))
    part = Path(task["pids"] + ".part")
    part.write_text(f"{os.getpid()} {grandchild.pid}")
    part.rename(task["pids"])
    while True:
        matrix = matrix @ matrix / 400


def deaf(task: dict[str, str], report: Report) -> dict[str, object]:
    """Holds the interpreter lock for good, so that no thread of the child can see its parent die."""
    Path(task["pids"]).write_text(str(os.getpid()))
    sys.setswitchinterval(1e9)
    while True:
        pass


def interrupted(task: dict[str, object], report: Report) -> dict[str, object]:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0)
    return {"nice": os.nice(0), "threads": os.environ["OMP_NUM_THREADS"]}
