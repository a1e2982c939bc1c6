"""kill -9 of the whole process at ten random moments of one real captioning job."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from commands import COMMAND, Ended

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]
KILLS = 10
STAGES = ["download", "normalization", "transcription", "subtitles"]


def test_a_job_killed_ten_times_ends_as_if_nothing_had_happened(
    batuta: Callable[..., Ended], environment: dict[str, str], two_cities: Path, tmp_path: Path
) -> None:
    """Byte-identical output, one finished execution of each stage, no engine left behind."""
    environment["WHISPER_MODEL"] = "base"
    begun = time.monotonic()
    calm = batuta("caption", two_cities, "-o", "calm.json", "-f", "json", BATUTA_DATA=str(tmp_path / "calm"))
    assert calm.code == 0, calm.stderr
    usual_seconds = time.monotonic() - begun

    chance = random.Random(20)
    killed = [
        _killed_after(chance.uniform(0.1, 0.6) * usual_seconds, environment, two_cities, tmp_path)
        for _ in range(KILLS)
    ]
    assert sum(killed) >= KILLS / 2, "most of the moments must lie within the job"

    last = batuta("caption", two_cities, "-o", "disturbed.json", "-f", "json")
    assert last.code == 0, last.stderr
    assert (tmp_path / "disturbed.json").read_bytes() == (tmp_path / "calm.json").read_bytes()

    (job,) = json.loads(batuta("jobs", "list", "--json").stdout)
    journal = batuta("jobs", "show", job["job_id"]).document["journal"]
    assert [execution["stage"] for execution in journal] == STAGES
    assert all(execution["finished_at"] for execution in journal)


def _killed_after(seconds: float, environment: dict[str, str], source: Path, folder: Path) -> bool:
    """Start the job or go on with it, and kill it; whether it was still at work."""
    process = subprocess.Popen(
        [*COMMAND, "caption", str(source), "-o", "disturbed.json", "-f", "json"],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        engines = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(engines, timeout=5)
        assert alive == []
        return True
    return False
