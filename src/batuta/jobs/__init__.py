"""Jobs of several stages that survive the process: each stage happens once, its result is kept."""

from batuta.jobs.carrier import Capacity
from batuta.jobs.jobs import Jobs, Terms
from batuta.jobs.orders import LocalWorker, OnProgress, Order, Worker
from batuta.jobs.pipelines import Pipeline, Run, pipeline
from batuta.jobs.records import Event, JobRecord, JobStatus, StageRecord, StageStatus
from batuta.jobs.store import Listing

__all__ = [
    "Capacity",
    "Event",
    "JobRecord",
    "JobStatus",
    "Jobs",
    "Listing",
    "LocalWorker",
    "OnProgress",
    "Order",
    "Pipeline",
    "Run",
    "StageRecord",
    "StageStatus",
    "Terms",
    "Worker",
    "pipeline",
]
