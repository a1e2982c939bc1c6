"""Whoever logs does not wait for whoever writes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence

import pytest
import structlog

from batuta.logs import start_outlet
from batuta.telemetry.lines import Entry, Written, text_line
from batuta.telemetry.outlet import Outlet, StderrSink

LIMIT = 10.0


class Stuck:
    """A sink that is held up until it is freed."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.free = threading.Event()
        self.written: list[Entry] = []

    def write(self, entries: Sequence[Written]) -> None:
        self.entered.set()
        assert self.free.wait(LIMIT)
        self.written += [line.entry for line in entries]


def entry(event: str) -> Entry:
    return Entry(0.0, "INFO", "x", event, {})


def test_a_full_queue_drops_and_says_how_many() -> None:
    """Ten may wait; of a hundred more, ninety are counted and told with the next line that gets through."""
    sink = Stuck()
    outlet = Outlet([sink], capacity=10)
    outlet.put(entry("first"))
    assert sink.entered.wait(LIMIT)
    begun = time.monotonic()
    for number in range(100):
        outlet.put(entry(str(number)))
    assert time.monotonic() - begun < 1.0
    sink.free.set()
    outlet.stop()
    assert [found.event for found in sink.written] == ["first", *map(str, range(10)), "log.dropped"]
    assert sink.written[-1].fields["entries"] == 90
    assert sink.written[-1].level == "WARNING"


def test_a_sink_that_fails_leaves_the_others_their_lines() -> None:
    """Once for each batch, for ever if need be."""

    class Failing:
        def write(self, entries: Sequence[Written]) -> None:
            raise RuntimeError(f"cannot write {len(entries)}")

    sink = Stuck()
    sink.free.set()
    outlet = Outlet([Failing(), sink])
    outlet.put(entry("one"))
    assert sink.entered.wait(LIMIT)
    outlet.put(entry("two"))
    outlet.stop()
    assert [found.event for found in sink.written] == ["one", "two"]


def test_the_end_does_not_wait_for_a_sink_that_is_stuck() -> None:
    """The thread dies with the process."""
    sink = Stuck()
    outlet = Outlet([sink])
    outlet.put(entry("one"))
    begun = time.monotonic()
    outlet.stop(0.05)
    assert time.monotonic() - begun < 2.0
    sink.free.set()


def test_a_reader_of_stderr_that_went_to_sleep_does_not_stop_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe holds 64 kB; what does not fit waits in our queue, not in the program."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        stop = start_outlet([StderrSink(text_line)], "INFO")
        log = structlog.get_logger()
        begun = time.monotonic()
        for number in range(2000):
            log.info("said", number=number, text="x" * 100)
        assert time.monotonic() - begun < 5.0
        drained = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reader, 1 << 16), b"")])
        drained.start()
        stop()
        monkeypatch.undo()
    drained.join(LIMIT)
    os.close(reader)
