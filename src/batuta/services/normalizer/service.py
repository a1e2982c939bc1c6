"""The normalizer: any media file in, audio fit for recognition out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from batuta.jobs.orders import OnProgress, Order
from batuta.services.engines.pool import EnginePool
from batuta.services.normalizer.orders import Normalize
from batuta.services.work import Made

CONCURRENCY: Final = 2
VERSION: Final = "normalizer-1"
"""Changes with `engine.ENGINE_VERSION`, which cannot be imported here without importing FFmpeg."""
_ENGINE: Final = "batuta.services.normalizer.engine:normalize"
_FILENAME: Final = "audio_normalized.flac"


class Normalizer:
    """Filters with FFmpeg and RNNoise in processes of their own."""

    name = "audio-normalization"
    order: type[Order[Any]] = Normalize
    version = VERSION
    concurrency = CONCURRENCY

    def __init__(self) -> None:
        self._engines = EnginePool(_ENGINE, size=CONCURRENCY)

    async def perform(
        self, order: Normalize, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Filter the file's audio into lossless FLAC."""
        output = workspace / _FILENAME
        flags = order.model_dump(exclude={"file"})
        task = {"input": str(files["file"]), "output": str(output), "display_name": "the file", **flags}
        details = await self._engines.run(task, on_progress)
        return Made(output, "audio/flac", _FILENAME, details)

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()
