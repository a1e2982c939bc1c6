"""The audio worker's four tasks, each in a module of its own; this is where a process of the pool begins."""

from __future__ import annotations

from collections.abc import Callable

from batuta.services.audio_worker.contract import ENGINE_VERSION, Result, Task
from batuta.services.normalizer.passes import Progress

__all__ = ["ENGINE_VERSION", "Result", "Task", "work"]


def work(task: Task, report: Callable[[float], None]) -> Result:
    """Do the task; raises `InvalidRequest`, `MediaError`, and then leaves no file."""
    # Imported when they are wanted: only `separate` needs onnxruntime, and `extract` the recogniser's VAD.
    progress = Progress(report)
    match task["task"]:
        case "extract":
            from batuta.services.audio_worker.extract import extract  # noqa: PLC0415

            result: Result = extract(task, progress)
        case "separate":
            from batuta.services.audio_worker.separate import separate_bed  # noqa: PLC0415

            result = separate_bed(task, progress)
        case "mix":
            from batuta.services.audio_worker.mix import mix  # noqa: PLC0415

            result = mix(task, progress)
        case "merge":
            from batuta.services.audio_worker.merge import merge  # noqa: PLC0415

            result = merge(task, progress)
    report(100.0)
    return result
