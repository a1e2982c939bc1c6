"""What the found products differ by: counts, belief, entropy, and ranges with round edges."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_goods import asked, goods, open_shop

from batuta.services.catalog import facets
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.models import Facet
from batuta.services.catalog.ranges import parted
from batuta.services.catalog.values import gathered
from batuta.services.products import Range


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with open_shop(tmp_path_factory.mktemp("faceted")) as catalog:
        yield catalog


def counts(facet: Facet) -> dict[object, int]:
    return {value.value: value.count for value in facet.values}


def test_facets_count_all_found_products_not_the_page(shop: Catalog) -> None:
    """Brands, types, conditions, and attributes of every kind."""
    found = asked(shop, pagination={"size": 1}).facets
    assert counts(found["brand"]) == Counter(product.brand for product in goods())
    assert counts(found["category"]) == Counter(product.category for product in goods())
    assert counts(found["condition"]) == {"new": 25, "refurbished": 5}
    assert counts(found["colour"]) == {"Red": 10, "Black": 10, "Blue, White": 10}
    assert counts(found["defrost"]) == {True: 1}
    assert counts(found["size_eu"]) == {38.0 + place: 1 for place in range(6)}
    assert found["size_eu"].known == pytest.approx(6 / 30)
    assert found["colour"].bits == pytest.approx(math.log2(3))
    assert found["defrost"].bits == 0


def test_belief_goes_with_the_better_fitting_products(shop: Catalog) -> None:
    """The weights of a facet sum to the belief that it is known, and follow the scores."""
    found = asked(shop, prefer={"brand": ["Brasa"]}).facets
    for facet in found.values():
        assert math.fsum(value.weight for value in facet.values) == pytest.approx(facet.known)
    brands = {value.value: value.weight for value in found["brand"].values}
    assert found["brand"].values[0].value == "Brasa"
    assert brands["Brasa"] == pytest.approx(6 / (6 + 24 * 0.1))


def test_prices_come_in_ranges_that_leave_none_out(shop: Catalog) -> None:
    """Each priced product is counted once; the first and the last range are open."""
    price = asked(shop).facets["price"]
    ranges = [value.value for value in price.values]
    assert all(isinstance(bounds, Range) for bounds in ranges)
    assert ranges[0].min is None
    assert ranges[-1].max is None
    assert sum(value.count for value in price.values) == 25
    assert price.known == pytest.approx(25 / 30)
    assert price.bits > 2


def test_one_condition_is_no_facet_and_nobody_has_to_count(shop: Catalog) -> None:
    """A facet that says the same of all is left out; `facets` false leaves out all."""
    assert "condition" not in asked(shop, filters={"condition": "new"}).facets
    assert asked(shop, facets=False).facets == {}


def test_of_very_many_products_a_part_is_looked_at(shop: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts are then estimates for all of them."""
    monkeypatch.setattr(facets, "SAMPLE", 10)
    found = asked(shop).facets
    assert found["colour"].values[0].count == 30
    assert counts(found["brand"]) == Counter(product.brand for product in goods())
    assert sum(counts(found["weight_kg"]).values()) == 30


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda number: round(number, 3)), min_size=2, max_size=60, unique=True),
    st.data(),
)
def test_ranges_part_numbers_completely(numbers: list[float], data: st.DataObject) -> None:
    """Every number is in the range that it is counted in, and each range has one."""
    numbers.sort()
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=len(numbers), max_size=len(numbers)))
    parts = parted(np.array(numbers), np.array(weights))
    begins = [place for _, place in parts] + [len(numbers)]
    assert begins[0] == 0
    assert begins == sorted(set(begins))
    for (bounds, begin), end in zip(parts, begins[1:], strict=True):
        assert all(bounds.holds(number) for number in numbers[begin:end])


def test_edges_of_ranges_are_round() -> None:
    """Prices of all sorts, each as likely."""
    parts = parted(np.arange(3.95, 480, 1.37), np.ones(348))
    assert [bounds.max for bounds, _ in parts] == [100, 200, 300, 400, None]


@given(st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=12), st.data())
def test_what_the_chosen_hold_is_gathered_in_their_order(held: list[list[int]], data: st.DataObject) -> None:
    """As one list after the other."""
    starts = np.cumsum([0, *map(len, held)])
    flat = np.array([number for each in held for number in each], np.int32)
    chosen = data.draw(st.lists(st.integers(0, len(held) - 1), max_size=8)) if held else []
    found = gathered(starts, np.array(chosen, np.int64), flat)
    assert found.tolist() == [number for place in chosen for number in held[place]]
