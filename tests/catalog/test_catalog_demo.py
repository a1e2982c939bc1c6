"""The demo catalogue is large and varied enough to search, narrow and compare in."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from importlib import resources
from itertools import groupby
from pathlib import Path

from batuta.services.catalog.demo import DEMO_VERSION, demo_products
from batuta.services.catalog.importing import read_products
from batuta.services.catalog.inflections import type_name

PRODUCTS = demo_products()
BY_TYPE = {name: list(found) for name, found in groupby(PRODUCTS, key=lambda product: product.category or "")}


def test_it_is_of_the_promised_size():
    """At least 260 products of 14 types, all different, all of the demo, in at most 250 kB."""
    assert len(PRODUCTS) >= 260
    assert len(BY_TYPE) >= 14
    assert len({p.id for p in PRODUCTS}) == len({p.title for p in PRODUCTS}) == len(PRODUCTS)
    assert {p.platform for p in PRODUCTS} == {"demo"}
    text = resources.files("batuta.services.catalog").joinpath("demo.jsonl").read_bytes()
    assert len(text) <= 250_000
    assert len(DEMO_VERSION) == 16


def test_every_type_can_be_narrowed():
    """By brand, price, and at least three attributes that have several values."""
    for name, found in BY_TYPE.items():
        assert name == type_name(name)
        assert 15 <= len(found) <= 25
        assert 4 <= len({p.brand for p in found}) <= 6
        prices = [p.price for p in found if p.price is not None]
        assert max(prices) > 2 * min(prices)
        values = defaultdict(set)
        for product in found:
            assert 6 <= len(product.attributes) <= 10
            for attribute, value in product.attributes.items():
                values[attribute].add(value)
        assert sum(len(each) > 2 for each in values.values()) >= 3


def test_it_has_the_odd_ones_too():
    """Without a rating, without a price, not new, not in stock; dates that are dates and not to come."""
    assert 2 <= sum(p.price is None for p in PRODUCTS) <= 3
    assert sum(p.rating is None for p in PRODUCTS) > 5
    assert all((p.rating is None) == (p.reviews is None) for p in PRODUCTS)
    assert all(2.8 <= p.rating <= 4.9 for p in PRODUCTS if p.rating is not None)
    assert {p.condition for p in PRODUCTS} == {"new", "refurbished", "used"}
    assert {p.in_stock for p in PRODUCTS} == {True, False}
    assert all(date.fromisoformat(p.released or "") < date(2026, 11, 20) for p in PRODUCTS)
    assert all(p.description.endswith(".") and p.brand and p.brand in p.title for p in PRODUCTS)


def test_brands_make_more_than_one_thing():
    """A search for a brand finds several types."""
    types = defaultdict(set)
    for product in PRODUCTS:
        types[product.brand].add(product.category)
    assert sum(len(found) > 2 for found in types.values()) >= 8


def test_it_can_be_imported_as_a_file():
    """Like any shop's, without a fault."""
    path = Path(str(resources.files("batuta.services.catalog").joinpath("demo.jsonl")))
    assert list(read_products(path, platform="demo")) == PRODUCTS
