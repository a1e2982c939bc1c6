"""One process a folder, where two would do the same work twice."""

from __future__ import annotations

import fcntl
from io import TextIOWrapper
from pathlib import Path

from batuta.errors import Conflict, StorageError


class FolderLock:
    """An exclusive lock on a folder that the system takes back when the process is gone, however it goes."""

    def __init__(self, folder: Path, name: str = "engine") -> None:
        """Locks of different names are different locks."""
        self._path = folder / f"{name}.lock"
        self._file: TextIOWrapper | None = None

    def acquire(self) -> None:
        """Take the lock; raises `Conflict` when another process has it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("w")
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be written ({error.strerror}): set BATUTA_DATA"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise Conflict(
                f"another Batuta process is working in {self._path.parent}: "
                "stop it, use it, or choose another folder with BATUTA_DATA"
            ) from error
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing happens when it was not taken."""
        if self._file is not None:
            self._file.close()
            self._file = None
