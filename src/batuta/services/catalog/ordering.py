"""The found products in the order that was asked for. Pure."""

from __future__ import annotations

import numpy as np

from batuta.services.catalog.fusion import Chosen, Found
from batuta.services.catalog.index import Floats, Index
from batuta.services.products import SortBy


def best(index: Index, found: Found, sort_by: SortBy, upto: int) -> Chosen:
    """The places in `found` of the first `upto` products.

    What is not known comes last in every order; equals go by score, then by id.
    """
    keys = _keys(index, found, sort_by)
    places = np.arange(len(keys))
    if upto < len(keys):  # whoever is behind the last one shown need not be sorted
        places = np.flatnonzero(keys <= np.partition(keys, upto - 1)[upto - 1])
    order = np.lexsort((places, -found.scores[places], keys[places]))
    return places[order[:upto]]


def _keys(index: Index, found: Found, sort_by: SortBy) -> Floats:
    """What the least of comes first."""
    facts = index.facts
    match sort_by:
        case "relevance":
            return -found.scores.astype(np.float64)
        case "price_asc":
            keys = facts.price[found.rows]
        case "price_desc":
            keys = -facts.price[found.rows]
        case "rating":
            keys = -facts.rating[found.rows]
        case "newest":
            keys = -facts.released[found.rows]
        case "popularity":
            keys = -facts.reviews[found.rows]
    return np.where(np.isnan(keys), np.inf, keys)
