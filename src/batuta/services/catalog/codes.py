"""A column of words as numbers: brands, types, conditions, platforms."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batuta.services.catalog.inflections import type_name
from batuta.services.catalog.terms import folded

UNKNOWN: Final = -1
"""The code of a product that has none."""


def type_key(name: str) -> str:
    """What the singular and the plural of a type have in common, also of one that is sold by its plural."""
    return folded(type_name(name)).removesuffix("s")


@dataclass(frozen=True, slots=True)
class Codes:
    """For each product the number of its label; spellings with one key are one label, the most frequent."""

    labels: tuple[str, ...]
    keys: tuple[str, ...]
    """What a label is found by, in the same order."""
    codes: NDArray[np.int32]
    """(products,), `UNKNOWN` where there is none."""
    by_key: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, names: Sequence[str | None], key: Callable[[str], str] = folded) -> Codes:
        """Out of the names of all products."""
        spellings = Counter(name for name in names if name)
        labels: dict[str, str] = {}
        for name, _ in sorted(spellings.items(), key=lambda spelling: (-spelling[1], spelling[0])):
            labels.setdefault(key(name), name)
        number_of = {found: number for number, found in enumerate(labels)}
        numbers = {name: number_of[key(name)] for name in spellings}
        codes = np.fromiter((numbers[name] if name else UNKNOWN for name in names), np.int32, len(names))
        return cls(tuple(labels.values()), tuple(labels), codes, number_of)

    @classmethod
    def read(cls, words: str, codes: NDArray[np.int32]) -> Codes:
        """As `words` and `codes` were written."""
        labels, keys = json.loads(words)
        return cls(tuple(labels), tuple(keys), codes, {key: number for number, key in enumerate(keys)})

    @property
    def words(self) -> str:
        """The labels and keys as JSON."""
        return json.dumps([self.labels, self.keys], ensure_ascii=False)

    def mask(self, wanted: Sequence[str]) -> NDArray[np.bool_]:
        """Which products have one of the labels, given by their keys."""
        numbers = [self.by_key[key] for key in wanted if key in self.by_key]
        if len(numbers) == 1:
            return self.codes == numbers[0]
        chosen = np.zeros(len(self.labels) + 1, np.bool_)  # the last one is that of UNKNOWN
        chosen[numbers] = True
        return chosen[self.codes]
