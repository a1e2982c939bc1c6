"""Logs on a disk that is full for a while; run by `test_log_full_disk`."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import structlog

from batuta.logs import start_outlet
from batuta.telemetry import outlet
from batuta.telemetry.lines import Entry, written
from batuta.telemetry.log_file import LogFile


def main() -> None:
    outlet.RETRY_SECONDS = 0.0
    file = LogFile(Path(sys.argv[1]))
    stop = start_outlet([outlet.FileSink(file)], "INFO", file.close)
    log = structlog.get_logger("small")
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    for number in range(200):
        log.info("before", number=number)
    stop()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("the program went on")


def again() -> None:
    """One sink through all of it."""
    outlet.RETRY_SECONDS = 0.0
    sink = outlet.FileSink(LogFile(Path(sys.argv[1])))
    entry = written(Entry(0.0, "INFO", "small", "x" * 300, {}))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    for _ in range(10):
        sink.write([entry])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    sink.write([entry])
    print("the program went on")


if __name__ == "__main__":
    again() if sys.argv[2:] else main()
