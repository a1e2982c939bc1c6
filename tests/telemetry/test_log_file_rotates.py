"""The log file is set aside when it is large, by whichever process sees it first."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from batuta.telemetry.log_file import LogFile


def lines_in(folder: Path) -> list[str]:
    """All lines, the oldest file first."""
    files = sorted(
        folder.glob("a.log*"), key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0
    )
    return [line for file in files for line in file.read_text().splitlines()]


def test_older_files_are_numbered_and_few(tmp_path: Path) -> None:
    """No file is larger than the limit, and no more are kept than said."""
    file = LogFile(tmp_path / "a.log", max_bytes=100, keep=3)
    for number in range(100):
        file.write(f"line {number:04}\n")
    file.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert lines_in(tmp_path) == [f"line {number:04}" for number in range(60, 100)]


def test_writers_beside_each_other_lose_no_line(tmp_path: Path) -> None:
    """Each keeps a file of its own open, as processes do."""

    def write(name: str) -> None:
        file = LogFile(tmp_path / "a.log", max_bytes=2000, keep=500)
        for number in range(500):
            file.write(f"{name} {number:04}\n")
        file.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two", "six")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(list(tmp_path.iterdir())) > 5
    assert sorted(lines_in(tmp_path)) == sorted(
        f"{name} {n:04}" for name in ("one", "two", "six") for n in range(500)
    )


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """As logrotate and operators do."""
    file = LogFile(tmp_path / "a.log")
    file.write("before\n")
    (tmp_path / "a.log").rename(tmp_path / "old")
    file.write("after\n")
    (tmp_path / "a.log").unlink()
    file.write("again\n")
    file.close()
    assert (tmp_path / "old").read_text() == "before\n"
    assert (tmp_path / "a.log").read_text() == "again\n"


def test_the_world_cannot_read_it(tmp_path: Path) -> None:
    """Titles and addresses are in it."""
    file = LogFile(tmp_path / "logs" / "a.log")
    file.write("x\n")
    file.close()
    assert not stat.S_IMODE((tmp_path / "logs" / "a.log").stat().st_mode) & stat.S_IRWXO


def test_a_pipe_that_nobody_reads_is_an_error_and_no_wait(tmp_path: Path) -> None:
    """Whatever lies under the name, the writer is not held up."""
    import os  # noqa: PLC0415

    os.mkfifo(tmp_path / "a.log")
    with pytest.raises(OSError, match="No such device"):
        LogFile(tmp_path / "a.log").write("x\n")
