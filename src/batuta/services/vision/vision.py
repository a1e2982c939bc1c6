"""What a photo shows and a recording says: bytes in, attributes or words out, the work in other processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from batuta.jobs.orders import Worker
from batuta.services.vision import hearing, sight
from batuta.services.vision.bench import Bench
from batuta.services.vision.hearing import Hearing
from batuta.services.vision.models import Heard, ImageAttributes
from batuta.services.vision.sight import Sight
from batuta.services.vision.uploads import Uploads
from batuta.storage.artefacts import ArtefactStore
from batuta.tasks import ended
from batuta.weights import Weights

MAX_BYTES: Final = max(sight.MAX_BYTES, hearing.MAX_BYTES)
"""Of any file sent here."""
_CLEAN_SECONDS: Final = 300.0

log = structlog.get_logger(__name__)


class Vision:
    """Looks at pictures and listens to recordings; close it with `aclose`."""

    def __init__(
        self, weights: Weights, transcriber: Worker | None, artefacts: ArtefactStore, folder: Path
    ) -> None:
        """`transcriber` does the orders of `audio-transcriber`; without one nothing is transcribed.

        What is under way, and what was sent ahead, lies in `folder`, which several processes may share.
        """
        self.uploads = Uploads(folder / "uploads")
        self._bench = Bench(folder / "work")
        self._sight = Sight(weights, self._bench)
        self._hearing = Hearing(transcriber, artefacts, self._bench)

    @property
    def reads_text(self) -> bool:
        """Whether text recognition is installed."""
        return self._sight.reads_text

    async def names_things(self) -> bool:
        """Whether the weights for labels are here."""
        return await self._sight.names_things()

    async def attributes(self, image: bytes) -> ImageAttributes:
        """What the picture shows; a part that fails is empty and warned of.

        Raises `UnsupportedMedia` (415), `PayloadTooLarge` (413), `UnreadableMedia`, `InvalidRequest` (422),
        `ServiceUnavailable` when no picture can be looked at here, `DeadlineExceeded`.
        """
        return await self._sight.attributes(image)

    async def transcribe(self, audio: bytes, *, filename: str = "", language: str | None = None) -> Heard:
        """What is said in the recording; `language` is a code or name, found out when it is None or `auto`.

        Raises as `attributes` does, `NoAudio` for media without sound, and `MediaError` when nobody speaks.
        """
        return await self._hearing.transcribe(audio, filename, language)

    async def keep_clean(self) -> None:
        """Delete uploads, and what killed processes left, once they are an hour old; for ever."""
        while True:
            try:
                await asyncio.to_thread(self.uploads.clean)
                await asyncio.to_thread(self._bench.clean)
            except OSError as error:  # a disk that is unwell now may not be so in five minutes
                log.warning("vision.not_cleaned", cause=str(error))
            await asyncio.sleep(_CLEAN_SECONDS)

    async def aclose(self) -> None:
        """Stop every process of ours."""
        await asyncio.gather(self._sight.aclose(), self._hearing.aclose())


@asynccontextmanager
async def open_vision(
    weights: Weights, transcriber: Worker | None, artefacts: ArtefactStore, folder: Path
) -> AsyncGenerator[Vision]:
    """`Vision` as long as the block lasts, its folder kept clean."""
    vision = Vision(weights, transcriber, artefacts, folder)
    cleaning = asyncio.create_task(vision.keep_clean(), name="vision-cleaning")
    try:
        yield vision
    finally:
        await ended(cleaning)
        await vision.aclose()
