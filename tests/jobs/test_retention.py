"""Retention: old jobs and results are forgotten, and then the files that nobody mentions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from counting import open_jobs
from disturbed import executions, finished

from batuta.errors import NotFound
from batuta.jobs.retention import Lifetimes, Retention
from batuta.storage.artefacts import Artefact, ObjectArtefacts
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio
NOW = dt.timedelta()
DAY = dt.timedelta(days=1)


async def cleaned(folder: Path, lifetimes: Lifetimes) -> tuple[int, int]:
    """How many jobs and files a cleaning removed."""
    database = Database.in_folder(folder)
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    async with open_jobs(folder, standby=True) as jobs:
        retention = Retention(database, artefacts, jobs.store, jobs.journal, (), ())
        found = await retention.clean(lifetimes, fresh=NOW)
    await database.aclose()
    return found.jobs, found.files


async def test_nothing_young_is_touched(tmp_path: Path) -> None:
    """Neither jobs nor files."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
    assert await cleaned(tmp_path, Lifetimes(DAY, DAY)) == (0, 0)
    async with open_jobs(tmp_path) as jobs:
        assert (await jobs.get(record.job_id)).result == record.result


async def test_what_lies_between_the_stages_goes_first(tmp_path: Path) -> None:
    """The job's own result stays as long as the job; the first stage's file does not."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
    assert await cleaned(tmp_path, Lifetimes(DAY, NOW)) == (0, 1)
    artefacts = ObjectArtefacts.in_folder(tmp_path / "artefacts")
    assert record.result is not None
    assert await artefacts.has(Artefact.model_validate(record.result["file"]))


async def test_old_jobs_go_with_their_files(tmp_path: Path) -> None:
    """And what they were computed from; asked for again, it is computed again."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
    assert await cleaned(tmp_path, Lifetimes(NOW, NOW)) == (1, 2)
    async with open_jobs(tmp_path) as jobs:
        with pytest.raises(NotFound):
            await jobs.get(record.job_id)
        await finished(jobs, "hello")
    assert executions(tmp_path) == ["upper", "twice"] * 2


async def test_a_file_that_two_jobs_share_stays_for_the_second(tmp_path: Path) -> None:
    """Deleting one job takes nothing from another."""
    async with open_jobs(tmp_path) as jobs:
        first, second = await finished(jobs, "hello"), await finished(jobs, "hello")
        await jobs.delete(first.job_id)
    await cleaned(tmp_path, Lifetimes(DAY, NOW))
    artefacts = ObjectArtefacts.in_folder(tmp_path / "artefacts")
    assert second.result is not None
    assert await artefacts.has(Artefact.model_validate(second.result["file"]))
