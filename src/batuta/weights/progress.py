"""How far a pull is, told to whoever listens a few times per second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from batuta.weights.sources import WeightFile

_PERIOD_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """`done_bytes` of `total_bytes` of one file of the set `name` are here; all of them once it has landed.

    While a package is fetched these are bytes of the package, which may be smaller or larger than the file in
    it; they never exceed the total.
    """

    name: str
    file: str
    done_bytes: int
    total_bytes: int
    source: str


OnProgress = Callable[[Progress], None]


class Meter:
    """One file's progress: told when a source begins, when the file lands, and ten times a second between."""

    def __init__(self, name: str, file: WeightFile, listener: OnProgress | None) -> None:
        self._name, self._file, self._listener = name, file, listener
        self._source = "an earlier pull"
        self._done = 0
        self._told_at = 0.0

    def begin(self, source: str) -> None:
        """`source` is tried from now on."""
        self._source, self._done = source, 0
        self._tell()

    def at(self, done: int) -> None:
        """`done` bytes are here; within one source the number only grows."""
        self._done = max(self._done, min(done, self._file.size))
        if time.monotonic() - self._told_at >= _PERIOD_SECONDS:
            self._tell()

    def landed(self) -> None:
        """The file is in its place."""
        self._done = self._file.size
        self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        if self._listener:
            self._listener(Progress(self._name, self._file.path, self._done, self._file.size, self._source))
