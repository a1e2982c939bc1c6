"""Attributes of all products from both sides: which values a product has, which products have a value."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batuta.services.catalog.models import Wanted
from batuta.services.catalog.terms import folded
from batuta.services.products import Range, Scalar

EQUAL_WITHIN: Final = 1e-3
"""Two numbers are equal that differ by a thousandth: 15.6 inches and 39.62 cm turned into inches are."""
LARGEST: Final = 1e300
"""What is written larger is no number that could be compared."""
_PARTS: Final = re.compile(r"[,;/|]")
_YES: Final = frozenset({"yes", "true", "y"})
_NO: Final = frozenset({"no", "false", "n"})

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Values:
    """Every value that an attribute has somewhere is a number, in the order of the attributes."""

    names: tuple[str, ...]
    """Of the attributes."""
    values: tuple[Scalar, ...]
    first: NDArray[np.int64]
    """(attributes + 1,): the first value of each attribute."""
    row_first: NDArray[np.int64]
    """(products + 1,): where each product's values begin in `row_values`."""
    row_values: Rows
    value_first: NDArray[np.int64]
    """(values + 1,): where each value's products begin in `value_rows`."""
    value_rows: Rows
    attribute_of: Rows
    """(values,): the attribute a value is of."""
    numbers: NDArray[np.float64]
    """(values,): those that are numbers, NaN for all others."""
    by_name: dict[str, int] = field(default_factory=dict[str, int])
    _forms: dict[int, dict[str, list[int]]] = field(default_factory=dict[int, dict[str, list[int]]])
    """By attribute, the values that a word stands for; made when an attribute is first asked for."""

    @classmethod
    def of(cls, entries: Values.Entries) -> Values:
        """Out of what was collected product by product."""
        order = sorted(range(len(entries.pairs)), key=lambda number: entries.pairs[number][0])
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        pairs = [entries.pairs[number] for number in order]
        names = tuple(entries.names)
        attribute_of = np.array([attribute for attribute, _ in pairs], np.int32)
        row_values = place[np.array(entries.values, np.int32)] if entries.values else np.empty(0, np.int32)
        counts = np.array(entries.counts, np.int64)
        row_first = np.concatenate(([0], np.cumsum(counts)))
        rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return cls._complete(
            names,
            tuple(value for _, value in pairs),
            attribute_of,
            row_first,
            row_values,
            rows[np.argsort(row_values, kind="stable")],
        )

    @classmethod
    def read(
        cls, words: str, attribute_of: Rows, row_first: NDArray[np.int64], row_values: Rows, value_rows: Rows
    ) -> Values:
        """As they were written."""
        names, values = json.loads(words)
        return cls._complete(tuple(names), tuple(values), attribute_of, row_first, row_values, value_rows)

    @classmethod
    def _complete(
        cls,
        names: tuple[str, ...],
        values: tuple[Scalar, ...],
        attribute_of: Rows,
        row_first: NDArray[np.int64],
        row_values: Rows,
        value_rows: Rows,
    ) -> Values:
        counts = np.bincount(row_values, minlength=len(values))
        return cls(
            names=names,
            values=values,
            first=np.searchsorted(attribute_of, np.arange(len(names) + 1)).astype(np.int64),
            row_first=row_first,
            row_values=row_values,
            value_first=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            value_rows=value_rows,
            attribute_of=attribute_of,
            numbers=np.array([value if type(value) is float else np.nan for value in values], np.float64),
            by_name={attribute_key(name): number for number, name in enumerate(names)},
        )

    @property
    def words(self) -> str:
        """The names and values as JSON."""
        return json.dumps([self.names, self.values], ensure_ascii=False)

    def mask(self, name: str, wanted: Wanted) -> NDArray[np.bool_]:
        """Which products have the attribute with one of the values, or between two numbers."""
        chosen = np.zeros(len(self.row_first) - 1, np.bool_)
        attribute = self.by_name.get(attribute_key(name))
        if attribute is None:
            return chosen
        for value in self._standing_for(attribute, wanted):
            chosen[self.value_rows[self.value_first[value] : self.value_first[value + 1]]] = True
        return chosen

    def known(self, name: str) -> NDArray[np.bool_]:
        """Which products have the attribute at all."""
        there = np.zeros(len(self.row_first) - 1, np.bool_)
        attribute = self.by_name.get(attribute_key(name))
        if attribute is not None:
            first, last = self.value_first[self.first[attribute : attribute + 2]]
            there[self.value_rows[first:last]] = True
        return there

    def _standing_for(self, attribute: int, wanted: Wanted) -> list[int]:
        if not isinstance(wanted, Range):
            forms = self._forms_of(attribute)
            several = wanted if isinstance(wanted, tuple) else (wanted,)
            return [value for one in several for value in self._equal(attribute, one, forms)]
        return [
            number
            for number in range(self.first[attribute], self.first[attribute + 1])
            if (held := _number(self.values[number])) is not None and wanted.holds(held)
        ]

    def _equal(self, attribute: int, wanted: Scalar, forms: dict[str, list[int]]) -> list[int]:
        found = list(forms.get(_form(wanted), ()))
        number = _number(wanted)
        if number is not None:
            near = Range(min=number - abs(number) * EQUAL_WITHIN, max=number + abs(number) * EQUAL_WITHIN)
            found += self._standing_for(attribute, near)
        return found

    def _forms_of(self, attribute: int) -> dict[str, list[int]]:
        forms = self._forms.get(attribute)
        if forms is None:
            forms = dict[str, list[int]]()
            for number in range(self.first[attribute], self.first[attribute + 1]):
                for form in _forms(self.values[number]):
                    forms.setdefault(form, []).append(number)
            self._forms[attribute] = forms
        return forms

    class Entries:
        """What is collected product by product, to become `Values`."""

        def __init__(self) -> None:
            self.names: dict[str, int] = {}
            self.pairs: list[tuple[int, Scalar]] = []
            self.values: list[int] = []
            self.counts: list[int] = []
            self._numbers: dict[tuple[int, type, Scalar], int] = {}

        def add(self, attributes: dict[str, Scalar]) -> None:
            """The next product's."""
            taken: set[int] = set()
            for name, value in attributes.items():
                attribute = self.names.setdefault(name, len(self.names))
                key = (attribute, type(value), value)  # by type as well: True equals 1
                number = self._numbers.get(key)
                if number is None:
                    number = self._numbers[key] = len(self.pairs)
                    self.pairs.append((attribute, value))
                taken.add(number)
            self.values.extend(sorted(taken))
            self.counts.append(len(taken))


@lru_cache(maxsize=4096)
def attribute_key(name: str) -> str:
    """What an attribute is found by, however it is written: `Screen size` and `screen_size`."""
    return folded(name).replace(" ", "_").replace("-", "_")


def gathered(starts: NDArray[np.int64], which: Rows | NDArray[np.int64], held: Rows) -> Rows:
    """What the chosen ones hold, one after the other: `held[starts[i]:starts[i + 1]]` for each `i`."""
    begins, lengths = starts[which], starts[which + 1] - starts[which]
    total = int(lengths.sum())
    if not total:
        return held[:0]
    offsets = np.repeat(begins - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    return held[offsets + np.arange(total)]


def _forms(value: Scalar) -> set[str]:
    """What a value is called: the whole of it, and of `Black, White` each part."""
    whole = _form(value)
    if not isinstance(value, str):
        return {whole}
    return {whole, *(part for part in map(str.strip, _PARTS.split(whole)) if part)}


def _form(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    word = folded(str(value))
    return "yes" if word in _YES else "no" if word in _NO else word


def _number(value: Scalar) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < LARGEST else None
