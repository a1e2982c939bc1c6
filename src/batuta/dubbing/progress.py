"""How far each segment of a dub is, for whoever watches: rows in the database, and bars of the job."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from batuta.dubbing.models import Segment
from batuta.dubbing.orders import Speak
from batuta.dubbing.store import SegmentRows
from batuta.jobs import Jobs, OnProgress
from batuta.jobs.inner_stages import InnerStages, inner_stages

WITHIN: Final = ("transcription", "translation")
"""Stages that go on inside the stage `synthesis`."""

Watch = Callable[[Speak, OnProgress], AbstractAsyncContextManager["Progress"]]


class Progress:
    """Told of every segment that moves."""

    def __init__(self, rows: SegmentRows, order: Speak, bars: InnerStages, on_progress: OnProgress) -> None:
        self._rows = rows
        self._order = order
        self._bars = bars
        self._on_progress = on_progress
        self._heard_share = 0.0
        self._heard: set[int] = set()
        self._translated: set[int] = set()
        self._spoken: set[int] = set()

    async def heard(self, segments: Iterable[Segment], until: float) -> None:
        """These were heard, and everything up to this second of the video."""
        self._heard_share = min(until / self._order.duration, 1.0) if self._order.duration else 1.0
        await self.moved(segments)

    async def moved(self, segments: Iterable[Segment]) -> None:
        """These are as far as they say."""
        for segment in (found := list(segments)):
            self._heard.add(segment.index)
            if segment.text:
                self._translated.add(segment.index)
            if segment.clip is not None:
                self._spoken.add(segment.index)
        await self._rows.put(self._order.job, found)
        self._show()

    def finished(self) -> None:
        """All of it is done."""
        for name in WITHIN:
            self._bars.percent[name] = 100.0

    def _show(self) -> None:
        """A bar is the share of the sound that was heard, times the share of its lines that are as far."""
        lines = max(len(self._heard), 1)
        self._bars.percent["transcription"] = 100 * self._heard_share
        translated = self._heard_share * len(self._translated) / lines
        self._bars.percent["translation"] = 100 * translated
        self._on_progress(100 * self._heard_share * len(self._spoken) / lines)


class Watching:
    """Makes the progress of each order; `jobs` is set once they exist."""

    def __init__(self, rows: SegmentRows) -> None:
        self._rows = rows
        self.jobs: Jobs | None = None

    @asynccontextmanager
    async def __call__(self, order: Speak, on_progress: OnProgress) -> AsyncGenerator[Progress]:
        """The progress of one order."""
        if self.jobs is None:
            raise RuntimeError("set `jobs` before any job is carried")
        if order.script is None:
            await self._rows.forget(order.job)
        async with inner_stages(self.jobs.store, order.job, WITHIN) as bars:
            progress = Progress(self._rows, order, bars, on_progress)
            yield progress
            progress.finished()
