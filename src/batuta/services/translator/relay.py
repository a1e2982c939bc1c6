"""The backend that needs nobody: each part of the way by whoever it is for, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from batuta.services.translator.apertium import Apertium
from batuta.services.translator.bergamot import Bergamot
from batuta.services.translator.lines import Backend, Line
from batuta.services.translator.ways import Engine, Route


class Relay:
    """Translates lines with the models and the rules of this machine."""

    batch_lines = Bergamot.batch_lines
    batch_characters = Bergamot.batch_characters
    at_once = Bergamot.at_once

    def __init__(self, models: Bergamot, rules: Apertium) -> None:
        """Both are closed with this."""
        self._backends: Final[Mapping[Engine, Backend]] = {Engine.BERGAMOT: models, Engine.APERTIUM: rules}

    @property
    def identity(self) -> str:
        """The engines and everything they may use; without Apertium the models' alone."""
        return "+".join(filter(None, (backend.identity for backend in self._backends.values())))

    async def translate(self, lines: Sequence[Line], route: Route) -> Sequence[Line]:
        """The lines through the parts of the route; one that is left out on the way is missing in the end."""
        for part in route.parts:
            lines = await self._backends[part.legs[0].engine].translate(lines, part)
        return lines

    async def aclose(self) -> None:
        """Stop the engines."""
        for backend in self._backends.values():
            await backend.aclose()
