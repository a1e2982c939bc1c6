"""The downloader: media behind a URL, or a file taken in as it is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from batuta.clients import RetryPolicy, remaining
from batuta.errors import ServiceUnavailable
from batuta.jobs.orders import OnProgress, Order
from batuta.services.downloader.contract import ENGINE, ENGINE_VERSION, FetchResult, FetchTask
from batuta.services.downloader.orders import Download
from batuta.services.engines.pool import EnginePool
from batuta.services.work import Made

CONCURRENCY: Final = 2


class Downloader:
    """Downloads with yt-dlp in processes of their own."""

    name = "video-downloader"
    order: type[Order[Any]] = Download
    version = ENGINE_VERSION
    concurrency = CONCURRENCY

    def __init__(
        self,
        *,
        max_bytes: int,
        timeout_seconds: float,
        url_allow: Sequence[str],
        trusts_orders: bool,
        retry: RetryPolicy,
    ) -> None:
        """`timeout_seconds` is for one download; past `max_bytes` it is refused.

        `url_allow` names hosts and networks that may be connected to although they are not public; with
        `trusts_orders` an order may name more.
        """
        self._max_bytes = max_bytes
        self._url_allow = tuple(url_allow)
        self._trusts_orders = trusts_orders
        self._retry = retry
        self._jitter = random.Random().random  # noqa: S311  # spreads retries, guards nothing
        self._timeout_seconds = timeout_seconds
        self._engines: EnginePool[FetchTask, FetchResult] = EnginePool(ENGINE, size=CONCURRENCY)

    async def perform(
        self, order: Download, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        """Bring the file here and look inside."""
        task: FetchTask = {
            "url": order.url,
            "path": None if order.file is None else str(files["file"]),
            "output_folder": str(workspace),
            "quality": order.quality,
            "max_bytes": self._max_bytes,
            "timeout_seconds": self._timeout_seconds,
            "url_allow": [*self._url_allow, *(order.url_allow if self._trusts_orders else ())],
        }
        found = await self._fetched(task, on_progress)
        return Made(
            file=order.file or Path(found["path"]),
            media_type=found["media_type"],
            filename=found["filename"] or "upload",
            details={
                "title": found["title"],
                "duration": found["duration"],
                "has_audio": found["has_audio"],
                "has_video": found["has_video"],
            },
        )

    async def _fetched(self, task: FetchTask, on_progress: OnProgress) -> FetchResult:
        """What the engine brings; a site that may do better later is asked again."""
        retries = 0
        while True:
            try:
                return await self._engines.run(task, on_progress)
            except ServiceUnavailable as error:
                wait = self._retry.wait(retries, error.retry_after, remaining(), self._jitter())
                if wait is None:
                    raise
                retries += 1
                await asyncio.sleep(wait)

    async def aclose(self) -> None:
        """Stop the engines."""
        await self._engines.aclose()
