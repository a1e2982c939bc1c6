"""The same with nothing configured: one server on SQLite, killed with -9 under its jobs."""

from __future__ import annotations

import time

from chaos_house import House, dice, scale, some_urls
from chaos_records import check_completed, check_happened_once, check_journal, check_nothing_done_again


def test_a_server_killed_under_its_jobs_goes_on_with_them(house_on_sqlite: House) -> None:
    """30 jobs: each completes, and no finished stage is done again."""
    house = house_on_sqlite
    chance = dice()
    house.services.turn(seconds=0.2, honours_keys=False)
    jobs = house.submit(some_urls(scale(30, 300)))
    for _ in range(scale(1, 15)):
        time.sleep(chance.uniform(0.0, 0.8))  # a moment like any other: that is what is tested
        assert house.server is not None
        house.fleet.kill(house.server)
        assert house.records.unfinished(), "it was killed too late"
        house.make_ready()
    house.wait_for(jobs, scale(40, 200))

    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_nothing_done_again(house.services.steps())
    house.check_texts(jobs)
