"""How long a job will still take: the stage under way at its own pace, later ones by their weight."""

from __future__ import annotations

import datetime as dt

import pytest

from batuta.jobs.estimates import seconds_left
from batuta.jobs.records import Event, JobRecord, StageRecord, evolve

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    """So many seconds after the start."""
    return START + dt.timedelta(seconds=seconds)


def job(*events: Event) -> JobRecord:
    """A job of two stages, the second three times as heavy, after the events."""
    record = JobRecord(
        job_id="job",
        pipeline="test",
        request={},
        stages={"first": StageRecord(weight=1), "second": StageRecord(weight=3)},
        created_at=START,
        updated_at=START,
    )
    for event in events:
        record = evolve(record, event)
    return record


STARTED = Event(kind="stage.started", stage="first", at=START)


def progress(percent: float, stage: str = "first") -> Event:
    """The stage has come so far."""
    return Event(kind="stage.progress", stage=stage, data={"progress": percent}, at=START)


@pytest.mark.parametrize(
    ("events", "now", "left"),
    [
        ([], 10, None),
        ([STARTED], 10, None),
        ([STARTED, progress(1)], 10, None),
        ([STARTED, progress(50)], 10, 10 + 60),
        ([STARTED, progress(100)], 10, 30),
        ([STARTED, progress(50), Event(kind="stage.stalled", stage="first", at=START)], 10, None),
        ([STARTED, Event(kind="stage.waiting", stage="first", at=START)], 10, None),
        ([STARTED, progress(50), Event(kind="job.cancelled", at=START)], 10, None),
    ],
)
def test_an_estimate_is_given_where_it_is_honest(events: list[Event], now: float, left: float | None) -> None:
    """Nothing is said of a stage that waits, is stalled, or has hardly begun."""
    assert seconds_left(job(*events), at(now)) == left


def test_the_last_stage_counts_alone() -> None:
    """Nothing comes after it."""
    done = Event(kind="stage.completed", stage="first", data={"reused": False, "key": "k"}, at=at(5))
    begun = Event(kind="stage.started", stage="second", at=at(5))
    assert seconds_left(job(STARTED, done, begun, progress(25, "second")), at(15)) == 30


def test_a_stalled_stage_that_moves_again_is_not_stalled() -> None:
    """And progress never goes back."""
    stalled = Event(kind="stage.stalled", stage="first", at=START)
    record = job(STARTED, progress(50), stalled)
    assert record.stages["first"].stalled
    assert evolve(record, progress(40)) is record
    assert not evolve(record, progress(51)).stages["first"].stalled
