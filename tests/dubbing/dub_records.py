"""What the databases of a data folder say of the work done in it, read from outside."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FINISHED = "select stage, key from stage_executions where finished_at is not null"
JOBS = "select job from service_jobs where service = ? or service like ? || '@%'"


@dataclass(frozen=True)
class DubRecords:
    """The data folder of a house."""

    data: Path

    def begun(self) -> list[str]:
        """Stages under way."""
        return [
            stage for (stage,) in self._rows("select stage from stage_executions where finished_at is null")
        ]

    def finished(self) -> list[tuple[str, str]]:
        """Work that was finished: its stage and its key."""
        return [(stage, key) for stage, key in self._rows(FINISHED)]

    def orders(self, service: str) -> list[dict[str, Any]]:
        """What an embedded service was asked, each order with how often it was begun (`runs`)."""
        return [json.loads(job) for (job,) in self._rows(JOBS, service, service)]

    def runs(self, service: str) -> int:
        """How often a service began work."""
        return sum(job["runs"] for job in self.orders(service))

    def tasks(self) -> Counter[str]:
        """How often each kind of task of the audio worker was begun."""
        found: Counter[str] = Counter()
        for job in self.orders("audio-worker"):
            found[job["order"]["task"]] += job["runs"]
        return found

    def spoken(self) -> dict[str, int]:
        """How often the work at each text that is spoken was begun."""
        return {
            job["order"]["text"]: job["runs"] for job in self.orders("speech") if job["status"] == "completed"
        }

    def gateway(self) -> list[tuple[str, str | None]]:
        """Status and output of the gateway's jobs, oldest first."""
        return [
            (s, key) for s, key in self._rows("select status, output_object_key from dub_jobs order by id")
        ]

    def _rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        """None while there is no database, or it is being made."""
        database = self.data / "batuta.sqlite"
        if not database.exists():
            return []
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                return []
