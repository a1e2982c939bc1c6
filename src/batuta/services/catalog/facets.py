"""What the found products differ by, and how the belief which is the wanted one is spread over it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batuta.services.catalog.codes import Codes
from batuta.services.catalog.fusion import Chosen
from batuta.services.catalog.index import Floats, Index
from batuta.services.catalog.models import FACET_VALUES, Facet, FacetValue
from batuta.services.catalog.ranges import parted
from batuta.services.catalog.values import gathered
from batuta.services.products import Range, Scalar

MOST_FACETS: Final = 40
SAMPLE: Final = 5000
"""Of more products every n-th is looked at for its attributes: counts and weights are then estimates."""
FEW_NUMBERS: Final = 8
"""Numbers with more values are given in ranges."""
_OURS: Final = frozenset({"brand", "category", "condition", "price", "rating", "product_type"})
"""Names of facets that an attribute of the same name must not take."""


def facets_of(index: Index, rows: Chosen, beliefs: Floats) -> dict[str, Facet]:
    """By name, how the found products differ; `beliefs` of the rows sum to 1.

    Brand, category, price and condition come first, then the attributes by the belief that they are known of.
    """
    found: dict[str, Facet] = {}
    for name, codes, least in (("brand", index.brands, 1), ("category", index.categories, 1)):
        _put(found, name, _labels(codes, rows, beliefs), least)
    _put(found, "price", _prices(index.facts.price[rows], beliefs), 1)
    _put(found, "condition", _labels(index.conditions, rows, beliefs), 2)
    for name, facet in _attributes(index, rows, beliefs):
        if len(found) == MOST_FACETS:
            break
        found[name] = facet
    return found


def flatness(beliefs: Floats) -> float:
    """Normalised entropy: 1 when all are equally likely, 0 for one."""
    return min(1.0, _entropy(beliefs) / float(np.log2(len(beliefs)))) if len(beliefs) > 1 else 0.0


def _put(found: dict[str, Facet], name: str, facet: Facet, least: int) -> None:
    if len(facet.values) >= least:
        found[name] = facet


def _labels(codes: Codes, rows: Chosen, beliefs: Floats) -> Facet:
    held = codes.codes[rows] + 1  # nothing is -1
    counts = np.bincount(held, minlength=len(codes.labels) + 1)[1:]
    weights = _sums(held, beliefs, len(codes.labels) + 1)[1:]
    return _facet(codes.labels, counts, weights)


def _prices(prices: Floats, beliefs: Floats) -> Facet:
    known = ~np.isnan(prices)
    numbers, places = np.unique(prices[known], return_inverse=True)
    return _numbers(numbers, np.bincount(places), _sums(places, beliefs[known], len(numbers)), few=1)


def _attributes(index: Index, rows: Chosen, beliefs: Floats) -> Iterator[tuple[str, Facet]]:
    values = index.values
    step = -(-len(rows) // SAMPLE) if len(rows) > SAMPLE else 1
    looked, weights = rows[::step], beliefs[::step]
    weights = weights / max(float(weights.sum()), 1e-300)
    held = gathered(values.row_first, looked, values.row_values)
    lengths = values.row_first[looked + 1] - values.row_first[looked]
    counts = np.bincount(held, minlength=len(values.values))
    belief = _sums(held, np.repeat(weights, lengths), len(values.values))
    counts = np.round(counts * (len(rows) / max(len(looked), 1))).astype(np.int64)
    known = np.add.reduceat(np.append(belief, 0.0), values.first[:-1]) if len(values.names) else belief
    for attribute in np.argsort(-known, kind="stable"):
        name = values.names[int(attribute)]
        part = slice(int(values.first[attribute]), int(values.first[attribute + 1]))
        if not known[attribute] > 0:
            return
        if name not in _OURS:
            yield name, _values(index, part, counts[part], belief[part])


def _values(index: Index, part: slice, counts: NDArray[np.int64], weights: Floats) -> Facet:
    there = np.flatnonzero(counts)
    numbers = index.values.numbers[part][there]
    if len(there) > FEW_NUMBERS and not np.isnan(numbers).any():
        order = np.argsort(numbers)
        return _numbers(numbers[order], counts[there][order], weights[there][order], few=FEW_NUMBERS)
    return _facet(index.values.values[part], counts, weights)


def _numbers(numbers: Floats, counts: NDArray[np.int64], weights: Floats, few: int) -> Facet:
    """Ascending numbers, in ranges where they are more than a few."""
    if len(numbers) <= few:
        return _facet([float(number) for number in numbers], counts, weights)
    parts = parted(numbers, weights)
    first = [place for _, place in parts]
    several = [bounds for bounds, _ in parts]
    return _facet(several, np.add.reduceat(counts, first), np.add.reduceat(weights, first), ordered=True)


def _facet(
    values: Sequence[Scalar | Range],
    counts: NDArray[np.int64],
    weights: Floats,
    *,
    ordered: bool = False,
) -> Facet:
    there = np.flatnonzero(counts)
    if not ordered:
        there = there[np.lexsort((-counts[there], -weights[there]))]
    shown = there[:FACET_VALUES]
    return Facet(
        values=[
            FacetValue(value=values[int(at)], count=int(counts[at]), weight=float(weights[at]))
            for at in shown
        ],
        known=min(1.0, float(weights.sum())),
        bits=_entropy(weights),
    )


def _sums(places: NDArray[Any], weights: Floats, size: int) -> Floats:
    """How much weight is at each of so many places."""
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)


def _entropy(weights: Floats) -> float:
    """In bits, of weights that need not sum to 1."""
    positive = weights[weights > 0]
    if len(positive) < 2:  # noqa: PLR2004  # one answer tells nothing
        return 0.0
    shares = positive / positive.sum()
    return float(-(shares * np.log2(shares)).sum())
