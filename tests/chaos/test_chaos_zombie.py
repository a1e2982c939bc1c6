"""A worker that stops longer than its lease and wakes again, on machines that share a bucket and a database."""

from __future__ import annotations

from chaos_fleet import wait_until
from chaos_house import House, dice, scale, some_urls
from chaos_records import check_completed, check_happened_once, check_journal, check_nothing_done_again


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
        try:
            wait_until("others have them", lambda: not house.records.carried_by(zombie.pid), 12)
        except AssertionError:
            import sqlalchemy as sa
            print("zombie", zombie.pid, zombie.log)
            print(house.records.unfinished())
            for r in house.records.rows(sa.text("select pid, client_port, state, now()-state_change as since, now()-xact_start as xact, wait_event_type, wait_event, pg_blocking_pids(pid), left(query,150) from pg_stat_activity where datname=current_database() and (state<>'idle' or xact_start is not null)")): print(r)
            for r in house.records.rows(sa.text("select workflow_uuid, status, executor_id, queue_name, recovery_attempts, updated_at from dbos.workflow_status where status not in ('SUCCESS')")): print(r)
            for r in house.records.rows(sa.text("select *, now() from leases")): print(r)
            raise
        house.fleet.go_on(zombie)  # in the middle of what it did, and others do now
        print(f"{len(had)} jobs taken over from {zombie.pid}")
        assert had
    house.wait_for(jobs, scale(30, 120))

    more = house.submit(some_urls(40))
    wait_until("it works again", lambda: bool(house.records.carried_by(zombie.pid)), 10)
    jobs |= more
    house.wait_for(jobs, scale(30, 120))
    import sqlalchemy as sa
    bad=[j.job_id for j in house.records.jobs(jobs) if j.status!="completed"]
    for b in bad:
        for r in house.records.rows(sa.text(f"select * from dbos.workflow_status where workflow_uuid='{b}'")): print(r._asdict())
        for r in house.records.rows(sa.text(f"select * from dbos.operation_outputs where workflow_uuid='{b}'")): print(r)
        for e in house.records.events()[b]: print(e)
    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_nothing_done_again(house.services.steps())
    house.check_texts(jobs)  # made by the workers, read by the server, on another machine
