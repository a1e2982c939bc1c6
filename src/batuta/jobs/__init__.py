"""Jobs of several stages that survive the process: each stage happens once, its result is kept."""

from batuta.jobs.jobs import Jobs
from batuta.jobs.orders import LocalWorker, OnProgress, Order, Worker
from batuta.jobs.pipelines import Pipeline, Run, pipeline
from batuta.jobs.records import Event, JobRecord, JobStatus, StageRecord, StageStatus

__all__ = [
    "Event",
    "JobRecord",
    "JobStatus",
    "Jobs",
    "LocalWorker",
    "OnProgress",
    "Order",
    "Pipeline",
    "Run",
    "StageRecord",
    "StageStatus",
    "Worker",
    "pipeline",
]
