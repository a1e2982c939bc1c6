"""What the three caches have in common: they load, sweep, save, import and export their own files."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Generic, TypeVar

from batuta.albums.config import AppConfig
from batuta.albums.conflicts import Change, is_over
from batuta.albums.entry_file import BREATH, BREATH_SECONDS, EntryFile
from batuta.albums.lines import Few, Lines
from batuta.albums.mirror import Mirror
from batuta.albums.older_formats import Skip, Unreadable
from batuta.albums.periodic import Periodic
from batuta.errors import NotFound, StorageError

K = TypeVar("K")
R = TypeVar("R")

SLICE: Final = 5000
"""Entries looked at before the loop gets its turn."""
Forgotten = Callable[[K | None], None]
"""Told of a key whose entries are forgotten from now on, whoever forgot them; None means all."""


def wall_clock() -> float:
    """Seconds since 1970."""
    return time.time()


class CacheService(ABC, Generic[K, R]):
    """One cache over one file; belongs to one event loop."""

    def __init__(
        self,
        config: AppConfig,
        logger: logging.Logger | None,
        now: Callable[[], float] | None,
        older_file: Path,
        rows: dict[K, R],
        *,
        keep: int | None = None,
    ) -> None:
        self.config = config
        self.logger = logger or logging.getLogger(type(self).__module__)
        self._log = Lines(self.logger, __name__)
        self._now = now or wall_clock
        self._older_file = config.place(older_file)
        path = self._older_file.with_name(f"{self._older_file.name}.sqlite")
        self._mirror = Mirror[K, R](EntryFile(path), self, rows, self._log, self._now, keep=keep)
        seconds = config.caching.cleanup_interval_seconds
        self._sweeping = Periodic(f"sweeping {path.name}", seconds, self._sweep, self._log)
        self._listeners: list[Forgotten[K]] = []
        self.hits: int = 0
        self.misses: int = 0

    def when_forgotten(self, listener: Forgotten[K]) -> None:
        """Have the listener called for what is forgotten: what is being found out about it is outdated."""
        self._listeners.append(listener)

    async def initialize(self) -> None:
        """Take what is on the disk, import the older file if it is new, and sweep from now on.

        Raises `StorageError` where the folder cannot be used; a damaged file is set aside and told.
        """
        await self._mirror.load()
        await self._import_what_appeared()
        self._sweeping.start()

    async def load_from_disk(self) -> None:
        """Take what is on the disk; raises `StorageError`."""
        await self._mirror.load()

    async def save_to_disk(self) -> None:
        """Write what changed since the last save, and take what other processes wrote.

        Raises `StorageError`; what could not be written is written by the next save.
        """
        await self._mirror.sync()

    async def shutdown(self) -> None:
        """Stop sweeping, save, close the file; raises `StorageError`."""
        await self._sweeping.stop()
        try:
            await self._mirror.sync()
        finally:
            await self._mirror.aclose()

    async def cleanup_expired(self) -> int:
        """Forget entries whose time is over, a few at a time; gives how many."""
        count = 0
        keys = list(self._mirror.rows)
        for start in range(0, len(keys), SLICE):
            now = self._now()
            for key in keys[start : start + SLICE]:
                row = self._mirror.rows.get(key)
                if row is not None and self._is_spent(row, now):
                    self._mirror.spend(key)
                    count += 1
            await asyncio.sleep(0)
        return count

    async def _sweep(self) -> None:
        await self.cleanup_expired()
        await self._mirror.purge()

    async def import_file(self, path: Path) -> int:
        """Take over a file of the older format, except where something newer is known or its time is over.

        Gives how many entries were read. Raises `NotFound`; `StorageError` where it is damaged, after what
        comes before the damage.
        """
        if not await asyncio.to_thread(path.is_file):
            raise NotFound(f"{path} is not there: nothing was imported")
        try:
            return await self._import(path)
        except Unreadable as error:
            raise StorageError(f"{path} is damaged ({error}): what comes before that was imported") from error

    async def export_file(self, path: Path) -> int:
        """Write everything into a file of the older format; gives how many entries. Raises `StorageError`."""
        now = self._now()
        rows = self._mirror.rows
        keys = list(rows)  # a list of pairs would stop the loop for the garbage collector

        def alive() -> Iterator[tuple[K, R]]:
            for number, key in enumerate(keys):
                if number % BREATH == BREATH - 1:
                    time.sleep(BREATH_SECONDS)
                row = rows.get(key)
                if row is not None and not self._is_spent(row, now):
                    yield key, row

        try:
            count = await asyncio.to_thread(self._write_out, path, alive())
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error
        return count

    def _write_out(self, path: Path, rows: Iterable[tuple[K, R]]) -> int:
        count = self._write_older(path, rows)
        if path.resolve() == self._older_file.resolve():  # ours: not to be imported by the next start
            self._mirror.file.set_mark("imported", _print_of(path))
        return count

    async def _import_what_appeared(self) -> None:
        """The older file of this configuration, if this is the first time that we see it."""
        path = self._older_file
        if not path.is_file():
            return
        seen = _print_of(path)
        if await asyncio.to_thread(self._mirror.file.mark, "imported") == seen:
            return
        try:
            count = await self._import(path)
        except Unreadable as error:
            there = path.with_name(f"{path.name}.damaged-{int(self._now() * 1000)}")
            path.rename(there)
            self._log.error(
                "%s was damaged (%s): it is now %s; what could be read is kept", path, error, there
            )
        else:
            await asyncio.to_thread(self._mirror.file.set_mark, "imported", seen)
            self._log.info("%s: %d entries imported", path, count)

    async def _import(self, path: Path) -> int:
        now = self._now()
        skipped = Few(self._log, f"{str(path).replace('%', '%%')}: %s passed over")
        read = (
            replace(change, imported=True)
            for change in self._read_older(path, skipped.add)
            if not is_over(change.stamp, change.expires, now)
        )
        failed: list[Unreadable] = []
        count = await self._mirror.take_over(_until_damage(read, failed))
        skipped.end()
        if failed:
            raise failed[0]
        return count

    def text(self, key: K) -> str:
        """The key for the disk."""
        return str(key)

    @abstractmethod
    def key(self, text: str) -> K:
        """The key again."""

    @abstractmethod
    def change(self, text: str, row: R, deleted: float) -> Change:
        """The row for the disk."""

    @abstractmethod
    def row(self, body: str, stamp: float, expires: float | None) -> R:
        """The row again."""

    def arrived(self, key: K, row: R) -> None:
        """The row came from the disk into memory."""

    def left(self, key: K, row: R) -> None:
        """The row is no longer in memory."""

    def deleted(self, key: K, when: float) -> None:
        """Another process deleted what was stored under the key up to that time."""
        del when
        self._tell(key)

    def emptied(self) -> None:
        """Nothing is in memory any more."""
        self._tell(None)

    def begun_anew(self) -> None:
        """A new file takes the place of a damaged one, which had imported the older file already."""
        path = self._older_file
        if path.is_file():
            self._mirror.file.set_mark("imported", _print_of(path))
            self._log.warning(
                "%s is not imported again, or what was forgotten since would come back: "
                "batuta albums import %s does it all the same",
                path,
                path.parent,
            )

    def _tell(self, key: K | None) -> None:
        for listener in self._listeners:
            listener(key)

    @abstractmethod
    def _is_spent(self, row: R, now: float) -> bool: ...

    @abstractmethod
    def _read_older(self, path: Path, skip: Skip) -> Iterator[Change]: ...

    @abstractmethod
    def _write_older(self, path: Path, rows: Iterable[tuple[K, R]]) -> int: ...


def _until_damage(changes: Iterator[Change], failed: list[Unreadable]) -> Iterator[Change]:
    try:
        yield from changes
    except Unreadable as error:
        failed.append(error)


def _print_of(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size}:{found.st_mtime_ns}"
