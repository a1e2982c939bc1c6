"""What a photo shows: looked at for colours and things, then read for text; each part may fail alone."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Sequence
from typing import Final

import structlog

from batuta.errors import BatutaError, UnsupportedMedia
from batuta.services.engines.pool import EnginePool
from batuta.services.vision.bench import Bench, check_size, limited
from batuta.services.vision.contract import LOOK, READ, Line, LookResult, LookTask, ReadResult, ReadTask
from batuta.services.vision.kinds import HEAD_BYTES, described, image_kind
from batuta.services.vision.models import ImageAttributes
from batuta.weights import Weights

MAX_BYTES: Final = 25 * 1024 * 1024
LABELS: Final = "efficientnet-lite0"
"""The set of weights that names things."""
_LOOK_SECONDS: Final = 20.0
_LOOK_AT_ONCE: Final = 2
_READ_SECONDS: Final = 30.0
_READ_THREADS: Final = 2
_SHOWN: Final = 300
"""Characters of what went wrong that a warning repeats."""

log = structlog.get_logger(__name__)


class Sight:
    """Looks at pictures, in processes of its own."""

    def __init__(self, weights: Weights, bench: Bench) -> None:
        self.reads_text = importlib.util.find_spec("rapidocr") is not None
        self._weights = weights
        self._bench = bench
        self._threads = min(len(os.sched_getaffinity(0)), _READ_THREADS)
        self._looking: EnginePool[LookTask, LookResult] = EnginePool(LOOK, size=_LOOK_AT_ONCE)
        self._reading: EnginePool[ReadTask, ReadResult] = EnginePool(READ, threads=self._threads)

    async def attributes(self, image: bytes) -> ImageAttributes:
        """See `Vision.attributes`."""
        check_size(image, MAX_BYTES, "a picture")
        head = image[:HEAD_BYTES]
        if image_kind(head) is None:
            raise UnsupportedMedia(
                f"the picture is {described(head)}: send PNG, JPEG, WebP, GIF or BMP instead"
            )
        folder, warnings = await asyncio.to_thread(self._weights.locate, LABELS), list[str]()
        if folder is None:
            warnings.append(f"what the picture shows is not named here: batuta models pull {LABELS}")
        async with self._bench.place(image, "pixels.npy") as place:
            task = LookTask(input=str(place.given), output=str(place.made), labels=folder and str(folder))
            seen = await limited(self._looking.run(task), _LOOK_SECONDS, "looking at the picture")
            warnings += seen["warnings"]
            lines = await self._lines(str(place.made), warnings)
        return ImageAttributes.model_validate({**seen, "text": lines, "warnings": warnings})

    async def names_things(self) -> bool:
        """Whether the weights for labels are here."""
        return await asyncio.to_thread(self._weights.locate, LABELS) is not None

    async def aclose(self) -> None:
        """Stop every process."""
        await asyncio.gather(self._looking.aclose(), self._reading.aclose())

    async def _lines(self, pixels: str, warnings: list[str]) -> Sequence[Line]:
        """The text in the picture; none, and one more of the `warnings`, when it cannot be read."""
        task = ReadTask(input=pixels, threads=self._threads)
        try:
            return (await limited(self._reading.run(task), _READ_SECONDS, "reading"))["lines"]
        except BatutaError as error:
            log.warning("vision.text_not_read", cause=str(error))
            warnings.append(f"text in the picture could not be read: {str(error)[:_SHOWN]}")
            return []
