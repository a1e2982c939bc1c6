"""kill -9 anywhere: the job completes after a restart, and no finished stage was executed again."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import counting
import sqlalchemy as sa

from batuta.storage.database import Database
from forked import Forked, wait_for_text

STAGE_SECONDS = 0.15
KILLS = 10
SECONDS = 30


def start(folder: Path) -> Forked:
    """The program at work on the one job; what it prints goes to `printed`."""
    (folder / "printed").unlink(missing_ok=True)
    return Forked(counting.carry, [folder, "hello", STAGE_SECONDS], output=folder / "printed")


def output(folder: Path) -> list[str]:
    """What the program prints up to its end."""
    process = start(folder)
    assert process.wait(SECONDS) == 0
    return (folder / "printed").read_text().split()


def journal(folder: Path) -> list[str]:
    """The finished executions of the folder, by stage."""

    async def read() -> list[str]:
        database = Database.in_folder(folder)
        query = sa.text("select stage from stage_executions where finished_at is not null order by id")
        stages = await database.read(lambda connection: [row.stage for row in connection.execute(query)])
        await database.aclose()
        return stages

    return asyncio.run(read())


def test_ten_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    """The output is the undisturbed run's, and the journal shows one execution of each stage."""
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    calm.mkdir()
    disturbed.mkdir()
    expected = output(calm)[-1]

    chance = random.Random(7)
    for _ in range(KILLS):
        process = start(disturbed)
        wait_for_text(disturbed / "printed", "started", SECONDS)  # the job is under way
        time.sleep(chance.uniform(0, 0.35))
        process.kill()
        process.wait()

    assert output(disturbed)[-2:] == ["completed", expected]
    assert journal(disturbed) == ["upper", "twice"]
