"""The clips of a script put over the background: what the audio worker is asked, out of the script."""

from __future__ import annotations

import asyncio
from typing import Final

from batuta.dubbing.models import Script
from batuta.dubbing.orders import Mix
from batuta.dubbing.scripts import Scripts, placements_of
from batuta.jobs import OnProgress
from batuta.jobs.pieces import Pieces
from batuta.services.audio_worker.orders import AudioResult, AudioTask, Placed

VERSION: Final = "1"


class Mixing:
    """Does `Mix` orders."""

    def __init__(self, pieces: Pieces, scripts: Scripts) -> None:
        self._pieces = pieces
        self._scripts = scripts

    async def mix(self, order: Mix, on_progress: OnProgress) -> AudioResult:
        """The sound of the dub, as long as the video."""
        task = await asyncio.to_thread(_task, order, await self._scripts.read(order.script))
        return await self._pieces.do(order.job, "mix", task, on_progress)


def _task(order: Mix, script: Script) -> AudioTask:
    spoken = [
        (segment.clip, Placed(start=placement.start, tempo=placement.tempo))
        for segment, placement in zip(script.segments, placements_of(script), strict=True)
        if segment.clip is not None
    ]
    return AudioTask(
        task="mix",
        bed=order.bed,
        voice_loudness=order.voice_loudness,
        clips=tuple(clip for clip, _ in spoken),
        placements=tuple(placed for _, placed in spoken),
        duration=script.duration,
        keep_background=order.bed is not None,
        profile=order.profile,
        again=order.again,
    )
