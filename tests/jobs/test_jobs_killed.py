"""kill -9 anywhere: the job completes after a restart, and no finished stage was executed again."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from batuta.storage.database import Database

PROGRAM = Path(__file__).with_name("counting.py")
STAGE_SECONDS = "0.15"
KILLS = 10


def start(folder: Path) -> subprocess.Popen[str]:
    """The program at work on the one job."""
    command = [sys.executable, str(PROGRAM), str(folder), "hello", STAGE_SECONDS]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def journal(folder: Path) -> list[str]:
    """The finished executions of the folder, by stage."""

    async def read() -> list[str]:
        database = Database.in_folder(folder)
        query = sa.text("select stage from stage_executions where finished_at is not null order by id")
        stages = await database.read(lambda connection: [row.stage for row in connection.execute(query)])
        await database.aclose()
        return stages

    return asyncio.run(read())


@pytest.mark.slow
def test_ten_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    """The output is the undisturbed run's, and the journal shows one execution of each stage."""
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    calm.mkdir()
    disturbed.mkdir()
    expected = start(calm).communicate(timeout=30)[0].split()[-1]

    chance = random.Random(7)
    for _ in range(KILLS):
        process = start(disturbed)
        assert process.stdout is not None
        process.stdout.readline()  # the job is under way
        time.sleep(chance.uniform(0, 0.35))
        process.kill()
        process.communicate()
    output = start(disturbed).communicate(timeout=30)[0].split()

    assert output[-2:] == ["completed", expected]
    assert journal(disturbed) == ["upper", "twice"]
