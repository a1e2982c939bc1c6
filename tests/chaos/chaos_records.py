"""What the database and the services' log say afterwards, and what must be true of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from batuta.jobs import Event, JobRecord, JobStatus
from batuta.jobs.journal import executions_table
from batuta.jobs.store import jobs_table

STAGES = ("download", "normalization", "transcription", "subtitles")
_BY_OURSELVES = "subtitles"
"""The stage that no service does."""


@dataclass(frozen=True)
class Step:
    """One line of the services' log."""

    at: float
    service: str
    key: str
    work: str
    what: str
    """begun, finished, collected (its result was sent, whole) or lost."""


def steps_of(log: Path) -> list[Step]:
    """The services' log."""
    return [Step(**json.loads(line)) for line in log.read_text().splitlines()]


class Records:
    """The tables of Batuta, read from outside."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)

    @classmethod
    def at(cls, url: str) -> Records:
        """Those in Postgres."""
        return cls(sa.make_url(url).set(drivername="postgresql+psycopg"))

    @classmethod
    def in_folder(cls, folder: Path) -> Records:
        """Those of a data folder."""
        return cls(sa.URL.create("sqlite", database=str(folder / "batuta.sqlite")))

    def rows(self, query: sa.Executable) -> Sequence[sa.Row[tuple]]:
        """What the query gives."""
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def unfinished(self) -> dict[str, str | None]:
        """Every job that is not at its end, with who carries it."""
        active = jobs_table.c.status.in_([str(JobStatus.QUEUED), str(JobStatus.RUNNING)])
        rows = self.rows(sa.select(jobs_table.c.job_id, jobs_table.c.carrier).where(active))
        return {row.job_id: row.carrier for row in rows}

    def carried_by(self, pid: int) -> set[str]:
        """The unfinished jobs of a process of this machine."""
        return {job for job, carrier in self.unfinished().items() if carrier and f"-{pid}-" in carrier}

    def jobs(self, job_ids: Collection[str]) -> list[JobRecord]:
        """The records, in the order of the ids."""
        rows = self.rows(sa.select(jobs_table.c.job_id, jobs_table.c.record))
        found = {row.job_id: JobRecord.model_validate_json(row.record) for row in rows}
        missing = [job_id for job_id in job_ids if job_id not in found]
        assert not missing, f"jobs lost: {missing}"
        return [found[job_id] for job_id in job_ids]

    def events(self) -> Mapping[str, list[Event]]:
        """What happened to each job."""
        events: dict[str, list[Event]] = defaultdict(list)
        for row in self.rows(sa.text("select job_id, event from job_events order by job_id, seq")):
            events[row.job_id].append(Event.model_validate_json(row.event))
        return events

    def executions(self) -> Sequence[sa.Row[tuple]]:
        """The stage journal."""
        return self.rows(sa.select(executions_table).order_by(executions_table.c.id))


def check_completed(records: Records, job_ids: Collection[str]) -> list[JobRecord]:
    """Every job is there and completed."""
    jobs = records.jobs(job_ids)
    others = [
        (job.job_id, str(job.status), job.error) for job in jobs if job.status is not JobStatus.COMPLETED
    ]
    assert not others, f"{len(others)} of {len(jobs)} jobs did not complete: {others[:5]}"
    return jobs


def check_happened_once(records: Records, jobs: Collection[JobRecord]) -> None:
    """Each completed job ended once, each of its stages once, and its events are numbered without a gap."""
    events = records.events()
    for job in jobs:
        kinds = Counter((event.kind, event.stage) for event in events[job.job_id])
        once = {("job.completed", None), *(("stage.completed", stage) for stage in STAGES)}
        assert {kind: kinds[kind] for kind in once} == dict.fromkeys(once, 1), (job.job_id, kinds)
        assert not kinds["job.failed", None], (job.job_id, kinds)
        numbers = [event.seq for event in events[job.job_id]]
        assert numbers == list(range(1, len(numbers) + 1)), (job.job_id, numbers)


def check_journal(records: Records, jobs: Collection[JobRecord]) -> None:
    """One finished execution for each piece of work, and nothing left open that would keep a place."""
    ids = {job.job_id for job in jobs}
    ours = [row for row in records.executions() if row.job_id in ids]
    left_open = [(row.job_id, row.stage, row.remote_id) for row in ours if row.finished_at is None]
    assert not left_open, f"left open: {left_open}"
    finished = Counter(row.key for row in ours)
    again = {key: times for key, times in finished.items() if times > 1}
    assert not again, f"finished more than once: {again}"


def check_nothing_done_again(steps: Sequence[Step]) -> None:
    """What was done and collected was not begun again."""
    collected: set[str] = set()
    for step in steps:
        if step.what == "collected":
            collected.add(step.key)
        assert not (step.what == "begun" and step.key in collected), f"done again: {step}"


def check_begun_once(steps: Sequence[Step]) -> None:
    """Where the service honours the key, nothing was executed twice, unless the service had lost it."""
    begun, lost = (Counter(step.key for step in steps if step.what == what) for what in ("begun", "lost"))
    again = {key: (times, lost[key]) for key, times in begun.items() if times > 1 + lost[key]}
    assert not again, f"begun more often than once and after each loss: {again}"
