"""Many jobs of one owner, few of another, and a service that takes few at a time, over three workers."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection

import pytest
from chaos_house import PLACES, House, scale, some_urls
from chaos_records import Records, check_begun_once, check_completed, check_journal

from batuta.access.keys import Keys
from batuta.jobs import JobRecord
from batuta.storage.database import Database


@pytest.fixture
def keys(house: House) -> tuple[str, str]:
    """Two API keys of two owners."""

    async def make() -> tuple[str, str]:
        database = Database.at(house.fleet.told("DATABASE_URL"))
        keys = Keys(database)
        try:
            one, other = [await keys.create(name, ("submit", "read")) for name in ("one", "other")]
        finally:
            await keys.aclose()
            await database.aclose()
        return one.clear, other.clear

    return asyncio.run(make())


def test_many_jobs_delay_neither_others_nor_the_urgent(house: House, keys: tuple[str, str]) -> None:
    """Later jobs of another end before half of those that were left; urgent ones begin before the waiting."""
    many, few = keys
    house.services.turn(seconds=0.8, slowest="transcriber")
    flood = house.submit(some_urls(scale(100, 500)), key=many)
    three = house.submit(some_urls(3), key=few)
    urgent = house.submit(some_urls(4), key=many, priority=10)
    jobs = [*flood, *three, *urgent]
    house.wait_for(jobs, scale(60, 300))
    check_journal(house.records, check_completed(house.records, jobs))
    check_begun_once(house.services.steps())

    late = max(end_of(job) for job in house.records.jobs(three))
    arrived = max(job.created_at for job in house.records.jobs(three))
    ends = [end for job in house.records.jobs(flood) if (end := end_of(job)) > arrived]
    assert len(ends) >= 20, "too few were left for the order to show"
    assert late < sorted(ends)[len(ends) // 2]

    came = max(job.created_at for job in house.records.jobs(urgent))
    last = max(begins(house.records, urgent))
    waited = [moment for moment in begins(house.records, flood) if moment > came]
    overtaking = [moment for moment in waited if moment < last]
    print(f"{len(overtaking)} of {len(waited)} that waited were begun before the urgent ones")
    assert len(waited) >= 10, "too few waited for the order to show"
    assert len(overtaking) < len(waited) / 4

    peak = house.services.state()["peak"]["transcriber"]
    print(f"at the transcriber at a time: {peak} of {PLACES} places")
    assert PLACES / 2 < peak <= PLACES


def end_of(job: JobRecord) -> dt.datetime:
    """When it was over."""
    assert job.completed_at is not None
    return job.completed_at


def begins(records: Records, jobs: Collection[str]) -> list[dt.datetime]:
    """When each of the jobs was begun."""
    events = records.events()
    return [events[job_id][0].at for job_id in jobs]
