"""A worker stops longer than its lease and wakes again, where machines share a bucket and a database."""

from __future__ import annotations

from functools import partial

from chaos_fleet import Member, wait_until
from chaos_house import House, dice, scale, some_urls
from chaos_records import check_completed, check_happened_once, check_journal, check_nothing_done_again

TAKEOVER_SECONDS = 10.0


def test_a_worker_that_wakes_again_does_no_harm(house_of_many_machines: House) -> None:
    """Its jobs are taken over, each completes once, and it works on as one of the others."""
    house = house_of_many_machines
    chance = dice()
    house.services.turn(seconds=0.6)
    jobs: dict[str, str] = {}
    for _ in range(scale(1, 10)):
        jobs |= house.submit(some_urls(scale(18, 40)))
        wait_until("somebody has jobs", lambda: bool(house.busy_workers()), 10)
        zombie = chance.choice(house.busy_workers())
        house.fleet.stop(zombie)
        had = house.records.carried_by(zombie.pid)
        wait_until("others have them", partial(nothing_left, house, zombie), TAKEOVER_SECONDS)
        house.fleet.go_on(zombie)  # in the middle of what it did, and others do now
        print(f"{len(had)} jobs taken over from {zombie.pid}")
        assert had
    house.wait_for(jobs, scale(30, 120))

    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_nothing_done_again(house.services.steps())
    house.check_texts(jobs)  # made by the workers, read by the server, on another machine

    for worker in house.fleet.workers:
        if worker.pid != zombie.pid:
            house.fleet.kill(worker)
    more = house.submit(some_urls(4))
    wait_until("it works again", lambda: bool(house.records.carried_by(zombie.pid)), 10)
    house.wait_for(more, 30)
    check_completed(house.records, more)


def nothing_left(house: House, worker: Member) -> bool:
    """Whether others carry all that this one had."""
    return not house.records.carried_by(worker.pid)
