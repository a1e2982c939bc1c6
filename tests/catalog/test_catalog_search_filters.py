"""What may be found at all, in which order, and what would be good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from shop_goods import asked, goods, ids, open_shop

from batuta.errors import InvalidRequest
from batuta.services.catalog.catalog import Catalog
from batuta.services.products import Product

ALL = {"size": 100}
Test = Callable[[Product], bool]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with open_shop(tmp_path_factory.mktemp("filtered")) as catalog:
        yield catalog


def size(product: Product) -> object:
    return product.attributes.get("size_eu")


def known(value: float | None) -> float:
    return float("nan") if value is None else value


FILTERS: list[tuple[dict[str, Any], Test]] = [
    ({"price_max": 40}, lambda p: known(p.price) <= 40),
    ({"price_min": 40, "price_max": 70}, lambda p: 40 <= known(p.price) <= 70),
    ({"rating_min": 3.5}, lambda p: known(p.rating) >= 3.5),
    ({"brands": ["LEGER", "moka"]}, lambda p: p.brand in {"Léger", "Moka"}),
    ({"brands": ["nobody"]}, lambda _: False),
    ({"categories": ["sofa"]}, lambda _: False),
    ({"exclude_brands": ["léger"]}, lambda p: p.brand != "Léger"),
    ({"categories": ["Running  Shoes"]}, lambda p: p.category == "running shoe"),
    ({"categories": ["toasters", "headphone"]}, lambda p: p.category in {"toaster", "headphones"}),
    ({"condition": "refurbished"}, lambda p: p.condition == "refurbished"),
    ({"in_stock": True}, lambda p: p.in_stock is True),
    ({"in_stock": False}, lambda p: p.in_stock is False),
    ({"platforms": ["Atrium"]}, lambda p: p.platform == "atrium"),
    ({"attributes": {"colour": "red"}}, lambda p: p.attributes["colour"] == "Red"),
    ({"attributes": {"Colour": "white"}}, lambda p: p.attributes["colour"] == "Blue, White"),
    ({"attributes": {"colour": ["RED", "black"]}}, lambda p: p.attributes["colour"] in {"Red", "Black"}),
    ({"attributes": {"size eu": {"min": 40, "max": 41}}}, lambda p: p.attributes.get("size_eu") in {40, 41}),
    ({"attributes": {"size_eu": 40.01}}, lambda p: p.attributes.get("size_eu") == 40),
    ({"attributes": {"size_eu": "40"}}, lambda p: p.attributes.get("size_eu") == 40),
    ({"attributes": {"defrost": True}}, lambda p: p.id == "toaster-1"),
    ({"attributes": {"defrost": "yes"}}, lambda p: p.id == "toaster-1"),
    ({"attributes": {"defrost": False}}, lambda _: False),
    ({"attributes": {"nobody_has_this": "red"}}, lambda _: False),
    ({"exclude_attributes": {"colour": ["blue", "red"]}}, lambda p: p.attributes["colour"] == "Black"),
    ({"exclude_words": ["shoes"]}, lambda p: p.category != "running shoe"),
    ({"exclude_words": ["backpack laptop", "black"]}, lambda p: not re.search("backpack|black", p.title)),
    ({"exclude_words": ["!!!"]}, lambda _: True),
    ({"price_max": 45, "brands": ["brasa"]}, lambda p: known(p.price) <= 45 and p.brand == "Brasa"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "passes"), FILTERS, ids=[str(filters) for filters, _ in FILTERS])
def test_a_filter_finds_exactly_what_passes_it(shop: Catalog, filters: dict[str, Any], passes: Test) -> None:
    """With all that pass counted, alone and within what a query finds."""
    wanted = {product.id for product in goods() if passes(product)}
    results = asked(shop, filters=filters, pagination=ALL)
    assert (set(ids(results)), results.total) == (wanted, len(wanted))
    within = asked(shop, "toaster", filters=filters, pagination=ALL)
    toasters = {name for name in wanted if name.startswith("toaster")}
    assert {name for name in ids(within) if name.startswith("toaster")} == toasters


def test_an_unknown_platform_is_an_error_that_names_those_there_are(shop: Catalog) -> None:
    """It is not an empty answer."""
    with pytest.raises(InvalidRequest, match=r"'amazon' is not in the catalogue: there are atrium, bazaar"):
        asked(shop, filters={"platforms": ["amazon"]})


def test_an_unknown_order_is_an_error(shop: Catalog) -> None:
    """The model says so."""
    with pytest.raises(ValidationError):
        asked(shop, sort_by="cheapest")


ORDERS: list[tuple[str, Callable[[Product], float | None]]] = [
    ("price_asc", lambda p: p.price),
    ("price_desc", lambda p: None if p.price is None else -p.price),
    ("rating", lambda p: None if p.rating is None else -p.rating),
    ("newest", lambda p: None if p.released is None else -int(p.released[:4])),
    ("popularity", lambda p: None if p.reviews is None else -p.reviews),
]


@pytest.mark.parametrize(("order", "key"), ORDERS, ids=[order for order, _ in ORDERS])
@pytest.mark.parametrize("query", ["", "black backpack"])
def test_products_come_in_the_order_asked_for(
    shop: Catalog, query: str, order: str, key: Callable[[Product], float | None]
) -> None:
    """What is not known comes last in both directions; equals by how well they fit, then by id."""
    found = asked(shop, query, sort_by=order, pagination=ALL).products

    def place(product: Product) -> tuple[bool, float, float, str]:
        value = key(product)
        return value is None, value or 0.0, -product.score, product.id

    assert [place(product) for product in found] == sorted(place(product) for product in found)
    first = asked(shop, query, sort_by=order, pagination={"size": 3}).products
    assert [product.id for product in first] == [product.id for product in found[:3]]


PREFERENCES: list[tuple[str, list[Any], Callable[[Product], bool | None]]] = [
    ("brand", ["BRASA"], lambda p: p.brand == "Brasa"),
    ("category", ["toasters"], lambda p: p.category == "toaster"),
    ("product_type", ["toaster"], lambda p: p.category == "toaster"),
    ("condition", ["new"], lambda p: p.condition == "new"),
    ("price", [{"max": 50}], lambda p: None if p.price is None else p.price <= 50),
    ("rating", [{"min": 4}], lambda p: None if p.rating is None else p.rating >= 4),
    ("colour", ["red", "white"], lambda p: p.attributes["colour"] != "Black"),
    ("size_eu", [{"min": 40, "max": 41}], lambda p: None if size(p) is None else size(p) in {40, 41}),
    ("size_eu", [42.0], lambda p: None if size(p) is None else size(p) == 42),
    ("nobody_has_this", ["red"], lambda _: None),
]  # fmt: skip


@pytest.mark.parametrize(("facet", "values", "liked"), PREFERENCES)
def test_a_preference_moves_products_and_leaves_none_out(
    shop: Catalog, facet: str, values: list[Any], liked: Callable[[Product], bool | None]
) -> None:
    """What matches stays at 1, what nobody knows is at .5, what is otherwise at .1, all over the best."""
    results = asked(shop, prefer={facet: values}, pagination=ALL)
    factor = {True: 1.0, None: 0.5, False: 0.1}
    wanted = {product.id: factor[liked(product)] for product in goods()}
    best = max(wanted.values())
    assert {product.id: product.score for product in results.products} == pytest.approx(
        {name: value / best for name, value in wanted.items()}, abs=1e-5
    )


def test_preferences_multiply_and_order_what_a_query_found(shop: Catalog) -> None:
    """Two of them, over the relevance of the query; as many products as without."""
    plain = asked(shop, "toaster", pagination=ALL)
    both = asked(shop, "toaster", prefer={"brand": ["Hestia"], "colour": ["black"]}, pagination=ALL)
    assert both.total == plain.total
    assert both.products[0].id == "toaster-4"
    assert both.flatness < plain.flatness
