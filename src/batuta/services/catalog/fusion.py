"""What a query finds, and how well it fits: bm25 of its words and the cosine of its meaning, as one. Pure.

Measured on the given half of the judged catalogue (56 queries, nDCG@10; `benchmarks/catalog_search.py`):
words alone .761, meaning alone .441, both .789, with feedback .809; in five parts, each with the weights
that are best for the other four, .808. It moves by less than .01 when a weight below moves by a third.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batuta.services.catalog.embedding import Vectors
from batuta.services.catalog.index import Index, Mask

MEANING: Final = 0.65
"""The share of the cosine; the rest is the words'."""
ALL_WORDS: Final = 0.5
"""Added to a product that has all words, whose bm25 counts as a part of the best one's."""
FEEDBACK: Final = 0.5
"""The middle of the best few products helps the query say what is meant (Rocchio, 1971)."""
FEEDBACK_FROM: Final = 5
FEEDBACK_TO: Final = 200
"""So many of the best are weighed again."""
ENOUGH: Final = 20
"""Products with all words that make it needless to look further: two pages."""
HALF: Final = 0.5
"""The share of the query's idf a product must have where few have all: `toaster` of `red toaster`."""
NEAR_AT_ALL: Final = 0.40
"""A query is about something in the catalogue if the nearest product is so near. Of 20 queries without sense
or about what is not sold, none comes nearer than .36; of 23 in other languages or roundabout words, 20 do."""
AS_NEAR: Final = 0.8
"""Neighbours, and near types, are those that have so much of the nearest one's cosine."""
NEAR_TYPE: Final = 0.62
"""Where words find few, all products are found of the types whose names are so near: `sneakers` finds running
shoes (.65), `cellphone` phones (.87); nonsense comes to .61, and `blender` to .55 of a coffee maker."""
SHORTEST_TYPE: Final = 3
"""Characters of a type's name; shorter ones are near to anything short."""
NEARLY: Final = 0.999
LOWEST: Final = 0.001
"""The lowest score."""
_MANY: Final = 8
"""Where more than an eighth of the catalogue is found, all cosines are cheaper than those of the found."""

Chosen = NDArray[np.int64]
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that were found, ascending, and how well each fits: 1 the best, above 0."""

    rows: Chosen
    scores: Scores


def everything(index: Index, mask: Mask | None) -> Found:
    """What is found where nothing was asked for: all that pass."""
    rows = np.arange(index.size) if mask is None else np.flatnonzero(mask)
    return Found(rows, np.ones(len(rows), np.float32))


def fitting(index: Index, terms: Sequence[str], meaning: Vectors, mask: Mask | None) -> Found:
    """What a query finds among those that pass: its stems, and its vector (512,)."""
    words = _Words(index, terms, mask)
    asked = meaning @ index.basis
    rows, cosines = words.rows(), None
    if len(rows) < ENOUGH or len(rows) * _MANY > index.size:
        cosines = index.vectors @ asked
    if cosines is not None and len(rows) < ENOUGH:
        near_types = _of_near_types(index, meaning, mask)
        rows = np.union1d(np.union1d(rows, near_types), _neighbours(cosines, mask))
    if not len(rows):
        return Found(rows, np.empty(0, np.float32))
    near = index.vectors[rows] @ asked if cosines is None else cosines[rows]
    scores = (1 - MEANING) * words.scores(rows) + MEANING * near
    best = _best(scores, FEEDBACK_TO)
    middle = index.vectors[rows[_best(scores, FEEDBACK_FROM)]].mean(axis=0)
    scores[best] += MEANING * FEEDBACK * (index.vectors[rows[best]] @ middle)
    return Found(rows, np.maximum(scores / max(float(scores.max()), LOWEST), LOWEST))


class _Words:
    """Which products have which share of the query's words, and their bm25."""

    def __init__(self, index: Index, terms: Sequence[str], mask: Mask | None) -> None:
        postings = index.postings
        unknown = math.log((index.size + 0.5) / 0.5)
        self._bm25 = np.zeros(index.size, np.float32)
        self._share = np.zeros(index.size, np.float32)
        whole = 0.0
        for term in terms:
            place, number = postings.of(term), postings.terms.get(term)
            idf = unknown if number is None else float(postings.idf[number])
            whole += idf
            rows = postings.rows[place]
            self._bm25[rows] += postings.impacts[place]
            self._share[rows] += idf
        self._share /= max(whole, 1e-9)
        if mask is not None:
            self._share *= mask

    def rows(self) -> Chosen:
        """Those with all words; where they are few, those with the words that say most."""
        rows = np.flatnonzero(self._share >= NEARLY)
        return rows if len(rows) >= ENOUGH else np.flatnonzero(self._share >= HALF)

    def scores(self, rows: Chosen) -> Scores:
        """bm25 as a part of the best one's, and what having all words adds."""
        bm25 = self._bm25[rows]
        return bm25 / max(float(bm25.max()), 1e-9) + ALL_WORDS * (self._share[rows] >= NEARLY)


def _neighbours(cosines: Scores, mask: Mask | None) -> Chosen:
    cosines = cosines if mask is None else np.where(mask, cosines, -1.0)
    nearest = float(cosines.max(initial=-1.0))
    return np.flatnonzero(cosines >= nearest * AS_NEAR) if nearest >= NEAR_AT_ALL else np.empty(0, np.int64)


def _of_near_types(index: Index, meaning: Vectors, mask: Mask | None) -> Chosen:
    cosines = index.types @ meaning
    named = [len(label) >= SHORTEST_TYPE for label in index.categories.labels[: len(cosines)]]
    nearest = float(cosines.max(initial=-1.0, where=np.array(named, np.bool_)))
    if nearest < NEAR_TYPE:
        return np.empty(0, np.int64)
    chosen = np.zeros(len(index.categories.labels) + 1, np.bool_)  # the last one is that of no type
    chosen[: len(cosines)] = named & (cosines >= max(nearest * AS_NEAR, NEAR_TYPE))
    found = chosen[index.categories.codes]
    return np.flatnonzero(found if mask is None else found & mask)


def _best(scores: Scores, count: int) -> Chosen:
    """The places of the best, in no order; of equals those with the lower row."""
    if len(scores) <= count:
        return np.arange(len(scores))
    limit = np.partition(scores, len(scores) - count)[len(scores) - count]
    above = np.flatnonzero(scores > limit)
    return np.concatenate((above, np.flatnonzero(scores == limit)[: count - len(above)]))
