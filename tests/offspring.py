"""The processes a test has started, not those that servers of the whole session are."""

from __future__ import annotations

import psutil

_before: set[int] = set()


def remember() -> None:
    """Whatever runs now is not the test's."""
    _before.clear()
    _before.update(each.pid for each in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """Every process under this one that the test has started."""
    return [each for each in psutil.Process().children(recursive=True) if each.pid not in _before]
