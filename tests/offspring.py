"""The processes a test has started, not those that servers of the whole session are.

One may end between being seen and being asked about; nothing here minds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

_before: set[int] = set()


def remember() -> None:
    """Whatever runs now is not the test's."""
    _before.clear()
    _before.update(each.pid for each in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """Every process under this one that the test has started."""
    return [each for each in psutil.Process().children(recursive=True) if each.pid not in _before]


def seconds_used(process: psutil.Process) -> float | None:
    """Of processor time; None once it is dead."""
    try:
        return process.cpu_times().user
    except psutil.Error:
        return None


def bytes_used(process: psutil.Process) -> int:
    """Of memory; 0 once it is dead."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def left_after(seconds: float, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended within that time; a dead one that its parent has yet to bury has ended."""
    give_up = time.monotonic() + seconds
    while (left := [each for each in processes if _lives(each)]) and time.monotonic() < give_up:
        time.sleep(0.01)
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
