"""Writing log entries from a thread of its own, so that no slow disk or full pipe ever holds up the program.

Whoever logs only puts the entry into a bounded queue. When that is full the entry is dropped and counted,
and the next line that gets through is followed by how many were lost.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Final, Protocol

from batuta.telemetry.lines import Entry, Written, written
from batuta.telemetry.log_file import LogFile

CAPACITY: Final = 10_000
"""Entries that may wait to be written."""
BATCH: Final = 1000
GATHER_SECONDS: Final = 0.02
"""More entries are waited for so long: a thread that wakes for each costs the program more than the writing
(measured: 45 instead of 75 µs for a request and its line)."""
STOP_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 2.0
"""A file that could not be written is tried again after so long."""


class Sink(Protocol):
    """A place where entries are written."""

    def write(self, lines: Sequence[Written]) -> None:
        """Write them down."""
        ...


class Outlet:
    """A queue, and the thread that empties it into the sinks."""

    def __init__(self, sinks: Sequence[Sink], *, capacity: int = CAPACITY) -> None:
        self._sinks = sinks
        self._capacity = capacity
        # Without bounds of its own and without a lock: safe inside a signal handler or a finalizer.
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._dropped = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="batuta-log", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Have the entry written soon; never waits."""
        if self._queue.qsize() < self._capacity:
            self._queue.put(entry)
            return
        with self._counting:
            self._dropped += 1

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Write what is waiting, but for so long at most."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._batch()
            lost = self._take_dropped()
            if lost:
                batch.append(_warning("log.dropped", {"entries": lost, "reason": "the log queue was full"}))
            lines = [written(entry) for entry in batch]
            for sink in self._sinks if lines else ():
                try:
                    sink.write(lines)
                except Exception:  # noqa: BLE001, S112  # whom should a log that fails tell? the others go on
                    continue

    def _batch(self) -> tuple[list[Entry], bool]:
        """What is waiting, at least one entry unless it is the end; and whether to go on."""
        entry = self._queue.get()
        if entry is not None and self._queue.qsize() < BATCH:
            time.sleep(GATHER_SECONDS)
        batch: list[Entry] = []
        while entry is not None:
            batch.append(entry)
            if len(batch) == BATCH:
                return batch, True
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _take_dropped(self) -> int:
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        return dropped


class StderrSink:
    """Lines on whatever `sys.stderr` is at the moment."""

    def __init__(self, line: Callable[[Written], str]) -> None:
        self._line = line

    def write(self, lines: Sequence[Written]) -> None:
        """One write for all of them."""
        stream = sys.stderr
        stream.write("".join(f"{self._line(line)}\n" for line in lines))
        stream.flush()


class FileSink:
    """Lines in a rotated file; a disk that is full costs lines, counted, and never more than that."""

    def __init__(self, file: LogFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._lost = 0
        self._not_before = 0.0

    def write(self, lines: Sequence[Written]) -> None:
        """Append them, or count them as lost."""
        if self._lost and self._clock() < self._not_before:
            self._lost += len(lines)
            return
        texts = [line.text for line in lines]
        if self._lost:
            fields = {"entries": self._lost, "reason": "the log file could not be written"}
            texts.insert(0, written(_warning("log.lost", fields)).text)
        try:
            self._file.write("".join(f"{text}\n" for text in texts))
        except OSError as error:
            self._fail(error, len(lines))
        else:
            self._lost = 0

    def _fail(self, error: OSError, lines: int) -> None:
        first = self._lost == 0
        self._lost += lines
        self._not_before = self._clock() + RETRY_SECONDS
        if first:
            why = _warning("log.file_not_written", {"cause": str(error), "action": "free space on the disk"})
            print(written(why).text, file=sys.stderr)  # noqa: T201  # the one place left to say it


def _warning(event: str, fields: Mapping[str, object]) -> Entry:
    return Entry(time.time(), "WARNING", "batuta.logs", event, fields)
