"""Which source gives a file of weights: the mirror, the hub, a package, a conversion; the first right one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from batuta.errors import WeightsCorrupt, WeightsError, WeightsMissing
from batuta.weights.archives import Archives
from batuta.weights.converting import converted
from batuta.weights.downloads import Web
from batuta.weights.incoming import Incoming
from batuta.weights.progress import Meter, OnProgress
from batuta.weights.shelf import MISSING, Problem
from batuta.weights.sources import (
    Converted,
    Interrupted,
    Source,
    SourceFailed,
    Stream,
    WebFile,
    WeightFile,
    WrongBytes,
)

_ATTEMPTS: Final = 5
"""Requests to one source that keeps breaking off; each must have brought bytes for the next to be made."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull of the set `name`, whose files grow in `folder`; the caller holds the set's lock."""

    name: str
    folder: Path
    mirror: str | None
    listener: OnProgress | None
    web: Web
    archives: Archives
    conversion_limit: timedelta

    async def land(self, file: WeightFile, problem: Problem) -> None:
        """Put the right file where `problem` is; raises what `_failure` says when no source has it."""
        arrival = self._arrival(file)
        await arrival.complete(problem)
        await arrival.incoming.land(problem.path)
        arrival.meter.landed()

    async def complete(self, file: WeightFile) -> Path:
        """Where `file` lies, whole and right, until the pull is over: something is to be made of it."""
        arrival = self._arrival(file)
        await arrival.complete(Problem(arrival.incoming.part, MISSING))
        arrival.meter.landed()
        return arrival.incoming.part

    def sources(self, file: WeightFile) -> tuple[Source, ...]:
        """The operator's mirror first."""
        mirror = (WebFile(f"{self.mirror.rstrip('/')}/{file.sha256}"),) if self.mirror else ()
        return (*mirror, *file.sources)

    def _arrival(self, file: WeightFile) -> _Arrival:
        meter = Meter(self.name, file, self.listener)
        return _Arrival(self, file, Incoming(self.folder, file), meter)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One file on its way, from the first source that has it."""

    pull: Pull
    file: WeightFile
    incoming: Incoming
    meter: Meter

    async def complete(self, problem: Problem) -> None:
        """Have the file whole and right in its part; raises what `_failure` says when no source has it."""
        if not await self.incoming.is_whole():
            await self._receive_from_first(problem)

    async def _receive_from_first(self, problem: Problem) -> None:
        causes: dict[Source, SourceFailed] = {}
        for source in self.pull.sources(self.file):
            self.meter.begin(str(source))
            try:
                return await self._receive(source)
            except SourceFailed as cause:
                causes[source] = cause
        raise _failure(self.file, problem, causes)

    async def _receive(self, source: Source) -> None:
        """All bytes from one source: goes on while some come, from zero when an older part proves wrong."""
        failure = SourceFailed("gave nothing")
        for _ in range(_ATTEMPTS):
            held, resumed = await self.incoming.held(), False
            try:
                async with self._open(source, held) as stream:
                    resumed = stream.start > 0
                    return await self.incoming.receive(stream, self.meter.at)
            except Interrupted as broken:
                failure = broken
                if await self.incoming.held() <= held:
                    break
            except WrongBytes as wrong:
                failure = wrong
                if not resumed:
                    break
        raise failure

    def _open(self, source: Source, have: int) -> AbstractAsyncContextManager[Stream]:
        if isinstance(source, WebFile):
            return self.pull.web.open(source, size=self.file.size, have=have)
        if isinstance(source, Converted):
            return self._made(source)
        return self.pull.archives.open(source, size=self.file.size, report=self.meter.at)

    @asynccontextmanager
    async def _made(self, source: Converted) -> AsyncGenerator[Stream]:
        """What the recipe makes of its inputs, once these are here; their failure is the source's."""
        try:
            inputs = [await self.pull.complete(file) for file in source.inputs]
        except WeightsCorrupt as error:
            raise WrongBytes(str(error)) from error
        except WeightsError as error:
            raise SourceFailed(str(error)) from error
        async with converted(source.recipe, inputs, self.pull.conversion_limit) as stream:
            yield stream


def _failure(file: WeightFile, problem: Problem, causes: Mapping[Source, SourceFailed]) -> WeightsError:
    """Corrupt when there were bytes, here or at a source, and all wrong; missing when there were none."""
    wrong = problem.is_damage or any(isinstance(cause, WrongBytes) for cause in causes.values())
    lines = [
        f"{file.path} (sha256 {file.sha256}, {file.size:,} bytes) could not be had:",
        f"  {problem}",
        *(f"  {source}: {cause}" for source, cause in causes.items()),
        f"Set BATUTA_MODEL_MIRROR to a URL that has it as /{file.sha256}, or put it at {problem.path}.",
    ]
    return (WeightsCorrupt if wrong else WeightsMissing)("\n".join(lines))
