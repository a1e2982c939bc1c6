"""What holds of every ranking."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
from composer_products import product, ranked, spec
from hypothesis import given, settings

from batuta.services.composer import wording

PRICES = st.none() | st.floats(0, 1e12, allow_nan=False) | st.sampled_from([0.0, 50.0, 200.0])
SCALARS = st.booleans() | st.floats() | st.sampled_from(["red", "blue, red", "", "\x00\n"])
PRODUCTS = st.lists(
    st.builds(
        product,
        st.text(min_size=1, max_size=8),
        PRICES,
        currency=st.sampled_from(["USD", "EUR", "XYZ"]),
        rating=st.none() | st.floats(0, 5),
        reviews=st.none() | st.integers(-5, 10_000),
        score=st.floats(),
        brand=st.none() | st.sampled_from(["Acme", "Bolt"]),
        released=st.none() | st.sampled_from(["2026-11-20", "2019", "soon", "²"]),
        attributes=st.dictionaries(st.sampled_from(["colour", "memory_gb", "_", "gb"]), SCALARS, max_size=3),
    ),
    max_size=12,
)
SORTS = st.sampled_from(["relevance", "price_asc", "price_desc", "rating", "newest", "popularity"])
SPECS = st.builds(
    lambda under, colours, brands, soft, sort: spec(
        under=under,
        brand_preferences=brands,
        attributes={"colour": colours} if colours else {},
        soft=soft,
        filters={"sort_by": sort, "ranges": {"memory_gb": {"min": 8}}},
    ),
    st.none() | st.sampled_from([0.0, 50.0, 1e6]),
    st.lists(st.sampled_from(["red", "green"]), max_size=2).map(tuple),
    st.lists(st.just("Acme"), max_size=1).map(tuple),
    st.lists(st.sampled_from(["price", "brand", "colour", "memory_gb"]), max_size=2, unique=True).map(tuple),
    SORTS,
)


@settings(max_examples=80, deadline=None)
@given(PRODUCTS, SPECS)
def test_a_ranking_is_an_order_of_the_same_products(products, wanted):
    """Every product is there once, with a rank, a belief and at least one fact that is true of it."""
    found = ranked(products, wanted)
    assert sorted(id(one.product) for one in found) == sorted(map(id, products))
    assert [one.rank for one in found] == list(range(1, len(products) + 1))
    assert all(0 <= one.score <= 1 for one in found)
    if found:
        assert math.fsum(one.belief for one in found) == pytest.approx(1)
    for one in found:
        assert 1 <= len(one.why_ranked) <= 4
        assert all(facts_hold(fact, one.product, products) for fact in one.why_ranked), one.why_ranked


@settings(max_examples=80, deadline=None)
@given(PRODUCTS, SPECS)
def test_no_budget_is_exceeded_silently(products, wanted):
    """Behind the first product over the budget there is none within it, and each says that it is over."""
    limit = wanted.price.max
    found = ranked(products, wanted)
    over = [
        limit is not None and one.product.currency == "USD" and (one.product.price or 0) > limit
        for one in found
    ]
    if "price" not in wanted.soft:
        assert over == sorted(over)
    assert all(
        any("over your" in miss for miss in one.misses)
        for one, is_over in zip(found, over, strict=True)
        if is_over
    )


def facts_hold(fact: str, it, products) -> bool:
    """Whether the fact can be read off the product."""
    own = wording.price_text(it.price, it.currency)
    if fact == "cheapest of these":
        return all(other is it or (other.price is not None and it.price < other.price) for other in products)
    if "stars" in fact or "star " in fact:
        return it.rating is not None and fact == wording.stars(it.rating, it.reviews)
    if fact.endswith("memory"):
        return fact == f"{wording.value_of('memory_gb', it.attributes['memory_gb'])} memory"
    if fact.endswith("as you asked"):
        value = fact.removesuffix(", as you asked")
        return value in {it.brand, wording.value_of("colour", it.attributes.get("colour", ""))}
    return fact.partition(", ")[0] == own or fact in {f"by {it.brand}", own, f"condition: {it.condition}"}
