"""A constraint that had to be left out, in words; pure."""

from __future__ import annotations

from collections.abc import Sequence

from batuta.services.catalog.models import CatalogResults
from batuta.services.composer.models import Relaxed
from batuta.services.composer.phrases import wanted_of
from batuta.services.composer.wording import price_text
from batuta.services.products import RequirementSpec


def told(spec: RequirementSpec, without: Sequence[str], found: CatalogResults) -> tuple[Relaxed, ...]:
    """What was wanted of each facet that was left out, and for the price what comes nearest."""
    each = [_relaxed(spec, facet, found) for facet in without]
    if len(each) < 2:  # noqa: PLR2004  # one thing to say
        return tuple(each)
    # Of several only this is known: that nothing has all of them.
    return (Relaxed(facet="several", wanted=" ".join(relaxed.wanted for relaxed in each)),)


def _relaxed(spec: RequirementSpec, facet: str, found: CatalogResults) -> Relaxed:
    nearest = _nearest(spec, found) if facet == "price" else None
    return Relaxed(facet=facet, wanted=wanted_of(spec, facet), nearest=nearest)


def _nearest(spec: RequirementSpec, found: CatalogResults) -> str | None:
    """The price on the far side of the budget; None where no product has one in its currency."""
    least, most, currency = spec.price.min, spec.price.max, spec.price.currency
    prices = [
        product.price
        for product in found.products
        if product.price is not None and product.currency == currency
    ]
    if not prices:
        others = {product.currency for product in found.products if product.price is not None}
        return f"prices here are in {' and '.join(sorted(others))}" if others else None
    cheapest = min(prices) if found.cheapest is None else min(found.cheapest, *prices)
    if most is not None and cheapest > most:
        return f"the cheapest is {price_text(cheapest, currency)}"
    if least is not None:
        return f"the dearest of these is {price_text(max(prices), currency)}"
    return None
