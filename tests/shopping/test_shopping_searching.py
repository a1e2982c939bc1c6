"""What is asked of the catalogue for a requirement, and what is given up where nothing fits."""

from __future__ import annotations

import pytest

from batuta.errors import InvalidRequest
from batuta.services.catalog.models import SearchFilters
from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec
from batuta.shopping.searching import asked_for, loosened, query_of, spec_of, window_size

SHOES = RequirementSpec(
    product_type="running shoes",
    keywords=("marathon",),
    attributes={"colour": ("blue", "black"), "waterproof": (True,)},
    price=PriceRange(max=100.0),
    brand_preferences=("Acme",),
    filters=Exclusions(exclude_brands=("Orbit",), ranges={"weight_kg": Range(max=0.4)}),
)


def test_what_was_said_in_so_many_words_excludes() -> None:
    """Hard constraints are filters."""
    asked = asked_for(SHOES, 1, 10)
    assert asked.query == "marathon running shoes"
    assert asked.filters.price_max == 100.0
    assert asked.filters.brands == ("Acme",)
    assert asked.filters.exclude_brands == ("Orbit",)
    assert asked.filters.attributes == {
        "colour": ("blue", "black"),
        "waterproof": (True,),
        "weight_kg": Range(max=0.4),
    }
    assert asked.prefer == {}


def test_what_was_chosen_as_an_answer_only_prefers() -> None:
    """Soft facets are preferences, none of them a filter."""
    soft = SHOES.model_copy(update={"soft": ("brand", "price", "colour", "weight_kg")})
    asked = asked_for(soft, 1, 10)
    assert asked.filters.brands == ()
    assert asked.filters.price_max is None
    assert asked.filters.attributes == {"waterproof": (True,)}
    assert asked.prefer == {
        "brand": ("Acme",),
        "price": (Range(max=100.0),),
        "colour": ("blue", "black"),
        "weight_kg": (Range(max=0.4),),
    }


@pytest.mark.parametrize(("size", "window"), [(1, 30), (7, 28), (10, 30), (20, 20), (31, 31), (100, 100)])
def test_products_are_ranked_in_whole_pages(size: int, window: int) -> None:
    """No product is on two pages because the pages were ranked apart."""
    assert window_size(size) == window
    assert asked_for(SHOES, window // size, size).pagination.page == 1
    assert asked_for(SHOES, window // size + 1, size).pagination.page == 2


def test_one_constraint_at_a_time_is_given_up_and_then_ever_more() -> None:
    """Words of no known meaning first, then the price; what was excluded never comes back."""
    ways = list(loosened(SHOES))
    assert [way.without for way in ways] == [
        ("keywords",),
        ("price",),
        ("weight_kg",),
        ("colour",),
        ("waterproof",),
        ("brand",),
        ("keywords", "price"),
        ("keywords", "price", "weight_kg"),
        ("keywords", "price", "weight_kg", "colour"),
        ("keywords", "price", "weight_kg", "colour", "waterproof"),
        ("keywords", "price", "weight_kg", "colour", "waterproof", "brand"),
    ]
    assert ways[1].spec.price == PriceRange()
    assert ways[1].spec.brand_preferences == ("Acme",)
    assert all(way.spec.filters.exclude_brands == ("Orbit",) for way in ways)
    assert all(way.spec.product_type == "running shoes" for way in ways)


def test_preferences_are_not_given_up_since_they_exclude_nothing() -> None:
    """Nothing to gain."""
    soft = RequirementSpec(product_type="laptop", brand_preferences=("Acme",), soft=("brand",))
    assert list(loosened(soft)) == []


def test_filters_of_a_search_become_a_requirement_and_come_back_the_same() -> None:
    """Both say the same."""
    filters = SearchFilters(
        price_min=10.0,
        price_max=20.0,
        currency="EUR",
        brands=("Acme",),
        categories=("toaster",),
        rating_min=4.0,
        condition="used",
        in_stock=True,
        attributes={"colour": "red", "slots": Range(min=2.0)},
        exclude_words=("toy",),
    )
    asked = asked_for(spec_of(filters), 1, 10)
    assert asked.filters == filters.model_copy(
        update={"attributes": {"colour": ("red",), "slots": Range(min=2.0)}}
    )
    assert query_of(spec_of(filters)) == "toaster"


def test_two_categories_at_once_are_an_error_rather_than_half_an_answer() -> None:
    """Nothing is dropped silently."""
    with pytest.raises(InvalidRequest, match="one at a time"):
        spec_of(SearchFilters(categories=("toaster", "kettle")))


def test_types_found_in_titles_leave_nothing_out() -> None:
    """They are too rough: the words of the type find it."""
    asked = asked_for(SHOES, 1, 10, types_mined=True)
    assert asked.filters.categories == ()
    assert "category" not in asked.prefer
    assert asked.query == "marathon running shoes"
    assert asked_for(SHOES, 1, 10).filters.categories == ("running shoes",)
