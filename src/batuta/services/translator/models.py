"""Firefox models on this disk: those of the catalogue, and those an operator put beside them.

A folder `bergamot/en-es` in BATUTA_MODELS holds one pair's files under the names Firefox gives them:
`model.*.bin`, `vocab.*.spm` (or `srcvocab.*.spm` and `trgvocab.*.spm`), and, if there is one, `lex.*.bin`.
`fxtranslate models add en es --cache-dir $BATUTA_MODELS/bergamot` makes such folders.
"""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from batuta.errors import WeightsMissing
from batuta.services.translator.contract import Model
from batuta.services.translator.ways import Pair
from batuta.weights import CATALOG, Weights

FOLDER: Final = "bergamot"
_SET: Final = "bergamot-"
"""Begins the name of a pair's set in the catalogue."""


class Models:
    """The pairs there are models for; an operator's own model goes before the catalogue's."""

    def __init__(self, weights: Weights, folder: Path) -> None:
        """`folder` is BATUTA_MODELS."""
        self._weights = weights
        self._folder = folder / FOLDER

    def pairs(self) -> frozenset[Pair]:
        """The pairs that are here or can be pulled; looks at names only."""
        return frozenset(_catalogued()) | frozenset(self._own())

    def identity(self) -> str:
        """Changes when another file would be used for any pair; looks at names, sizes and times only."""
        seen = [file.sha256 for name in _catalogued().values() for file in CATALOG[name].files]
        for folder in self._own().values():
            for path in sorted(folder.iterdir()):
                found = path.stat()
                seen.append(f"{path} {found.st_size} {found.st_mtime_ns}")
        return hashlib.sha256("\n".join(seen).encode(errors="replace")).hexdigest()[:12]

    async def of(self, pair: Pair) -> Model:
        """The files of a pair, pulled if need be; raises `WeightsMissing` when they cannot be had."""
        folder = (await asyncio.to_thread(self._own)).get(pair)
        if folder is None:
            name = _catalogued().get(pair)
            if name is None:
                raise WeightsMissing(f"the model for {pair} is no longer in {self._folder / str(pair)}")
            folder = await self._weights.ensure(name)
        model = model_in(folder, pair)
        if model is None:
            raise WeightsMissing(f"{folder} has no model and vocabulary for {pair}")
        return model

    def _own(self) -> dict[Pair, Path]:
        return dict(_pairs_in(self._folder))


def model_in(folder: Path, pair: Pair) -> Model | None:
    """The files of one model, by the names Firefox gives them; None where one is missing."""
    names = sorted(path.name for path in folder.iterdir())  # one look: there may be a hundred such folders

    def only(pattern: str) -> str | None:
        return next((str(folder / name) for name in fnmatch.filter(names, pattern)), None)

    both = only("vocab.*.spm")
    source, target = only("srcvocab.*.spm") or both, only("trgvocab.*.spm") or both
    model = only("model.*.bin")
    if model is None or source is None or target is None:
        return None
    return Model(
        source=pair.source,
        target=pair.target,
        model=model,
        source_vocabulary=source,
        target_vocabulary=target,
        shortlist=only("lex.*.bin"),
    )


def _pairs_in(folder: Path) -> Iterator[tuple[Pair, Path]]:
    if folder.is_dir():
        for inner in sorted(folder.iterdir()):
            pair = Pair.named(inner.name)
            if pair is not None and inner.is_dir() and model_in(inner, pair) is not None:
                yield pair, inner


def _catalogued() -> dict[Pair, str]:
    found = {name: Pair.named(name.removeprefix(_SET)) for name in CATALOG if name.startswith(_SET)}
    return {pair: name for name, pair in found.items() if pair is not None}
