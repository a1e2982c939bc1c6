"""The normalizer: any media file in, audio fit for recognition out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from batuta.jobs.orders import OnProgress, Order
from batuta.services.engines.pool import EnginePool
from batuta.services.normalizer.contract import (
    ENGINE,
    ENGINE_VERSION,
    NormalizeResult,
    NormalizeTask,
)
from batuta.services.normalizer.orders import Normalize
from batuta.services.work import Made

CONCURRENCY: Final = 2
_FILENAME: Final = "audio_normalized.flac"


class Normalizer:
    """Filters with FFmpeg and RNNoise in processes of their own."""

    name = "audio-normalization"
    order: type[Order[Any]] = Normalize
    version = ENGINE_VERSION
    concurrency = CONCURRENCY

    def __init__(self) -> None:
        self._engines: EnginePool[NormalizeTask, NormalizeResult] = EnginePool(ENGINE, size=CONCURRENCY)

    async def perform(
        self, order: Normalize, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Filter the file's audio into lossless FLAC."""
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
        details = await self._engines.run(task, on_progress)
        return Made(output, "audio/flac", _FILENAME, details)

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()
