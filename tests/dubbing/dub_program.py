"""A process that carries one dub, and stands still where the test wants it killed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batuta.house import open_batuta
from batuta.jobs.journal import Execution, Journal
from batuta.services.gateway.models import Options
from batuta.settings import Settings

AT_WORK = {"extraction", "separation", "merge"}
"""Where it stands still while an engine works; elsewhere when the work is done and not noted yet."""
LINES_KEPT = 1
"""So many clips are noted before the synthesis stands still."""


def carry(data: Path, video: Path, stop: str | None) -> None:
    """Begin the dub of the video, or go on with it, up to its end or into the stage `stop`."""
    if stop is not None:
        _stand_still(stop)
    asyncio.run(_carry(data, video))


async def _carry(data: Path, video: Path) -> None:
    settings = Settings(batuta_data=data, whisper_model="tiny.en")
    async with open_batuta(settings) as batuta:
        assert batuta.gateway is not None
        (job,) = await batuta.gateway.jobs.newest(1) or [
            await batuta.gateway.uploads.take_file(
                video, "pt", Options(source_language="en", voice="espeak:pt-br")
            )
        ]
        record = await batuta.dubbing.orchestrate(job.id)
        record = await batuta.dubbing.end_of(record)
        report = await batuta.dubbing.report(record)
        print("completed", len(report["segments"]))


def _stand_still(stop: str) -> None:
    submitted, finish, keep = Journal.submitted, Journal.finish, Journal.keep
    kept = 0

    async def slow_submitted(journal: Journal, execution: Execution, remote_id: str) -> None:
        await submitted(journal, execution, remote_id)
        if execution.stage == stop and stop in AT_WORK:
            await _for_ever()

    async def slow_finish(journal: Journal, execution: Execution, result: dict[str, Any]) -> None:
        if execution.stage == stop and stop not in AT_WORK:
            await _for_ever()
        await finish(journal, execution, result)

    async def slow_keep(journal: Journal, key: str, result: dict[str, Any], **who: str) -> None:
        nonlocal kept
        if who["stage"] == stop == "synthesis":
            kept += 1
            if kept > LINES_KEPT:
                await _for_ever()
        await keep(journal, key, result, **who)

    _replace("submitted", slow_submitted)
    _replace("finish", slow_finish)
    _replace("keep", slow_keep)


def _replace(name: str, function: Callable[..., Awaitable[None]]) -> None:
    setattr(Journal, name, function)


async def _for_ever() -> None:
    print("standing still", flush=True)
    await asyncio.Event().wait()
