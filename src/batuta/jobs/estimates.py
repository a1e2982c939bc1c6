"""How long a job will still take, judged by how its present stage goes. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final

from batuta.jobs.records import JobRecord, StageStatus

LEAST_PROGRESS: Final = 2.0
"""Per cent of a stage before anything is said: what the first moments promise is seldom kept."""


def seconds_left(record: JobRecord, now: dt.datetime) -> float | None:
    """Seconds until the end, or None where nothing honest can be said.

    The rest of the stage under way goes on at its own pace; a later stage takes its weight's share of that
    pace. A stage that waits, is stalled or has hardly begun says nothing.
    """
    name = record.current_stage
    if name is None:
        return None
    stage = record.stages[name]
    if stage.status is not StageStatus.PROCESSING or stage.stalled or stage.started_at is None:
        return None
    if stage.progress < LEAST_PROGRESS:
        return None
    elapsed = max((now - stage.started_at).total_seconds(), 0.0)
    whole = elapsed * 100 / stage.progress
    later = sum(
        other.weight * (1 - other.progress / 100)
        for other in record.stages.values()
        if other is not stage and other.status in {StageStatus.PENDING, StageStatus.PROCESSING}
    )
    ahead = whole / stage.weight * later if stage.weight else 0.0
    return round(whole - elapsed + ahead, 1)
