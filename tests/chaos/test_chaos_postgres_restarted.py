"""Postgres crashes under the jobs and comes back: everything goes on, no process is restarted."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
from chaos_fleet import wait_until
from chaos_house import House, scale, some_urls
from chaos_records import check_completed, check_happened_once, check_journal, check_nothing_done_again

from batuta.testing.postgres import PostgresServer

PATIENCE_SECONDS = 60.0
"""A question asked while Postgres is away is answered within this time."""


def test_postgres_crashes_and_comes_back_under_the_jobs(house: House, postgres: PostgresServer) -> None:
    """Every job completes, and the server answers, with an error at worst."""
    house.services.turn(seconds=0.2)
    processes = [each.pid for each in house.fleet.workers]
    jobs = house.submit(some_urls(scale(40, 400)))
    asked = next(iter(jobs))
    with ThreadPoolExecutor(2) as threads:
        for away_seconds in [3] * scale(1, 4) + [25] * scale(0, 1):
            wait_until("something is at work", lambda: any(house.records.unfinished().values()), 20)
            postgres.stop("immediate")
            try:
                answers = [threads.submit(ask, house.address, path) for path in (f"/jobs/{asked}", "/jobs")]
                time.sleep(away_seconds)  # so long it is away
            finally:
                postgres.start()
            for answer in answers:
                check_said_honestly(answer.result())
    wait_until("the server answers as before", answers_well(house.address, asked), 15)
    house.wait_for(jobs, scale(60, 300))

    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_nothing_done_again(house.services.steps())
    house.check_texts(jobs)
    assert [each.pid for each in house.fleet.workers] == processes, "a worker ended"


def ask(address: str, path: str) -> httpx2.Response:
    """The server's answer, however long it takes."""
    return httpx2.get(f"{address}{path}", timeout=PATIENCE_SECONDS)


def answers_well(address: str, job_id: str) -> Callable[[], bool]:
    """Whether the server answers as if nothing had been."""
    return lambda: ask(address, f"/jobs/{job_id}").status_code == 200


def check_said_honestly(answer: httpx2.Response) -> None:
    """It waited for Postgres, or said in the one shape of errors that it could not."""
    if answer.status_code != 200:
        assert answer.status_code >= 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "storage_error", answer.text
