"""A log file that is set aside when it is large: `orchestrator.log`, before it `.1`, before that `.2`.

Several processes may write to one file: each write is one append, whoever finds the file too large sets it
aside under its lock, and the others notice that the file has another inode now.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 10 * 1024 * 1024
KEEP: Final = 5
"""So many older files are kept: 60 MB in all."""


class LogFile:
    """Appends text; every method raises `OSError` when the disk does not do as it is told."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, keep: int = KEEP) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._file = -1
        self._torn = False

    def write(self, lines: str) -> None:
        """Append whole lines, in one go; a line torn by a full disk is ended before the next one begins."""
        self._open_the_right_one(len(lines))
        rest = memoryview((("\n" if self._torn else "") + lines).encode(errors="backslashreplace"))
        begun = False
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
                begun = True
        except OSError:
            self._torn = self._torn or begun
            raise
        self._torn = False

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open_the_right_one(self, coming: int) -> None:
        """Have the present file open, with room for so many bytes more."""
        while True:
            if self._file < 0 or not self._is_present():
                self._open()
            size = os.fstat(self._file).st_size
            if size == 0 or size + coming <= self._max_bytes or not self._set_aside():
                return

    def _open(self) -> None:
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o640
        )

    def _is_present(self) -> bool:
        """Whether the open file still has the name: another process or an operator may have moved it."""
        try:
            there, here = self._path.stat(), os.fstat(self._file)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _set_aside(self) -> bool:
        """Rename the file and its elders, unless somebody has; false where renaming does not work."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if self._is_present():
                for number in range(self._keep - 1, 0, -1):
                    with suppress(FileNotFoundError):
                        self._numbered(number).replace(self._numbered(number + 1))
                self._path.replace(self._numbered(1))
        except OSError:
            return False  # better a long file than none
        finally:
            self.close()
            self._open()
        return True

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
