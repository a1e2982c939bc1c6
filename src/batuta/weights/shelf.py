"""The files of one set on this disk, and the memory of which of them were hashed and found right."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, cast

from batuta.weights.catalog import WeightSet
from batuta.weights.hashing import feed
from batuta.weights.sources import WeightFile
from batuta.weights.threads import off_loop

_STAMP: Final = ".verified.json"
MISSING: Final = "missing"
"""The cause of a problem where there is no file at all."""
_REFUTED: Final = ""
"""A proof no file matches."""


class State(StrEnum):
    """How much of a set is on this disk."""

    PRESENT = "present"
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SetStatus:
    """How much of a set is in `folder`, judged by sizes; `verified` when every file is known by its hash."""

    weights: WeightSet
    folder: Path
    state: State
    have_bytes: int
    verified: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file of a set."""

    path: Path
    cause: str

    @property
    def is_damage(self) -> bool:
        """There is something, and it is wrong."""
        return self.cause != MISSING

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


class Shelf:
    """One set's folder; a file is right by its hash, and stays so while size, time and inode do not change.

    A file somebody copied here by hand is as good as a pulled one. Where the folder cannot be written to
    (weights baked into a read-only image) the memory lasts as long as the process.
    """

    def __init__(self, folder: Path, weights: WeightSet) -> None:
        self.folder = folder
        self.weights = weights
        self._proofs: dict[str, str] = {}

    def path(self, file: WeightFile) -> Path:
        """Where `file` lies or will lie."""
        return self.folder / file.path

    def unproven(self) -> tuple[WeightFile, ...]:
        """The files not known to be right; looks at names, sizes and times only, so it takes microseconds."""
        proofs = self._remembered()
        return tuple(
            f for f in self.weights.files if (now := self._proof(f)) is None or proofs.get(f.path) != now
        )

    async def absent(self) -> dict[WeightFile, Problem]:
        """The files that are missing or wrong, and how; hashes those it does not know yet."""
        return await self.check(await off_loop(self.unproven))

    async def check(self, files: Collection[WeightFile]) -> dict[WeightFile, Problem]:
        """Hash `files` in full, remember those that are right, and say what is wrong with the others."""
        problems: dict[WeightFile, Problem] = {}
        for file in files:
            proof = await off_loop(self._proof, file)
            cause = await self._cause(file)
            # The proof is of before the hashing: a file changed meanwhile no longer matches it.
            self._proofs[file.path] = _REFUTED if cause else proof or _REFUTED
            if cause:
                problems[file] = Problem(self.path(file), cause)
        if files:
            await off_loop(self._remember)
        return problems

    async def trust(self, file: WeightFile) -> None:
        """Remember `file` as right without reading it: it was hashed on its way here."""
        self._proofs[file.path] = await off_loop(self._proof, file) or _REFUTED
        await off_loop(self._remember)

    def status(self) -> SetStatus:
        """How much of the set is here, without reading a byte of it."""
        sizes = [file.size for file in self.weights.files if _size(self.path(file)) == file.size]
        whole = len(sizes) == len(self.weights.files)
        state = State.PRESENT if whole else State.PARTIAL if sizes else State.MISSING
        return SetStatus(self.weights, self.folder, state, sum(sizes), verified=whole and not self.unproven())

    async def _cause(self, file: WeightFile) -> str | None:
        """Why `file` is not the published one; None when it is."""
        size = await off_loop(_size, self.path(file))
        if size is None:
            return MISSING
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        digest = hashlib.sha256()
        await feed(digest, self.path(file))
        if digest.hexdigest() != file.sha256:
            return f"has other bytes: sha256 {digest.hexdigest()} instead of {file.sha256}"
        return None

    def _proof(self, file: WeightFile) -> str | None:
        """What a right file looks like from outside; None when there is none."""
        try:
            seen = self.path(file).stat()
        except OSError:
            return None
        return f"{file.sha256} {seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"

    def _remembered(self) -> dict[str, str]:
        try:
            found: object = json.loads((self.folder / _STAMP).read_bytes())
        except (OSError, ValueError):
            found = {}
        stamped = cast("dict[str, str]", found) if isinstance(found, dict) else {}
        return stamped | self._proofs

    def _remember(self) -> None:
        temporary = self.folder / f"{_STAMP}.{os.getpid()}"
        with suppress(OSError):  # no folder, or a read-only one: this process remembers by itself
            temporary.write_text(json.dumps(self._remembered(), indent=1))
            temporary.replace(self.folder / _STAMP)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
