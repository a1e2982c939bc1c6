"""The child's side: does the tasks that arrive, one after the other, and never outlives its parent.

Started as `python -P -m batuta.services.engines.worker TARGET NICENESS`. It stays for further tasks, so what
an engine keeps in its module (a loaded model) is warm.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn, cast

from batuta.errors import BatutaError
from batuta.services.engines.wire import Engine, decode, encode

_PROGRESS_STEP: Final = 0.1
"""Smallest advance worth a line, in percent: at most a thousand lines a task."""
_PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal this process gets when its parent dies."""
_OOM_SCORE: Final = 500
"""Of -1000 to 1000 (proc(5)): when memory runs out the kernel takes the engine, not the server."""


def main(target: str, niceness: str) -> NoReturn:
    """Do tasks until the parent closes our input or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.nice(int(niceness))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError):  # a sandbox may have no /proc
            Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    tasks_fd, answers_fd = _claim_stdio()
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(tasks_fd, tasks), daemon=True).start()
    while True:
        task = tasks.get()
        _write_all(answers_fd, _answer(target, task, lambda line: _write_all(answers_fd, line)))


def _claim_stdio() -> tuple[int, int]:
    """Our own copies of stdin and stdout; whatever a library reads or prints from now on touches neither."""
    tasks, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115  # by line, as stderr is
    return tasks, answers


def _receive(fd: int, tasks: queue.SimpleQueue[bytes]) -> NoReturn:
    """Queue each line; the end of the input means that the parent is gone, and so are we."""
    with os.fdopen(fd, "rb") as lines:
        for line in lines:
            tasks.put(line)
    os._exit(0)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _answer(target: str, line: bytes, send: Callable[[bytes], None]) -> bytes:
    """The line that ends the task in `line`: its result, or the error it ended with."""
    try:
        return encode({"result": _engine(target)(decode(line).get("task"), _Progress(send))})
    except BatutaError as error:
        return encode({"error": error.to_dict()})
    except Exception as error:  # noqa: BLE001  # whatever an engine raises is its caller's to handle
        traceback.print_exc()
        return encode({"error": BatutaError(f"{type(error).__name__}: {error}").to_dict()})


def _engine(target: str) -> Engine:
    """The function that `package.module:function` names; imported once, in this process only."""
    module, _, function = target.partition(":")
    return cast("Engine", getattr(importlib.import_module(module), function))


class _Progress:
    """Sends an engine's progress on when it grew by a visible step: what arrives only grows, up to 100."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._told = 0.0

    def __call__(self, percent: float) -> None:
        percent = min(percent, 100.0)
        if percent >= self._told + _PROGRESS_STEP:
            self._told = percent
            self._send(encode({"progress": round(percent, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
