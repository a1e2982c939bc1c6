"""Workers killed with -9 at random moments, on one Postgres: nothing lost, nothing finished done again."""

from __future__ import annotations

import time

import pytest
from chaos_house import LONG, House, Takeovers, dice, jobs_per_second, scale, some_urls
from chaos_records import (
    check_begun_once,
    check_completed,
    check_happened_once,
    check_journal,
    check_nothing_done_again,
)

TAKEOVER_SECONDS = 10.0


def test_workers_killed_at_random_lose_no_job_and_repeat_no_stage(house: House) -> None:
    """90 jobs; every kill's jobs are with other workers within ten seconds, and each says what it should."""
    chance = dice()
    house.services.turn(seconds=0.3, honours_keys=False)
    jobs = house.submit(some_urls(scale(90, 1500)))
    takeovers = Takeovers(house.records)
    for _ in range(scale(3, 25)):
        time.sleep(chance.uniform(0.1, scale(1, 4)))  # a moment like any other: that is what is tested
        victim = chance.choice(house.fleet.workers)
        takeovers.died(victim, house.fleet.kill(victim))
        takeovers.look(house.records.unfinished())
        house.start_worker()
    house.wait_for(jobs, scale(60, 600), takeovers)

    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_nothing_done_again(house.services.steps())
    house.check_texts(jobs)
    worst = max(takeovers.seconds, default=0.0)
    print(
        f"{len(takeovers.seconds)} jobs taken over, the last after {worst:.1f} s (limit {TAKEOVER_SECONDS} s)"
    )
    print(f"{jobs_per_second(done):.1f} jobs/s through all that")
    assert takeovers.seconds, "nobody was killed at work"
    assert worst <= TAKEOVER_SECONDS


def test_equal_media_is_worked_on_once_by_all_workers(house: House) -> None:
    """Many URLs with the same bytes behind them, asked for at once: one normalization, one transcription."""
    chance = dice()
    house.services.turn(seconds=0.1)
    urls = [f"{url}?{copy}" for url in some_urls(scale(6, 40)) for copy in range(10)]
    jobs = house.submit(chance.sample(urls, len(urls)))
    house.wait_for(jobs, scale(30, 120))
    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_begun_once(house.services.steps())
    house.check_texts(jobs)


@pytest.mark.skipif(not LONG, reason="a figure, not a check: `make chaos` prints it")
def test_three_workers_undisturbed(house: House) -> None:
    """With services that finish at once."""
    jobs = house.submit(some_urls(1000))
    house.wait_for(jobs, 300)
    done = check_completed(house.records, jobs)
    check_journal(house.records, done)
    print(f"{jobs_per_second(done):.1f} jobs/s with {house.workers} workers and a server")
