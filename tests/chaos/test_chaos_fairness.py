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


def test_few_jobs_of_one_owner_do_not_wait_for_many_of_another(house: House, keys: tuple[str, str]) -> None:
    """Three complete before half of the hundred that came earlier; the service is never asked for too much."""
    many, few = keys
    house.services.turn(seconds=0.4, slowest="transcriber")
    flood = house.submit(some_urls(scale(100, 500)), key=many)
    three = house.submit(some_urls(3), key=few)
    house.wait_for([*flood, *three], scale(60, 300))

    late = [end_of(job) for job in check_completed(house.records, three)]
    half = sorted(end_of(job) for job in check_completed(house.records, flood))[len(flood) // 2]
    assert max(late) < half
    check_journal(house.records, house.records.jobs([*flood, *three]))
    check_begun_once(house.services.steps())
    peak = house.services.state()["peak"]["transcriber"]
    print(f"at the transcriber at a time: {peak} of {PLACES} places")
    assert PLACES / 2 < peak <= PLACES


def test_the_urgent_jobs_of_an_owner_come_before_his_others(house: House, keys: tuple[str, str]) -> None:
    """Of those that wait when they arrive, hardly any is begun before them."""
    house.services.turn(seconds=0.3, slowest="transcriber")
    usual = house.submit(some_urls(scale(90, 300)), key=keys[0])
    urgent = house.submit(some_urls(4), key=keys[0], priority=10)
    house.wait_for([*usual, *urgent], scale(60, 300))

    since = max(job.created_at for job in check_completed(house.records, urgent))
    last = max(begins(house.records, urgent))
    before = [moment for moment in begins(house.records, usual) if since < moment < last]
    waiting = [moment for moment in begins(house.records, usual) if since < moment]
    print(f"{len(before)} of {len(waiting)} that waited were begun first")
    assert len(waiting) > 20, "too few waited for the order to show"
    assert len(before) < len(waiting) / 4


def end_of(job: JobRecord) -> dt.datetime:
    """When it was over."""
    assert job.completed_at is not None
    return job.completed_at


def begins(records: Records, jobs: Collection[str]) -> list[dt.datetime]:
    """When each of the jobs was begun."""
    events = records.events()
    return [events[job_id][0].at for job_id in jobs]
