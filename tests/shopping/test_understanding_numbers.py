"""Numbers, money, units and ratings: what is a price, what is a measure, and what is part of a name."""

from __future__ import annotations

import pytest
from dialogues.lexicon import LEXICON

from batuta.services.products import PriceRange, Range, RequirementSpec
from batuta.shopping.models import Shown
from batuta.shopping.understanding import Context, Vocabulary, understand
from batuta.shopping.understanding.numbers import number
from batuta.shopping.understanding.units import UNITS, converted

VOCABULARY = Vocabulary.of(LEXICON)
LAPTOP = RequirementSpec(product_type="laptop")


def spec_of(message: str, before: RequirementSpec | None = None) -> RequirementSpec:
    return understand(message, Context(spec=before or RequirementSpec()), VOCABULARY).spec


@pytest.mark.parametrize(
    ("text", "plain", "price"),
    [
        ("1299", 1299, 1299),
        ("1,299.00", 1299, 1299),
        ("1.299,00", 1299, 1299),
        ("1,299", 1299, 1299),
        ("1.299", 1.299, 1299),
        ("0.500", 0.5, 0.5),
        ("1.5", 1.5, 1.5),
        ("2,5", 2.5, 2.5),
        ("1.299.000", 1_299_000, 1_299_000),
        ("1'299", 1299, 1299),
    ],
)
def test_numbers_of_two_worlds(text: str, plain: float, price: float):
    """The last separator is a decimal one, unless three digits follow; prices have two decimals."""
    says = number(text)
    assert says is not None
    assert (says.plain, says.price) == (plain, price)


@pytest.mark.parametrize("text", ["9" * 30, "99999999999"])
def test_numbers_without_measure_are_none(text: str):
    """What no price and no measure can be."""
    assert number(text) is None


@pytest.mark.parametrize(
    ("message", "least", "most", "currency"),
    [
        ("under 200", None, 200, "USD"),
        ("below $200", None, 200, "USD"),
        ("less than 200 dollars", None, 200, "USD"),
        ("max 200", None, 200, "USD"),
        ("max. 200 €", None, 200, "EUR"),
        ("200 max", None, 200, "USD"),
        ("up to £99.99", None, 99.99, "GBP"),
        ("at most 1k", None, 1000, "USD"),
        ("cheaper than 200", None, 200, "USD"),
        ("no more than 80 bucks", None, 80, "USD"),
        ("not over 80", None, 80, "USD"),
        ("200 or less", None, 200, "USD"),
        ("<$50", None, 50, "USD"),
        ("over 200", 200, None, "USD"),
        ("at least $200", 200, None, "USD"),
        ("from 200", 200, None, "USD"),
        ("min 200 eur", 200, None, "EUR"),
        ("200+ dollars", 200, None, "USD"),
        ("$200+", 200, None, "USD"),
        ("not under 100", 100, None, "USD"),
        ("200-300", 200, 300, "USD"),
        ("200 \u2013 300", 200, 300, "USD"),
        ("200 to 300", 200, 300, "USD"),
        ("between 200 and 300", 200, 300, "USD"),
        ("from 200 to 300 euros", 200, 300, "EUR"),
        ("$1k-$2k", 1000, 2000, "USD"),
        ("1-2k", 1000, 2000, "USD"),
        ("price: 20-40", 20, 40, "USD"),
        ("300 to 200", 200, 300, "USD"),
        ("around 50", 40, 60, "USD"),
        ("about 1,000", 800, 1200, "USD"),
        ("50ish", 40, 60, "USD"),
        ("five hundred dollars", None, 500, "USD"),
        ("under two hundred and fifty", None, 250, "USD"),
        ("2 hundred bucks", None, 200, "USD"),
        ("under a thousand", None, 1000, "USD"),
        ("less than 1 200 €", None, 1200, "EUR"),
        ("budget of 300", None, 300, "USD"),
        ("i can spend 300", None, 300, "USD"),
        ("menos de 200 euros", None, 200, "EUR"),
        ("jusqu'à 200 euros", None, 200, "EUR"),
        ("unter 1.299,00 €", None, 1299, "EUR"),
        ("meno di duecento euro", None, 200, "EUR"),
        ("até 200 reais", None, 200, "BRL"),
        ("zwischen 100 und 200 Euro", 100, 200, "EUR"),
    ],
)
def test_what_it_may_cost(message: str, least: float | None, most: float | None, currency: str):
    """Bounds, ranges and currencies as people write them."""
    assert spec_of(message).price == PriceRange(min=least, max=most, currency=currency)


@pytest.mark.parametrize(
    "message",
    [
        "laptop with 16 GB",
        '15.6" laptop',
        "backpack 20 l",
        "under 2 kg",
        "bottle under 500 ml",
        "running shoes size 42",
        "iphone 12",
        "RTX 3060",
        "top 10 laptops",
        "at least 4 stars",
        "4.5 or higher rating",
        "at least 4 ports",
        "2 laptops",
        "50% off",
        "2-3 people tent",
        "windows 11",
        "a 6 year old",
        "price 0",
        "at least 100 reviews",
    ],
)
def test_no_price(message: str):
    """Measures, sizes, model names, numbers of things, ratings and nothing are no money."""
    assert spec_of(message).price == PriceRange()


@pytest.mark.parametrize(
    ("message", "facet", "expected"),
    [
        ("16 GB RAM", "memory_gb", 16.0),
        ("16gb", "memory_gb", 16.0),
        ("512GB SSD", "storage_gb", 512.0),
        ("512 GB storage", "storage_gb", 512.0),
        ("1 TB", "storage_gb", Range(min=1000, max=1024)),
        ("at least 1TB", "storage_gb", Range(min=1000)),
        ("at least 16 GB of memory", "memory_gb", Range(min=16)),
        ("16GB+ ram", "memory_gb", Range(min=16)),
        ("16 gb or more", "memory_gb", Range(min=16)),
        ("512 GB storage at least", "storage_gb", Range(min=512)),
        ("8GB-16GB", "memory_gb", Range(min=8, max=16)),
        ("memory at least 16", "memory_gb", Range(min=16)),
        ("15 inch", "screen_size_in", Range(min=14.5, max=15.7)),
        ("15.6 inches", "screen_size_in", 15.6),
        ("14 to 16 inches", "screen_size_in", Range(min=14, max=16)),
        ("14 or 15 inch", "screen_size_in", Range(min=13.5, max=15.7)),
        ('27"', "screen_size_in", Range(min=26.5, max=27.7)),
        ("about 2 kg", "weight_kg", Range(min=1.8, max=2.2)),
        ("under 500 g", "weight_kg", Range(max=0.5)),
        ("lighter than 3 pounds", "weight_kg", Range(max=1.36078)),
        ("750 ml", "capacity_l", 0.75),
        ("half a liter", "capacity_l", 0.5),
        ("20 hours battery", "battery_hours", Range(min=20)),
        ("battery over 10", "battery_hours", Range(min=10)),
    ],
)
def test_measures_are_of_an_attribute(message: str, facet: str, expected: float | Range):
    """In the unit of the attribute that is named, or among whose values they are."""
    spec = spec_of(message)
    if isinstance(expected, Range):
        assert spec.filters.ranges == {facet: expected}
    else:
        assert spec.attributes == {facet: (expected,)}


def test_two_measures_of_one_message_stand_beside_each_other():
    """8 or 16."""
    assert spec_of("8 or 16 GB").attributes == {"memory_gb": (8.0, 16.0)}


def test_a_correction_without_a_price_is_of_the_measure():
    """`make it 32` after `16 GB`."""
    before = spec_of("laptop with 16 GB")
    assert spec_of("make it 32", before).attributes == {"memory_gb": (32.0,)}


def test_dollars_are_those_of_the_catalogue():
    """Where it counts in dollars of some kind; a code is always itself."""
    canadian = Vocabulary.of(LEXICON.model_copy(update={"currency": "CAD"}))
    assert understand("under $50", Context(), canadian).spec.price.currency == "CAD"
    assert understand("under 50", Context(), canadian).spec.price.currency == "CAD"
    assert understand("under 50 USD", Context(), canadian).spec.price.currency == "USD"


def test_another_currency_begins_anew():
    """Bounds in different money are not compared."""
    before = spec_of("over 50 euros")
    assert spec_of("under £40", before).price == PriceRange(max=40, currency="GBP")


def test_cheaper_is_below_the_middle_of_what_was_shown():
    """And never above what was said before."""
    shown = tuple(Shown(id=str(price), title="x", price=price) for price in (10.0, 20.0, 90.0))
    heard = understand("cheaper please", Context(spec=LAPTOP, shown=shown), VOCABULARY)
    assert heard.spec.price == PriceRange(max=19.99)
    assert [notice.code for notice in heard.notices] == ["assumed"]


def test_units_convert_without_dust():
    """750 ml are 0.75 l."""
    assert converted(750, UNITS["ml"], UNITS["l"]) == 0.75
    assert converted(1, UNITS["in"], UNITS["cm"]) == 2.54
    assert converted(5, UNITS["kg"], UNITS["kg"]) == 5
