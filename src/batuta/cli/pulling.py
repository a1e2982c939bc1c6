"""Weights pulled before the work that needs them, where their progress can be seen."""

from __future__ import annotations

from collections.abc import Iterable

from batuta.cli.screen import weight_bars
from batuta.settings import Settings
from batuta.weights import Weights


async def pull(settings: Settings, names: Iterable[str]) -> None:
    """Get those of the sets that are known and not here; one nobody knows is left to the work to refuse."""
    weights = Weights.from_settings(settings)
    known = {status.weights.name for status in weights.status()}
    missing = [name for name in names if name in known and weights.locate(name) is None]
    if not missing:
        return
    with weight_bars() as bars:
        for name in missing:
            await weights.ensure(name, bars.show)
