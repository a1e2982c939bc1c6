"""Entries in memory, and what of them the disk does not have yet.

Readers touch the dictionary and nothing else. A change is noted by its key; `sync` takes what others wrote,
then writes what is noted in one transaction, both in a thread. Where there are hundreds of thousands of rows,
let a row be a text: the garbage collector passes over a dictionary of texts, and would stop the loop for as
long as it looks at anything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final, Generic, Protocol, TypeVar

from batuta.albums.conflicts import Change, is_over, stands
from batuta.albums.entry_file import Clearing, Damaged, EntryFile, Line, Written, row_of
from batuta.albums.lines import Lines
from batuta.errors import StorageError

K = TypeVar("K")
R = TypeVar("R")

PAGE: Final = 500
"""Rows that the loop takes in at a time: about a millisecond."""
STORED: Final = 0.0
SPENT: Final = -1.0
EVICTED: Final = -2.0
"""What is noted of a key; a time means that it was deleted then, and perhaps stored anew."""


class Shape(Protocol[K, R]):
    """How entries of one kind are written, and what else the memory keeps of them."""

    def text(self, key: K) -> str:
        """The key for the disk."""
        ...

    def key(self, text: str) -> K:
        """The key again; raises `ValueError`."""
        ...

    def change(self, text: str, row: R, deleted: float) -> Change:
        """The row for the disk; raises `TypeError` or `ValueError` where it has no written form."""
        ...

    def row(self, body: str, stamp: float, expires: float | None) -> R:
        """The row again; raises `ValueError`, `TypeError` or `KeyError`."""
        ...

    def arrived(self, key: K, row: R) -> None:
        """The row came from the disk into memory."""
        ...

    def left(self, key: K, row: R) -> None:
        """The row is no longer in memory."""
        ...

    def deleted(self, key: K, when: float) -> None:
        """Another process deleted what was stored under the key up to that time."""
        ...

    def emptied(self) -> None:
        """Nothing is in memory any more."""
        ...

    def begun_anew(self) -> None:
        """A new file takes the place of a damaged one, and has no marks; called in a thread."""
        ...


class _Read(Generic[K, R]):
    """Rows from the disk, in three lists beside each other: tuples of them would be the collector's work."""

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.lines: list[Line] = []
        self.rows: list[R | None] = []
        self.cleared: float | None = None
        """When somebody forgot everything, if that was read too."""


class Mirror(Generic[K, R]):
    """The entries of one kind; belongs to one event loop. `rows` may be read, and is changed by methods."""

    def __init__(
        self,
        file: EntryFile,
        shape: Shape[K, R],
        rows: dict[K, R],
        log: Lines,
        now: Callable[[], float],
        *,
        keep: int | None = None,
    ) -> None:
        """`rows` is the empty dictionary to use; `keep` bounds the entries on the disk."""
        self.rows = rows
        self.file = file
        self.noted: dict[K, float] = {}
        """What is to be written: storing is `rows[key] = row` and `noted.setdefault(key, STORED)`."""
        self._shape = shape
        self._log = log
        self._now = now
        self._keep = keep
        self._cleared: Clearing | None = None
        self._on_disk: set[K] = set()
        """Where the disk is bounded: whose eviction the disk must hear of."""
        self._seen = 0
        self._opening = 0
        self._version = -1
        self._loaded = False
        self._closed = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def unsaved(self) -> int:
        """Changes that the disk does not have yet."""
        return len(self.noted) + (self._cleared is not None)

    def put(self, key: K, row: R) -> None:
        """Store the row."""
        self.rows[key] = row
        self.noted.setdefault(key, STORED)

    def delete(self, key: K, when: float) -> bool:
        """Delete the entry here and, with the next save, everywhere; false where it was not in memory.

        What is not in memory is deleted too: another process may have stored it.
        """
        self.noted[key] = when
        return self._drop(key)

    def spend(self, key: K) -> None:
        """Forget an entry whose time is over."""
        if self._drop(key) and self.noted.get(key, STORED) <= STORED:
            self.noted[key] = SPENT

    def evict(self, key: K) -> None:
        """Forget an entry for lack of room; other processes may keep theirs."""
        if not self._drop(key):
            return
        if self.noted.get(key, STORED) <= STORED:
            if key in self._on_disk:
                self.noted[key] = EVICTED
            else:
                self.noted.pop(key, None)
        self._on_disk.discard(key)

    def clear(self, when: float) -> None:
        """Delete every entry, wherever."""
        old, self.rows = self.rows, type(self.rows)()
        self.noted = {}
        self._on_disk = set()
        self._cleared = Clearing(when, self._seen)
        self._shape.emptied()
        self._let_go(old)

    async def load(self) -> None:
        """Take what the disk has; a damaged file is set aside. Raises `StorageError`."""
        if not self._tasks:
            self._turn = asyncio.Lock()  # another loop may have been here before
        await self._in_turn(self._load)

    async def sync(self) -> None:
        """Take what other processes wrote, and write what is noted; raises `StorageError`.

        A caller that is cancelled does not stop it.
        """
        await self._in_turn(self._sync)

    async def take_over(self, changes: Iterator[Change]) -> int:
        """Write changes that came from a file, where nothing newer is there; gives how many were read."""
        count = 0

        def counted() -> Iterator[Change]:
            nonlocal count
            for change in changes:
                count += 1
                yield change

        async def work() -> None:
            nonlocal count
            before = -1
            while count > before:
                before = count
                await asyncio.to_thread(
                    self.file.write, islice(counted(), PAGE), 0, self._now(), looking=False
                )
            await self._pull()

        await self.sync()
        await self._in_turn(work)
        return count

    async def aclose(self) -> None:
        """Wait for what is under way and close the file; what is saved after that closes it again."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._closed = True
        await asyncio.to_thread(self.file.close)
        self._version = -1

    def _drop(self, key: K) -> bool:
        row = self.rows.pop(key, None)
        if row is None:
            return False
        self._shape.left(key, row)
        return True

    async def _in_turn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def when_it_is_our_turn() -> None:
            async with self._turn:
                try:
                    await work()
                except Damaged as error:
                    await self._repair(error)
                    await self._write()
                finally:
                    if self._closed:
                        await asyncio.to_thread(self.file.close)

        task = asyncio.create_task(when_it_is_our_turn())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may have left; what was not written is still noted

    async def purge(self) -> None:
        """Have the disk forget deletions that everybody had time to hear of; raises `StorageError`."""
        await self._in_turn(self._purge)

    async def _purge(self) -> None:
        await asyncio.to_thread(self.file.purge, self._now())

    async def _load(self) -> None:
        await self._purge()
        self._loaded = True
        self._closed = False
        await self._pull()
        if self.file.broken_rows:
            self._log.error(
                "%s has %d damaged entries: they are passed over, and asked for again when they are needed",
                self.file.path,
                self.file.broken_rows,
            )

    async def _sync(self) -> None:
        if self._loaded:
            version = await asyncio.to_thread(self.file.version)
            if version != self._version or self.file.openings != self._opening:
                await self._pull()
                self._version = version
        await self._write()

    async def _pull(self) -> None:
        """Everything that others wrote since we looked."""
        floor = await asyncio.to_thread(self.file.floor)
        if self.file.openings != self._opening:
            if self._opening:  # somebody took the file away: what we have is written into the new one
                self._note_everything()
            self._opening = self.file.openings
        elif 0 < self._seen < floor:
            self._begin_again()
        while True:
            read, last = await asyncio.to_thread(self._read_page, self._seen)
            self._take(read)
            if last == self._seen:
                return
            self._seen = last

    def _read_page(self, after: int) -> tuple[_Read[K, R], int]:
        found, last = self.file.page(after, PAGE)
        return self._decoded(found), last

    def _decoded(self, found: Iterable[Line]) -> _Read[K, R]:
        read, cleared = _Read[K, R](), self._cleared
        for line in found:
            number, text, body, stamp, _, expires, _ = line
            if not text:
                read.cleared = stamp
                continue
            if cleared is not None and cleared.covers(number, stamp):
                continue
            try:
                key = self._shape.key(text)
                row = None if body is None else self._shape.row(body, stamp, expires)
            except (ValueError, TypeError, KeyError):
                self.file.broken_rows += 1
                continue
            read.keys.append(key)
            read.lines.append(line)
            read.rows.append(row)
        return read

    def _take(self, read: _Read[K, R]) -> None:
        """Into memory, except where our own change stands against it."""
        now = self._now()
        if read.cleared is not None:
            self._drop_unsaved(read.cleared)
        for key, line, row in zip(read.keys, read.lines, read.rows, strict=True):
            noted = self.noted.get(key)
            if noted is not None:
                change = self._change(key, noted)
                if change is not None and not stands(row_of(line), change, now):
                    continue
                del self.noted[key]
            stamp, expires = line[3], line[5]
            if row is None:
                self._drop(key)
                self._shape.deleted(key, stamp)
            elif is_over(stamp, expires, now):
                self._drop(key)
                self.noted[key] = SPENT
            else:
                self.rows[key] = row
                if self._keep is not None:
                    self._on_disk.add(key)
                self._shape.arrived(key, row)

    def _drop_unsaved(self, cleared: float) -> None:
        """What we stored before another process forgot everything is forgotten, too."""
        for key, noted in tuple(self.noted.items()):
            change = self._change(key, noted)
            if change is not None and change.body is not None and change.stamp < cleared:
                self._drop(key)
                del self.noted[key]

    async def _write(self) -> None:
        if not self.unsaved:
            return
        taken, self.noted = self.noted, {}
        cleared, self._cleared = self._cleared, None
        try:
            written, moving = await asyncio.to_thread(self._write_changes, taken, cleared)
        except BaseException:
            self._put_back(taken, cleared)
            raise
        if self._keep is not None:
            self._on_disk.update(key for key in taken if key in self.rows)
        self._seen = written.seen if self._loaded else 0
        ours = {self._shape.text(key) for key in taken} - written.refused if written.unseen else set[str]()
        self._take(self._decoded(line for line in written.unseen if line[1] not in ours))
        for key in moving:
            self.noted.setdefault(key, STORED)

    def _write_changes(self, taken: dict[K, float], cleared: Clearing | None) -> tuple[Written, list[K]]:
        moving: list[K] = []

        def changes() -> Iterator[Change]:  # one at a time: a list of them would be work for the collector
            for key, noted in taken.items():
                try:
                    change = self._change(key, noted)
                except RuntimeError:  # a dictionary that is being changed while we read it: next time
                    moving.append(key)
                    continue
                if change is not None:
                    yield change

        written = self.file.write(
            changes(), self._seen, self._now(), cleared=cleared, looking=self._loaded, keep=self._keep
        )
        return written, moving

    def _change(self, key: K, noted: float) -> Change | None:
        row = self.rows.get(key)
        text = self._shape.text(key)
        if row is not None:
            try:
                return self._shape.change(text, row, max(noted, 0.0))
            except (TypeError, ValueError) as error:
                self._log.warning("an entry has no written form, so it is kept in memory only: %s", error)
                return Change(text, None, 0.0, forgotten="evicted")
        if noted > STORED:
            return Change(text, None, noted)
        if noted == STORED:  # gone since: noted again, as what it is now
            return None
        return Change(text, None, 0.0, forgotten="spent" if noted == SPENT else "evicted")

    def _put_back(self, taken: dict[K, float], cleared: Clearing | None) -> None:
        if self._cleared is not None:  # everything since has been noted again
            return
        newer, self.noted = self.noted, taken
        self._cleared = cleared
        for key, noted in newer.items():
            older = taken.get(key, STORED)
            taken[key] = noted if noted > STORED or older <= STORED else older

    def _note_everything(self) -> None:
        self._seen = 0
        if self._cleared is not None:  # ids are the new file's
            self._cleared = replace(self._cleared, seen=0)
        for key in self.rows:
            self.noted.setdefault(key, STORED)

    def _begin_again(self) -> None:
        """Deletions were missed: only what we changed ourselves is kept, the rest is read again."""
        old, self.rows = self.rows, type(self.rows)()
        self._shape.emptied()
        self._on_disk = set()
        self._seen = 0
        for key in self.noted:
            row = old.pop(key, None)
            if row is not None:
                self.rows[key] = row
                self._shape.arrived(key, row)
        self._let_go(old)

    def _let_go(self, old: dict[K, R]) -> None:
        """Free many rows a few at a time, so that the loop is not stopped."""

        async def free() -> None:
            while old:
                for _ in range(min(PAGE * 5, len(old))):
                    old.popitem()
                await asyncio.sleep(0)

        if len(old) > PAGE and _loop_runs():
            task = asyncio.create_task(free())
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def _repair(self, error: Damaged) -> None:
        """Set the damaged file aside; what is in memory, and what can be read of it, goes into a new one."""

        def rescue() -> tuple[_Read[K, R], str]:
            known = {self._shape.text(key) for key in tuple(self.rows)}
            lines = (line for line in self.file.rescued() if line[2] is not None and line[1] not in known)
            saved, there = self._decoded(lines), str(self.file.set_aside(self._now()))
            self._shape.begun_anew()
            return saved, there

        try:
            read, there = await asyncio.to_thread(rescue)
        except Damaged as again:
            raise StorageError(f"{self.file.path} is damaged ({again}): move it away") from again
        self._take(read)
        self._note_everything()
        self._loaded = True
        self._log.error(
            "%s was damaged (%s): it is now %s; %d entries were saved from it and go into a new file",
            self.file.path,
            error,
            there,
            len(self.rows),
        )


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
