"""The normalizer: any media file in, audio fit for recognition out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from batuta.jobs.orders import OnProgress, Order
from batuta.services.engines.pool import EnginePool
from batuta.services.normalizer.contract import (
    ENGINE,
    ENGINE_VERSION,
    VOCALS_WEIGHTS,
    NormalizeResult,
    NormalizeTask,
)
from batuta.services.normalizer.orders import Normalize
from batuta.services.work import Made
from batuta.weights import Weights

CONCURRENCY: Final = 2
_FILENAME: Final = "audio_normalized.flac"


class Normalizer:
    """Filters with FFmpeg, RNNoise and Spleeter in processes of their own."""

    name = "audio-normalization"
    order: type[Order[Any]] = Normalize
    version = ENGINE_VERSION
    concurrency = CONCURRENCY

    def __init__(self, weights: Weights | None = None) -> None:
        """Without `weights` orders to isolate vocals are refused."""
        self._weights = weights
        self._engines: EnginePool[NormalizeTask, NormalizeResult] = EnginePool(ENGINE, size=CONCURRENCY)

    async def perform(
        self, order: Normalize, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Load the weights if voices are to be isolated, and filter the file's audio into lossless FLAC."""
        output = workspace / _FILENAME
        task: NormalizeTask = {
            "input": str(files["file"]),
            "output": str(output),
            "display_name": "the file",
            "remove_noise": order.remove_noise,
            "convert_to_mono": order.convert_to_mono,
            "apply_highpass_filter": order.apply_highpass_filter,
            "set_sample_rate_16k": order.set_sample_rate_16k,
            "isolate_vocals": order.isolate_vocals,
        }
        if order.isolate_vocals and self._weights:
            task["vocals_folder"] = str(await self._weights.ensure(VOCALS_WEIGHTS))
            task["threads"] = len(os.sched_getaffinity(0))
        details = await self._engines.run(task, on_progress)
        return Made(output, "audio/flac", _FILENAME, details)

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()
