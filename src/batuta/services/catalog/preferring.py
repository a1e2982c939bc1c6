"""What would be good moves products up and down, and leaves none out. Pure.

The score of a product that has what is preferred stays, of one of which that is unknown it is halved, of one
that has something else it is a tenth (contract: shopping, "When and what to ask"): an answer may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from batuta.services.catalog.codes import Codes, type_key
from batuta.services.catalog.fusion import LOWEST, Chosen, Found
from batuta.services.catalog.index import Floats, Index, Mask
from batuta.services.catalog.models import Wanted
from batuta.services.catalog.terms import folded
from batuta.services.catalog.values import EQUAL_WITHIN
from batuta.services.products import Range, Scalar

UNKNOWN: Final = 0.5
OTHER: Final = 0.1
SHARPNESS: Final = 3.0
"""The power of the score that belief goes by: of judged products with a score of 1, .9, .8, .7, .6 and .5 a
share of .89, .88, .67, .44, .24 and .07 is relevant."""


@dataclass(frozen=True, slots=True)
class Believed:
    """Found products, and which of them is probably the wanted one."""

    found: Found
    """With what is preferred in the scores."""
    beliefs: Floats
    """They sum to 1, unless nothing was found."""


def believed(index: Index, found: Found, prefer: Mapping[str, Sequence[Wanted]]) -> Believed:
    """What is found, with the preferences."""
    fits = found.scores.astype(np.float64)
    liked = factors(index, found.rows, prefer)
    beliefs, scores = fits**SHARPNESS, fits
    if liked is not None and len(fits):
        beliefs, scores = beliefs * liked, fits * liked
        scores = np.maximum(scores / scores.max(), LOWEST)
    return Believed(Found(found.rows, scores.astype(np.float32)), beliefs / max(float(beliefs.sum()), 1e-300))


def factors(index: Index, rows: Chosen, prefer: Mapping[str, Sequence[Wanted]]) -> Floats | None:
    """What the score of each of the rows is multiplied by; None where nothing is preferred."""
    several = [_factor(index, rows, facet, _single(wanted)) for facet, wanted in prefer.items() if wanted]
    return np.multiply.reduce(several) if several else None


def _factor(index: Index, rows: Chosen, facet: str, wanted: Sequence[Scalar | Range]) -> Floats:
    liked, known = _judged(index, rows, facet, wanted)
    return np.where(liked, 1.0, np.where(known, OTHER, UNKNOWN))


def _judged(index: Index, rows: Chosen, facet: str, wanted: Sequence[Scalar | Range]) -> tuple[Mask, Mask]:
    """Which of the rows have one of the values, and of which it is known at all."""
    match facet:
        case "brand":
            return _labelled(index.brands, rows, [folded(str(value)) for value in wanted])
        case "category" | "product_type":
            return _labelled(index.categories, rows, [type_key(str(value)) for value in wanted])
        case "condition":
            return _labelled(index.conditions, rows, [folded(str(value)) for value in wanted])
        case "price":
            return _measured(index.facts.price[rows], wanted)
        case "rating":
            return _measured(index.facts.rating[rows], wanted)
        case _:
            masks = [index.values.mask(facet, value)[rows] for value in wanted]
            return np.logical_or.reduce(masks), index.values.known(facet)[rows]


def _labelled(codes: Codes, rows: Chosen, keys: Sequence[str]) -> tuple[Mask, Mask]:
    return codes.mask(keys)[rows], codes.codes[rows] >= 0


def _measured(numbers: Floats, wanted: Iterable[Scalar | Range]) -> tuple[Mask, Mask]:
    liked = np.zeros(len(numbers), np.bool_)
    for value in wanted:
        if isinstance(value, Range):
            least = -np.inf if value.min is None else value.min
            most = np.inf if value.max is None else value.max
            liked |= (numbers >= least) & (numbers <= most)
        elif isinstance(value, float):
            liked |= np.abs(numbers - value) <= abs(value) * EQUAL_WITHIN
    return liked, ~np.isnan(numbers)


def _single(wanted: Iterable[Wanted]) -> list[Scalar | Range]:
    found: list[Scalar | Range] = []
    for value in wanted:
        found += value if isinstance(value, tuple) else (value,)
    return found
