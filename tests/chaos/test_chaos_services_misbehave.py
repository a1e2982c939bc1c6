"""Services that fail in every way they can: no job is lost, nothing is executed twice, the cause is told."""

from __future__ import annotations

import pytest
from chaos_house import PLACES, House, dice, scale, some_urls
from chaos_records import check_begun_once, check_completed, check_happened_once, check_journal

from batuta.jobs import JobStatus

FAULTS = {
    "answering 500": {"submit": {"error": 0.2}, "poll": {"error": 0.1}, "download": {"error": 0.2}},
    "hanging": {"submit": {"hang": 0.05}, "poll": {"hang": 0.05}, "download": {"hang": 0.05}},
    "breaking off": {"submit": {"drop": 0.2}, "poll": {"drop": 0.2}, "download": {"drop": 0.2}},
    "losing jobs": {"poll": {"lose": 0.2}},
    "busy": {"submit": {"busy": 0.2}, "poll": {"busy": 0.1}, "download": {"busy": 0.1}},
    "executed but answered as timeout": {"submit": {"swallow": 0.1}},
}


@pytest.mark.parametrize("how", FAULTS)
def test_jobs_complete_although_services_are(how: str, house: House) -> None:
    """Every job completes; what the service did for a key it did once."""
    seed = dice().randrange(10**6)
    house.services.turn(seconds=0.05, faults=FAULTS[how], most=2, seed=seed)
    jobs = house.submit(some_urls(scale(15, 200)))
    house.wait_for(jobs, scale(60, 600))
    told = house.services.state()["faults"]
    print(f"told to go wrong: {told}")
    assert told, "nothing went wrong"
    done = check_completed(house.records, jobs)
    check_happened_once(house.records, done)
    check_journal(house.records, done)
    check_begun_once(house.services.steps())
    house.check_texts(jobs)


def test_a_refusal_is_told_in_the_services_words_and_keeps_no_place(house: House) -> None:
    """More jobs fail at the transcriber than it has places; the next job gets one all the same."""
    house.services.turn(faults={"submit": {"refuse": 1.0}}, faulty="transcriber")
    jobs = house.submit(some_urls(PLACES + 4))
    house.wait_for(jobs, 30)
    for job in house.records.jobs(jobs):
        assert job.status is JobStatus.FAILED
        assert job.error is not None
        assert "audio-transcriber POST /transcriber/jobs answered 422: chaos: not this one" in job.error["message"]

    house.services.turn()
    more = house.submit(some_urls(3))
    house.wait_for(more, 20)
    check_journal(house.records, [*check_completed(house.records, more), *house.records.jobs(jobs)])
