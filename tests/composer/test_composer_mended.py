"""What a review of the composer found: bounds that are included, equal values, words that read well."""

from __future__ import annotations

import pytest
from composer_products import composed, order, product, ranked, spec

from batuta.services.catalog.models import CatalogResults
from batuta.services.composer.phrases import asked_for, wanted_of
from batuta.services.products import Exclusions, Product, Range, RequirementSpec
from batuta.shopping.relaxing import told

DASH = "\u2013"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"filters": {"ranges": {"memory_gb": {"min": 16}}}}, "laptop with at least 16 GB memory"),
        ({"filters": {"ranges": {"weight_kg": {"max": 2}}}}, "laptop with at most 2 kg weight"),
        (
            {"filters": {"ranges": {"screen_size_in": {"min": 13, "max": 14}}}},
            f"laptop with 13{DASH}14 in screen size",
        ),
        ({"attributes": {"waterproof": (True,)}}, "waterproof laptop"),
        ({"attributes": {"waterproof": (False,)}}, "laptop but not waterproof"),
        ({"attributes": {"touchscreen": (False,)}}, "laptop without touchscreen"),
        ({"attributes": {"size": ("M",), "colour": ("red", "blue")}}, "red or blue laptop in size M"),
        ({"attributes": {"slots": (1.0,), "zoom_x": (10.0,)}}, "laptop with 1 slot and 10x zoom"),
        (
            {"filters": {"exclude_brands": ["Zen"], "exclude_attributes": {"colour": ["red"]}}},
            "laptop but not by Zen and not red",
        ),
        ({"filters": {"in_stock": True}}, "laptop in stock"),
    ],
)
def test_what_was_asked_for_reads_well(wanted, words) -> None:
    """Bounds are included, and no name of a column is shown."""
    assert asked_for(spec(product_type="laptop", **wanted)) == words


@pytest.mark.parametrize(
    ("facet", "wanted", "words"),
    [
        ("price", {"under": 20, "over": 10}, f"for $10{DASH}$20"),
        ("colour", {"attributes": {"colour": ("pink",)}}, "in pink"),
        ("wireless", {"attributes": {"wireless": (True,)}}, "that is wireless"),
        ("memory_gb", {"attributes": {"memory_gb": (3.0,)}}, "with 3 GB memory"),
        (
            "screen_size_in",
            {"filters": {"ranges": {"screen_size_in": {"min": 41.5, "max": 42.7}}}},
            f"with 41.5{DASH}42.7 in screen size",
        ),
        ("brand", {"brand_preferences": ("Zen",)}, "by Zen"),
        ("condition", {"condition": "used"}, "that is used"),
    ],
)
def test_what_was_relaxed_follows_nothing(facet, wanted, words) -> None:
    """In the composer's own words."""
    wishes = spec(**wanted)
    assert wanted_of(wishes, facet) == words
    found = CatalogResults(products=[], total=0, page=1, size=10)
    assert told(wishes, (facet,), found)[0].wanted == words


def test_what_comes_nearest_is_a_price_in_the_currency_of_the_budget() -> None:
    """Fifty euros are not `$50`."""
    products = [Product(id="a", title="A", price=50, currency="EUR"), Product(id="b", title="B", price=70)]
    found = CatalogResults(products=products, total=2, page=1, size=10, cheapest=70)
    assert told(spec(under=60), ("price",), found)[0].nearest == "the cheapest is $70"
    assert told(spec(over=90), ("price",), found)[0].nearest == "the dearest of these is $70"
    euros = found.model_copy(update={"products": products[:1]})
    assert told(spec(under=60), ("price",), euros)[0].nearest == "prices here are in EUR"


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"colour": "Café"}, {"attributes": {"colour": ("cafe",)}}),
        ({"colour": "Black|Red"}, {"attributes": {"colour": ("red",)}}),
        ({"screen_size_in": 15.6}, {"attributes": {"screen_size_in": (15.598,)}}),
        ({"screen_size": 15.6}, {"attributes": {"Screen size": (15.6,)}}),
        ({"screen_size_in": "15.6"}, {"filters": {"ranges": {"screen_size_in": {"min": 14}}}}),
    ],
)
def test_what_the_catalogue_takes_for_equal_is_no_miss(attributes, wanted) -> None:
    """Its filters know neither case nor accents, and numbers within a thousandth."""
    assert ranked([product("a", attributes=attributes)], spec(**wanted))[0].misses == []


def test_a_brand_has_no_accents() -> None:
    """`Léger` is `leger`."""
    found = ranked([product("a", brand="Léger")], spec(brand_preferences=("leger",)))[0]
    assert (found.why_ranked, found.misses) == (["Léger, as you asked"], [])


@pytest.mark.parametrize(
    ("facet", "wanted", "miss"),
    [
        ("waterproof", True, "not waterproof, you asked for waterproof"),
        ("waterproof", False, "waterproof, you asked for one that is not"),
        ("touchscreen", True, "no touchscreen, you asked for it"),
        ("touchscreen", False, "touchscreen, you asked for none"),
    ],
)
def test_a_yes_or_no_that_is_missed_reads_well(facet, wanted, miss) -> None:
    """Not `waterproof: no, you asked for yes`."""
    found = ranked([product("a", attributes={facet: not wanted})], spec(attributes={facet: (wanted,)}))
    assert found[0].misses == [miss]


def test_an_unknown_price_is_not_first_whatever_the_others_break() -> None:
    """Only what is over the budget comes after it."""
    unknown = product("unknown", None, brand="Zen")
    others = [unknown, product("other", 50, brand="Arc"), product("dear", 900, brand="Arc")]
    assert order(others, spec(brand_preferences=("Zen",)))[0] == "other"
    assert order([unknown, others[2]], spec(under=200)) == ["unknown", "dear"]


def test_one_product_somebody_asked_about_is_introduced() -> None:
    """With its facts, and not as something that was found."""
    one = product("Zen 14", 899, rating=4.6, reviews=12, attributes={"memory_gb": 16.0, "touchscreen": False})
    found = composed([one], RequirementSpec(product_type="laptop", keywords=("quiet",)), detail=True)
    assert found.text == "Zen 14: $899; 4.6 stars from 12 reviews; memory 16 GB; no touchscreen."
    over = composed([one], spec(under=500), detail=True).text
    assert over.count("$899") == 1
    assert over.endswith("But note: $899, over your $500.")


def test_titles_with_commas_can_be_told_apart() -> None:
    """Side by side, they are quoted."""
    found = composed([product("Zen 14, red"), product("Arc 13")], compare=True).text
    assert found.startswith("Side by side: “Zen 14, red” and “Arc 13”.")


def test_bounds_that_are_open_say_nothing() -> None:
    """On both sides."""
    assert (
        asked_for(RequirementSpec(product_type="laptop", filters=Exclusions(ranges={"x": Range()})))
        == "laptop"
    )


def test_a_price_that_rounds_to_the_budget_is_within_it() -> None:
    """Not `$100, under your $100`."""
    assert ranked([product("a", 99.999)], spec(under=100))[0].why_ranked == ["$100, within your $100"]
