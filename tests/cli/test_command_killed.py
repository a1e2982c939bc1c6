"""kill -9 of the whole process in every stage of one real captioning job."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from commands import Ended

import forked
from forked import Forked
from offspring import left_after

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]
STAGES = ["download", "normalization", "transcription", "subtitles"]
OF_ENGINES = STAGES[:3]
AGAIN_SECONDS = {"download": 0.1, "normalization": 0.3, "transcription": 0.6}
"""Before so long, since it was begun, a stage is killed; its engine alone takes longer to start."""


def test_a_job_killed_in_every_stage_ends_as_if_nothing_had_happened(
    batuta: Callable[..., Ended], environment: dict[str, str], best_of_times: Path, tmp_path: Path
) -> None:
    """Byte-identical output, one finished execution of each stage, no engine left behind."""
    calm = batuta(
        "caption", best_of_times, "-o", "calm.json", "-f", "json", BATUTA_DATA=str(tmp_path / "calm")
    )
    assert calm.code == 0, calm.stderr

    chance = random.Random(20)
    for stage in (None, *OF_ENGINES):
        seconds = chance.uniform(0, AGAIN_SECONDS.get(stage or "", 0.1))
        _kill_in(stage, seconds, environment, best_of_times, tmp_path)

    last = batuta("caption", best_of_times, "-o", "disturbed.json", "-f", "json")
    assert last.code == 0, last.stderr
    assert (tmp_path / "disturbed.json").read_bytes() == (tmp_path / "calm.json").read_bytes()

    (job,) = json.loads(batuta("jobs", "list", "--json").stdout)
    journal = batuta("jobs", "show", job["job_id"]).document["journal"]
    assert [execution["stage"] for execution in journal] == STAGES
    assert all(execution["finished_at"] for execution in journal)


def _kill_in(
    stage: str | None, seconds: float, environment: dict[str, str], source: Path, folder: Path
) -> None:
    """Start the job or go on with it, and kill it so long after it began the stage, or was itself begun."""
    process = Forked(
        forked.batuta,
        ["caption", str(source), "-o", "disturbed.json", "-f", "json"],
        output=folder / "killed",
        environment=environment,
        folder=folder,
    )
    try:
        give_up = time.monotonic() + 60
        while stage is not None and _begun(Path(environment["BATUTA_DATA"])) != stage:
            assert process.poll() is None, (folder / "killed").read_text()
            assert time.monotonic() < give_up, f"{stage} is not begun"
            time.sleep(0.005)
        time.sleep(seconds)  # a moment like any other: that is what is tested
        assert process.poll() is None, "it was killed too late"
        engines = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert left_after(5, engines) == []


def _begun(data: Path) -> str | None:
    """The stage that is under way."""
    database = data / "batuta.sqlite"
    if not database.exists():
        return None
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            open_one = connection.execute("select stage from stage_executions where finished_at is null")
            row = open_one.fetchone()
        except sqlite3.OperationalError:  # it is being made
            return None
    return None if row is None else row[0]
