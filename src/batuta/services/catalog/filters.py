"""Which products may be found at all: filters as a mask, applied before anything is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from batuta.errors import InvalidRequest
from batuta.services.catalog.codes import Codes, type_key
from batuta.services.catalog.index import Index, Mask
from batuta.services.catalog.models import SearchFilters
from batuta.services.catalog.terms import Stems, folded, words_of

_SHOWN = 20
"""Platforms that a message names."""


def passing(index: Index, filters: SearchFilters, stems: Stems) -> Mask | None:
    """Which products pass, (products,); None where all do. Raises `InvalidRequest` for an unknown platform.

    A filter costs 0.1 ms over 105,000 products.
    """
    masks = [
        *_bounds(index, filters),
        *_labels(index, filters),
        *(index.values.mask(name, wanted) for name, wanted in filters.attributes.items()),
        *(~index.values.mask(name, unwanted) for name, unwanted in filters.exclude_attributes.items()),
        *(~_titled(index, words, stems) for words in filters.exclude_words),
    ]
    return np.logical_and.reduce(masks) if masks else None


def _bounds(index: Index, filters: SearchFilters) -> list[Mask]:
    """What is not known is NaN, which is on no side of a bound."""
    facts = index.facts
    masks: list[Mask] = []
    if filters.price_min is not None:
        masks.append(facts.price >= filters.price_min)
    if filters.price_max is not None:
        masks.append(facts.price <= filters.price_max)
    if filters.rating_min is not None:
        masks.append(facts.rating >= filters.rating_min)
    if filters.in_stock is not None:
        masks.append(facts.in_stock == int(filters.in_stock))
    return masks


def _labels(index: Index, filters: SearchFilters) -> list[Mask]:
    masks: list[Mask] = []
    if filters.brands:
        masks.append(_named(index.brands, filters.brands))
    if filters.exclude_brands:
        masks.append(~_named(index.brands, filters.exclude_brands))
    if filters.categories:
        masks.append(index.categories.mask([type_key(name) for name in filters.categories]))
    if filters.condition is not None:
        masks.append(_named(index.conditions, (filters.condition,)))
    if filters.platforms:
        _check_platforms(index.platforms, filters.platforms)
        masks.append(_named(index.platforms, filters.platforms))
    return masks


def _named(codes: Codes, names: Sequence[str]) -> Mask:
    return codes.mask([folded(name) for name in names])


def _check_platforms(platforms: Codes, names: Sequence[str]) -> None:
    for name in names:
        if folded(name) not in platforms.by_key:
            there = ", ".join(sorted(platforms.labels)[:_SHOWN]) or "none"
            raise InvalidRequest(f"platform {name!r} is not in the catalogue: there are {there}")


def _titled(index: Index, words: str, stems: Stems) -> Mask:
    """Which products have all the words in their title, in any form."""
    found = np.ones(index.size, np.bool_)
    terms = [term for several in stems.of(words_of(words)).values() for term in several]
    for term in terms:
        having = np.zeros(index.size, np.bool_)
        place = index.postings.of(term)
        having[index.postings.rows[place][index.postings.titled[place]]] = True
        found &= having
    return found if terms else ~found
