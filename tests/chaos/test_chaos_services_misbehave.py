"""Services that fail in every way they can: no job is lost, nothing is executed twice, the cause is told."""

from __future__ import annotations

import re

import pytest
from chaos_house import LONG, PLACES, House, dice, scale, some_urls
from chaos_records import check_begun_once, check_completed, check_happened_once, check_journal

from batuta.jobs import JobStatus

FAULTS = {
    "answering 500": {"submit": {"error": 0.1}, "poll": {"error": 0.1}, "download": {"error": 0.1}},
    "hanging": {"submit": {"hang": 0.02}, "poll": {"hang": 0.02}, "download": {"hang": 0.02}},
    "breaking off": {"submit": {"drop": 0.1}, "poll": {"drop": 0.1}, "download": {"drop": 0.05}},
    "losing jobs": {"poll": {"lose": 0.1}},
    "busy": {"submit": {"busy": 0.1}, "poll": {"busy": 0.1}, "download": {"busy": 0.1}},
    "executed but answered as timeout": {"submit": {"swallow": 0.05}},
}
AT_ONCE = {
    request: {name: share for each in FAULTS.values() for name, share in each.get(request, {}).items()}
    for request in ("submit", "poll", "download")
}
MOST_THAT_FAIL = 0.5
"""A result whose transfer breaks off fails its job; everything else is tried again."""
CAUSE = re.compile(
    r"^(video-downloader|audio-normalization|audio-transcriber) "
    r"(\w+ /\w+/jobs\S* (answered [45]\d\d: chaos|got no answer: )|keeps failing)"
)
"""Who failed, asked for what, and how."""


@pytest.mark.parametrize("how", [*(FAULTS if LONG else ()), "at once"])
def test_jobs_survive_services_that_are(how: str, house: House) -> None:
    """No job is lost: those that fail say why, and what the service did for a key it did once."""
    faults = FAULTS.get(how, AT_ONCE)
    house.services.turn(seconds=0.05, faults=faults, most=2, seed=dice().randrange(10**6))
    jobs = house.submit(some_urls(scale(24, 200)))
    house.wait_for(jobs, scale(60, 600))
    told = house.services.state()["faults"]
    print(f"told to go wrong: {told}")
    assert told, "nothing went wrong"

    ends = house.records.jobs(jobs)
    done = [job for job in ends if job.status is JobStatus.COMPLETED]
    failed = [job for job in ends if job not in done]
    print(f"{len(done)} jobs completed, {len(failed)} failed: {[job.error for job in failed[:3]]}")
    for job in failed:
        assert job.error is not None
        assert CAUSE.match(job.error["message"]), job.error
    assert len(failed) <= len(ends) * MOST_THAT_FAIL
    check_happened_once(house.records, done)
    check_journal(house.records, ends)
    check_begun_once(house.services.steps())
    house.check_texts({job.job_id: jobs[job.job_id] for job in done})


def test_a_refusal_is_told_in_the_services_words_and_keeps_no_place(house: House) -> None:
    """More jobs fail at the transcriber than it has places; the next job gets one all the same."""
    house.services.turn(faults={"submit": {"refuse": 1.0}}, faulty="transcriber")
    jobs = house.submit(some_urls(PLACES + 4))
    house.wait_for(jobs, 30)
    for job in house.records.jobs(jobs):
        assert job.status is JobStatus.FAILED
        assert job.error is not None
        assert (
            "audio-transcriber POST /transcriber/jobs answered 422: chaos: not this one"
            in job.error["message"]
        )

    house.services.turn()
    more = house.submit(some_urls(3))
    house.wait_for(more, 20)
    check_journal(house.records, [*check_completed(house.records, more), *house.records.jobs(jobs)])
