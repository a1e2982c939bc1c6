"""A full disk costs lines of the log, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from batuta.logs import start_logging
from batuta.settings import Settings
from batuta.telemetry.lines import Entry, written
from batuta.telemetry.log_file import LogFile
from batuta.telemetry.outlet import RETRY_SECONDS, FileSink

PROGRAM = Path(__file__).with_name("logging_on_a_small_disk.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, timeout=60, check=True
    )


def test_a_file_that_may_not_grow_does_not_stop_the_program(tmp_path: Path) -> None:
    """The limit ends a line in its middle, as a full disk does; stderr says it once."""
    ended = run(str(tmp_path / "a.log"))
    assert ended.stdout == "the program went on\n"
    assert ended.stderr.count("log.file_not_written") == 1
    assert (tmp_path / "a.log").stat().st_size <= 2000


def test_when_there_is_room_again_the_lost_lines_are_counted(tmp_path: Path) -> None:
    """And the line that was torn is ended first."""
    ended = run(str(tmp_path / "a.log"), "again")
    assert ended.stdout == "the program went on\n"
    lines = (tmp_path / "a.log").read_text().splitlines()
    whole = [line for line in lines if line.endswith("x" * 300)]
    assert len(whole) == 3  # two before the disk was full, one after
    (lost,) = [line for line in lines if "log.lost" in line]
    assert "entries=8" in lost
    assert lost.startswith("20")


def test_a_device_without_space_leaves_stderr(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is still told there."""
    folder = settings.batuta_data / "logs"
    folder.mkdir()
    (folder / "orchestrator.log").symlink_to("/dev/full")
    stop = start_logging(settings, json_lines=False)
    for number in range(50):
        structlog.get_logger().info("told", number=number)
    stop()
    told = capsys.readouterr().err
    assert told.count(" told number=") == 50
    assert "No space left on device" in told


def test_a_folder_that_cannot_be_made_is_told_and_survived(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in its place, for one."""
    (settings.batuta_data / "logs").write_text("a file")
    stop = start_logging(settings, json_lines=False)
    structlog.get_logger().info("told")
    stop()
    assert " told" in capsys.readouterr().err


def test_a_full_disk_is_not_tried_at_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But again after a while."""
    now = 0.0
    (tmp_path / "logs").write_text("in the way")
    sink = FileSink(LogFile(tmp_path / "logs" / "a.log"), clock=lambda: now)
    entry = written(Entry(0.0, "INFO", "x", "said", {}))
    sink.write([entry])
    (tmp_path / "logs").unlink()
    sink.write([entry, entry])
    assert not (tmp_path / "logs").exists()
    now = RETRY_SECONDS
    sink.write([entry])
    first, last = (tmp_path / "logs" / "a.log").read_text().splitlines()
    assert "log.lost entries=3" in first
    assert last.endswith("said")
    assert capsys.readouterr().err.count("log.file_not_written") == 1
