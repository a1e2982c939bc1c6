"""The audio worker: what dubbing does to sound, from the video to the video."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from batuta.errors import InvalidRequest
from batuta.jobs.orders import OnProgress, Order
from batuta.services.audio_worker.contract import (
    ENGINE,
    ENGINE_VERSION,
    SEPARATION_WEIGHTS,
    ExtractTask,
    MergeTask,
    MixTask,
    PlanClip,
    Result,
    SeparateTask,
    Task,
)
from batuta.services.audio_worker.orders import AudioTask
from batuta.services.engines.pool import EnginePool
from batuta.services.work import Made
from batuta.weights import Weights

CONCURRENCY: Final = 2
_MEDIA_TYPES: Final = {".flac": "audio/flac", ".mp4": "video/mp4", ".mkv": "video/x-matroska"}
_MADE: Final = {"extract": "speech", "separate": "bed", "mix": "dub", "merge": "dubbed"}
"""What the file of each task is called."""


class AudioWorker:
    """Extracts, separates, mixes and merges in processes of its own."""

    name = "audio-worker"
    order: type[Order[Any]] = AudioTask
    version = ENGINE_VERSION
    concurrency = CONCURRENCY

    def __init__(self, weights: Weights | None = None) -> None:
        """Without `weights` orders to separate are refused."""
        self._weights = weights
        self._engines: EnginePool[Task, Result] = EnginePool(ENGINE, size=CONCURRENCY)

    async def perform(
        self, order: AudioTask, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Load the weights if voices are to go, write what is long into files, and do the task."""
        details = await self._engines.run(await self._task(order, files, workspace), on_progress)
        output = Path(details["output"])
        shown = {name: value for name, value in details.items() if name != "output"}
        return Made(output, _MEDIA_TYPES[output.suffix], _name(order, output), shown)

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()

    async def _task(self, order: AudioTask, files: Mapping[str, Path], workspace: Path) -> Task:
        name = order.filename or "the video"
        made = workspace / _MADE[order.task]
        flac = str(made.with_suffix(".flac"))
        match order.task:
            case "extract":
                return ExtractTask(task="extract", video=str(files["video"]), output=flac, name=name)
            case "separate":
                if self._weights is None:
                    raise InvalidRequest(
                        "Separation is not available without weights; mix over the original."
                    )
                return SeparateTask(
                    task="separate",
                    source=str(files.get("audio") or files["video"]),
                    output=flac,
                    name=name,
                    weights=str(await self._weights.ensure(SEPARATION_WEIGHTS)),
                    threads=len(os.sched_getaffinity(0)),
                )
            case "mix":
                plan = workspace / "plan.json"
                await asyncio.to_thread(plan.write_text, json.dumps(_plan(order, files)))
                background = files.get("bed") or files.get("audio") or files.get("video")
                return MixTask(
                    task="mix",
                    plan=str(plan),
                    output=flac,
                    name=name,
                    profile=order.profile,
                    background=str(background) if order.keep_background else None,
                    background_is_clean="bed" in files,
                    voice_loudness=order.voice_loudness,
                    duration=order.duration,
                    video=_text(files.get("video")),
                )
            case "merge":
                return MergeTask(
                    task="merge",
                    video=str(files["video"]),
                    audio=str(files["audio"]),
                    stem=str(made),
                    name=name,
                    source_language=order.source_language,
                    target_language=order.target_language,
                    subtitles_source=_text(files.get("subtitles_source")),
                    subtitles_target=_text(files.get("subtitles_target")),
                )


def _plan(order: AudioTask, files: Mapping[str, Path]) -> list[PlanClip]:
    return [
        PlanClip(file=str(files[f"clip_{number}"]), start=placed.start, tempo=placed.tempo)
        for number, placed in enumerate(order.placements)
    ]


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _name(order: AudioTask, output: Path) -> str:
    """What the file is called, after what the medium is called."""
    stem = Path(order.filename).stem if order.filename else ""
    return f"{stem}_{output.name}" if stem else output.name
