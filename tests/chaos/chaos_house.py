"""A whole house under test: services that misbehave, a server, workers, and the records they leave."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from chaos_fleet import Fleet, Member, free_port, wait_until
from chaos_records import Records, Step, steps_of

from batuta.jobs import JobRecord

LONG = os.environ.get("BATUTA_CHAOS") == "long"
WORKERS = 3
PLACES = 8
"""At the transcriber, over all workers."""
MEDIA = "https://media.example"


def scale(short: int, long: int) -> int:
    """How many, in the form that was asked for."""
    return long if LONG else short


def dice() -> random.Random:
    """The dice of one test; the seed is printed, and can be given."""
    seed = int(os.environ.get("BATUTA_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"to repeat: BATUTA_CHAOS_SEED={seed}")
    return random.Random(seed)


class Services:
    """The services of `chaos_service.py`, in a process of their own."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self._log = folder / "executed.jsonl"
        self._log.touch()
        self._address = f"http://127.0.0.1:{free_port()}"
        self._seen = 0
        program = Path(__file__).with_name("chaos_service.py")
        port = self._address.rpartition(":")[2]
        member = fleet.program("services", str(program), port, str(self._log))
        fleet.answers(member, f"{self._address}/state")

    @property
    def environment(self) -> dict[str, str]:
        """What leads Batuta to these services."""
        return {
            "VIDEO_DOWNLOADER_URL": f"{self._address}/downloader",
            "AUDIO_NORMALIZATION_URL": f"{self._address}/normalizer",
            "AUDIO_TRANSCRIBER_URL": f"{self._address}/transcriber",
            "TRANSLATOR_URL": f"{self._address}/transcriber",  # nobody asks it
        }

    def turn(self, **switches: Any) -> None:
        """Set the switches of `chaos_service.Switches`, the others as they are by default."""
        self._seen = len(steps_of(self._log))
        httpx2.post(f"{self._address}/switches", json=switches, timeout=10).raise_for_status()

    def state(self) -> Mapping[str, Any]:
        """What happened since the switches were set."""
        answer: Mapping[str, Any] = httpx2.get(f"{self._address}/state", timeout=10).json()
        return answer

    def steps(self) -> list[Step]:
        """What was executed since then."""
        return steps_of(self._log)[self._seen :]


@dataclass
class House:
    """Services, a server, and workers where the database is one for many."""

    folder: Path
    fleet: Fleet
    services: Services
    records: Records
    server_alone: Mapping[str, str]
    """What only the server is told."""
    workers: int = WORKERS
    shares_folder: bool = True
    """Whether all processes have one data folder, as on one machine."""
    port: int = field(default_factory=free_port)
    server: Member | None = None

    @property
    def address(self) -> str:
        """The server's."""
        return f"http://127.0.0.1:{self.port}"

    def make_ready(self) -> None:
        """Start whoever is missing, and wait until all are at work."""
        new = [self.start_worker() for _ in range(self.workers - len(self.fleet.workers))]
        if self.server is None or not self.server.alive:
            self.start_server()
        self.fleet.ready(*new)
        if self.server is not None:
            self.fleet.answers(self.server, f"{self.address}/jobs?limit=1")

    def start_worker(self) -> Member:
        """Start one more; it is not ready yet."""
        return self.fleet.worker(**self._own_folder())

    def start_server(self) -> Member:
        """Start the server; it does not answer yet."""
        self.server = self.fleet.server(self.port, **self.server_alone, **self._own_folder())
        return self.server

    def _own_folder(self) -> dict[str, str]:
        return {} if self.shares_folder else {"BATUTA_DATA": str(self.folder / uuid.uuid4().hex)}

    def busy_workers(self) -> list[Member]:
        """Those that carry jobs now."""
        return [worker for worker in self.fleet.workers if self.records.carried_by(worker.pid)]

    def submit(self, urls: Sequence[str], *, key: str | None = None, priority: int = 0) -> dict[str, str]:
        """Start a job for each URL; their URLs by their ids."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=self.address, timeout=30, headers=headers) as client:
            jobs: dict[str, str] = {}
            for url in urls:
                answer = client.post("/pipeline", json={"youtube_url": url, "priority": priority})
                assert answer.status_code == 202, answer.text
                jobs[answer.json()["job_id"]] = url
        return jobs

    def wait_for(self, jobs: Collection[str], seconds: float, *watches: Takeovers) -> None:
        """Wait until all jobs are at their ends, and have the takeovers looked at meanwhile."""

        def over() -> bool:
            unfinished = self.records.unfinished()
            for watch in watches:
                watch.look(unfinished)
            return not unfinished.keys() & set(jobs)

        wait_until(f"all {len(jobs)} jobs are at their ends", over, seconds)

    def check_texts(self, jobs: Mapping[str, str], *, key: str | None = None) -> None:
        """Each job's text is the one of its own media, read through the server."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=self.address, timeout=30, headers=headers) as client:
            for job_id, url in jobs.items():
                assert client.get(f"/jobs/{job_id}").json()["transcription_text"] == url.partition("?")[0]


class Takeovers:
    """How soon the jobs of dead workers are carried by others."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._left: dict[str, tuple[float, int]] = {}
        self.seconds: list[float] = []

    def died(self, member: Member, at: float) -> None:
        """Watch for what this worker had."""
        self._left.update(dict.fromkeys(self._records.carried_by(member.pid), (at, member.pid)))

    def look(self, unfinished: Mapping[str, str | None]) -> None:
        """See which of them have been taken over, or are over."""
        for job_id, (at, pid) in list(self._left.items()):
            carrier = unfinished.get(job_id)
            if carrier is None or f"-{pid}-" not in carrier:
                self.seconds.append(time.time() - at)
                del self._left[job_id]


def some_urls(how_many: int) -> list[str]:
    """URLs nobody asked for before."""
    batch = uuid.uuid4().hex[:8]
    return [f"{MEDIA}/{batch}/{number}" for number in range(how_many)]


def jobs_per_second(jobs: Collection[JobRecord]) -> float:
    """From the first job's arrival to the last one's end."""
    ends = [job.completed_at or dt.datetime.max.replace(tzinfo=dt.UTC) for job in jobs]
    return len(jobs) / (max(ends) - min(job.created_at for job in jobs)).total_seconds()
