"""Ranks products for what somebody wants: what fits first, then by relevance, rating and price.

No wish is traded for a better score: products part into tiers by the hard wishes they grant, and only within
a tier does the score, or the order that was asked for, decide. Preferences (`RequirementSpec.soft`) part
nothing and move the score (contract: shopping, "When and what to ask").
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from batuta.services.composer import wording
from batuta.services.composer.models import Ranked, RankRequest, RankResponse
from batuta.services.composer.wishes import Verdict, Wish, wishes_of
from batuta.services.products import Product, RequirementSpec

MATCH: Final = 1.0
UNKNOWN: Final = 0.5
MISMATCH: Final = 0.1
"""What an answer does to the belief in a product (contract: shopping, "Update beliefs softly")."""
MOST_FACTS: Final = 4
CHEAPEST: Final = "cheapest of these"
PRIOR_STARS: Final = 3.5
PRIOR_REVIEWS: Final = 10
"""A rating counts as if ten middling reviews had come before it (a Bayesian average, as lists of films have
it): 5.0 from one review is 3.64, from ten 4.25; 4.6 from 1,203 stays 4.59. The prior is ours, below what
ratings in shops usually are, so that nobody gains by having few."""
UNCOUNTED_REVIEWS: Final = 1
"""What a rating is taken to stand on when nobody says."""
_MIDDLE: Final = 0.5


class Tier(IntEnum):
    """How a product stands to the hard wishes; a later tier comes after all of an earlier one."""

    FITS = 0
    UNSURE = 1
    """Of some wish nobody knows."""
    BREAKS = 2
    OVER_BUDGET = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """How one product does by all wishes."""

    tier: Tier
    hard: float
    """What the hard wishes leave of its score: 1 where all are granted."""
    soft: float
    """What the preferences leave of it."""
    facts: list[str]
    misses: list[str]


def rank(request: RankRequest) -> RankResponse:
    """The products, best first, each with the facts for and against it; O(n log n), no input or output."""
    products, spec = request.products, request.requirement_spec
    wishes = wishes_of(spec)
    fits = [fit_of(product, wishes) for product in products]
    scores = _scores(products, fits, request)
    order = _order(products, fits, scores, spec)
    total = math.fsum(scores)
    cheapest = cheapest_of(products)
    return RankResponse(
        products=[
            Ranked.model_construct(
                product=products[at],
                rank=place,
                score=scores[at],
                belief=scores[at] / total if total else 1 / len(products),
                why_ranked=why_ranked(products[at], fits[at], cheapest=at == cheapest),
                misses=fits[at].misses,
            )
            for place, at in enumerate(order, start=1)
        ]
    )


def fit_of(product: Product, wishes: Sequence[Wish]) -> Fit:
    """How the product does by the wishes of a requirement (`wishes_of`)."""
    tier, hard, soft = Tier.FITS, MATCH, MATCH
    facts: list[str] = []
    misses: list[str] = []
    for wish in wishes:
        verdict = wish.judge(product)
        if verdict.granted:
            if verdict.words:
                facts.append(verdict.words)
            continue
        misses.append(verdict.words)
        factor = UNKNOWN if verdict.granted is None else MISMATCH
        if wish.soft:
            soft *= factor
        else:
            hard *= factor
            tier = max(tier, _tier(verdict))
    if product.price is None and wording.UNKNOWN_PRICE not in misses:
        misses.append(wording.UNKNOWN_PRICE)
    return Fit(tier, hard, soft, facts, misses)


def _tier(verdict: Verdict) -> Tier:
    if verdict.granted is None:
        return Tier.UNSURE
    return Tier.OVER_BUDGET if verdict.over_budget else Tier.BREAKS


def why_ranked(product: Product, fit: Fit, *, cheapest: bool) -> list[str]:
    """One to four facts, true of the product whatever it is compared with, but for `cheapest of these`."""
    facts = [*fit.facts]
    if cheapest:
        facts.append(CHEAPEST)
    if product.rating is not None and shrunk(product) >= PRIOR_STARS:
        stars = wording.stars(product.rating, product.reviews)
        if stars not in facts:
            facts.append(stars)
    return facts[:MOST_FACTS] or [_plain_fact(product)]


def _plain_fact(product: Product) -> str:
    """Something that is true of a product about which nothing better can be said."""
    if product.brand:
        return f"by {wording.clean(product.brand, wording.LONGEST_VALUE)}"
    if product.category:
        return wording.clean(product.category, wording.LONGEST_VALUE)
    if product.price is not None:
        return wording.price_text(product.price, product.currency)
    return f"condition: {product.condition}"


def cheapest_of(products: Sequence[Product]) -> int | None:
    """The place of the one that costs less than all others; None where not all prices can be compared."""
    if len(products) < 2 or len({product.currency for product in products}) > 1:  # noqa: PLR2004  # one is no choice
        return None
    prices = [product.price for product in products if product.price is not None]
    if len(prices) < len(products):
        return None
    least = min(prices)
    return prices.index(least) if prices.count(least) == 1 else None


def shrunk(product: Product) -> float:
    """The rating in stars as far as its reviews support it, between `PRIOR_STARS` and the rating."""
    if product.rating is None:
        return PRIOR_STARS
    reviews = UNCOUNTED_REVIEWS if product.reviews is None else max(0, product.reviews)
    return (PRIOR_STARS * PRIOR_REVIEWS + product.rating * reviews) / (PRIOR_REVIEWS + reviews)


def _scores(products: Sequence[Product], fits: Sequence[Fit], request: RankRequest) -> list[float]:
    """Of 0 to 1. Where the catalogue has moved its scores by the preferences, we do not move them again."""
    criteria = request.criteria
    whole = criteria.price_weight + criteria.rating_weight + criteria.relevance_weight
    by_price = _cheapness(products, _currency(products, request.requirement_spec))
    by_relevance = relevance(products)
    scores: list[float] = []
    for product, fit, cheap, relevant in zip(products, fits, by_price, by_relevance, strict=True):
        liked = criteria.price_weight * cheap + criteria.rating_weight * shrunk(product) / 5
        wanted = criteria.relevance_weight * relevant * (1 if request.preferences_applied else fit.soft)
        scores.append((liked * fit.soft + wanted) / whole * fit.hard)
    return scores


def relevance(products: Sequence[Product]) -> list[float]:
    """The catalogue's scores, 0 to 1.

    Foreign ones of another scale are one half at their median, so that one far above all others does not make
    these equal.
    """
    found = [
        product.score if math.isfinite(product.score) and product.score > 0 else 0.0 for product in products
    ]
    if not found or max(found) <= 1:
        return found
    middle = statistics.median(found) or max(found)
    return [one / (one + middle) for one in found]


def _cheapness(products: Sequence[Product], currency: str) -> list[float]:
    """1 for what costs nothing, one half at the median and where unknown, nearly 0 for an outlier."""
    prices = [product.price if product.currency == currency else None for product in products]
    known = [price for price in prices if price is not None]
    middle = statistics.median(known) if known else 0.0
    return [
        _MIDDLE if price is None else middle / (middle + price) if middle + price > 0 else 1.0
        for price in prices
    ]


def _currency(products: Sequence[Product], spec: RequirementSpec) -> str:
    """The currency whose prices are compared: that of most products; there are no rates here."""
    counted = Counter(product.currency for product in products if product.price is not None)
    most = max(counted.values(), default=0)
    common = [currency for currency, count in counted.items() if count == most]
    return spec.price.currency if spec.price.currency in common or not common else common[0]


def _order(
    products: Sequence[Product], fits: Sequence[Fit], scores: Sequence[float], spec: RequirementSpec
) -> list[int]:
    """Places in `products`, best first; a tie stays as the catalogue had it.

    An unknown price is never first where any product has one that is not over the budget, whatever else it
    breaks (contract: shopping, "composer").
    """
    wanted = _sort_keys(spec, _currency(products, spec))
    keys = [
        (fits[at].tier, wanted(product) if wanted else 0.0, -scores[at])
        for at, product in enumerate(products)
    ]
    order = sorted(range(len(products)), key=keys.__getitem__)
    if order and products[order[0]].price is None and fits[order[0]].tier < Tier.OVER_BUDGET:
        priced = (at for at in order if fits[at].tier < Tier.OVER_BUDGET and products[at].price is not None)
        first = next(priced, None)
        if first is not None:
            order.remove(first)
            order.insert(0, first)
    return order


def _sort_keys(spec: RequirementSpec, currency: str) -> Callable[[Product], float] | None:
    """What comes first has the smallest; what is not known comes last."""
    match spec.filters.sort_by:
        case "price_asc":
            return lambda product: math.inf if _price_in(product, currency) is None else product.price or 0.0
        case "price_desc":
            return lambda product: (
                math.inf if _price_in(product, currency) is None else -(product.price or 0.0)
            )
        case "rating":
            return lambda product: math.inf if product.rating is None else -shrunk(product)
        case "popularity":
            return lambda product: math.inf if product.reviews is None else -float(product.reviews)
        case "newest":
            return _age
        case "relevance":
            return None


def _price_in(product: Product, currency: str) -> float | None:
    return product.price if product.currency == currency else None


def _age(product: Product) -> float:
    """The date as a number, turned round: 2026-11-20 is -20261120."""
    digits = (product.released or "")[:10].replace("-", "")
    return -float(digits.ljust(8, "0")) if digits.isascii() and digits.isdigit() else math.inf
