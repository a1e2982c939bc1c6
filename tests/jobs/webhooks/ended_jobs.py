"""A job that is over, and the secret its end is told with."""

from __future__ import annotations

import datetime as dt

from batuta.jobs.records import JobRecord, JobStatus

SECRET = "whsec_" + "c2l4dGVlbiBieXRlcyBhcmUgbm90IGVub3VnaA=="


def ended(job_id: str = "abc", **changes: object) -> JobRecord:
    """A job that is over."""
    at = dt.datetime(2026, 11, 3, 12, 30, tzinfo=dt.UTC)
    values = {
        "job_id": job_id,
        "pipeline": "captions",
        "request": {"youtube_url": "https://example.com/v"},
        "status": JobStatus.COMPLETED,
        "stages": {},
        "created_at": at,
        "updated_at": at,
        "completed_at": at + dt.timedelta(minutes=2),
        "result": {"language": "en", "duration": 44.0},
    }
    return JobRecord.model_validate(values | changes)
