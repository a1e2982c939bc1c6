"""The backend by models: Bergamot with those of Firefox, in a worker process that cancel kills."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from batuta.services.engines.pool import EnginePool
from batuta.services.translator.contract import ENGINE, TranslateResult, TranslateTask
from batuta.services.translator.lines import Line
from batuta.services.translator.models import Models
from batuta.services.translator.ways import Route

_IN, _OUT = "lines.json", "answer.json"


class Bergamot:
    """Translates lines with the models of this disk."""

    batch_lines = 100
    """About a second of work: progress is seen to move, and a line that crashes the engine is soon alone."""
    batch_characters = 20_000
    at_once = 1

    def __init__(self, models: Models) -> None:
        self._models = models
        self._engines: EnginePool[TranslateTask, TranslateResult] = EnginePool(ENGINE, size=1)

    @property
    def identity(self) -> str:
        """The engine and every file it may use."""
        return f"bergamot:{self._models.identity()}"

    async def translate(self, lines: Sequence[Line], route: Route) -> Sequence[Line]:
        """The lines through each leg of the route; a line on which the engine breaks is left out."""
        models = [await self._models.of(leg.pair) for leg in route.legs]
        with tempfile.TemporaryDirectory(prefix="batuta-lines-") as made:
            folder = Path(made)
            task = TranslateTask(input=str(folder / _IN), output=str(folder / _OUT), models=models)
            await asyncio.to_thread(_write, folder / _IN, lines)
            await self._engines.run(task)
            return await asyncio.to_thread(_read, folder / _OUT)

    async def aclose(self) -> None:
        """Stop the engine."""
        await self._engines.aclose()


def _write(path: Path, lines: Sequence[Line]) -> None:
    path.write_text(json.dumps([[line.id, line.text] for line in lines]), encoding="utf-8")


def _read(path: Path) -> list[Line]:
    found: list[tuple[int, str]] = json.loads(path.read_bytes())
    return [Line(number, text) for number, text in found]
