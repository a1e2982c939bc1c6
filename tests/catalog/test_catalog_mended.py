"""What a review of the catalogue found: prices of several currencies, bounds in order, counts that hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from shop_goods import asked, goods, ids, open_shop

from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.models import CatalogSearch, SearchFilters
from batuta.services.catalog.ranges import parted
from batuta.services.products import MAX_VALUES, Product, Range, RequirementSpec
from batuta.shopping.searching import query_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """The thirty products, and lamps for euros."""
    lamps = [
        Product(id=f"lamp-{price}", title="Lamp", price=price, currency="EUR", category="lamp")
        for price in (1, 2, 3)
    ]
    folder: Path = tmp_path_factory.mktemp("mended")
    with open_shop(folder, [*goods(), *lamps]) as catalog:
        yield catalog


def test_a_budget_in_one_currency_finds_no_price_in_another(shop: Catalog) -> None:
    """Three euros are not three dollars; without a currency numbers are compared."""
    euros = {"price_max": 30, "currency": "EUR"}
    assert ids(asked(shop, filters=euros)) == ["lamp-1", "lamp-2", "lamp-3"]
    dollars = asked(shop, filters={"price_max": 30, "currency": "USD"})
    assert {product.currency for product in dollars.products} == {"USD"}
    assert dollars.cheapest == 20
    assert asked(shop, filters={"price_max": 30}).total == dollars.total + 3


def test_prices_in_another_currency_come_last_and_are_not_counted(shop: Catalog) -> None:
    """They are as prices that nobody knows."""
    found = asked(shop, filters={"currency": "EUR"}, sort_by="price_desc", pagination={"size": 100})
    assert ids(found)[:3] == ["lamp-3", "lamp-2", "lamp-1"]
    assert found.total == 33
    assert sum(value.count for value in found.facets["price"].values) == 3
    assert asked(shop, filters={"currency": "GBP", "price_min": 0}).total == 0


def test_bounds_of_a_price_are_in_order() -> None:
    """The greater one first is a mistake, not an empty answer."""
    with pytest.raises(ValidationError, match=r"price_min 300 is greater than price_max 100"):
        SearchFilters(price_min=300, price_max=100)


def test_all_words_that_a_requirement_may_have_can_be_searched_for() -> None:
    """Somebody's long message is no error."""
    spec = RequirementSpec(product_type="t" * 200, keywords=tuple("w" * 200 for _ in range(MAX_VALUES)))
    assert CatalogSearch(query=query_of(spec)).query


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 60).map(float), min_size=2, max_size=40, unique=True), st.data())
def test_a_range_holds_as_many_as_were_counted(numbers: list[float], data: st.DataObject) -> None:
    """Both ends are included, as whoever asks for it will have it."""
    numbers.sort()
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=len(numbers), max_size=len(numbers)))
    parts = parted(np.array(numbers), np.array(weights))
    begins = [place for _, place in parts] + [len(numbers)]
    for (bounds, begin), end in zip(parts, begins[1:], strict=True):
        assert sum(bounds.holds(number) for number in numbers) == end - begin


def test_an_edge_is_round_where_nothing_lies_between() -> None:
    """`$60` for what is above 58.99 and below 69.99, each with as much weight as two fifths."""
    parts = parted(np.array([10.0, 58.99, 69.99, 90.0]), np.array([0.1, 0.3, 0.5, 0.1]))
    assert [bounds for bounds, _ in parts][:2] == [Range(max=60), Range(min=60, max=70)]
