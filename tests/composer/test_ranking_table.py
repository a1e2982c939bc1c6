"""Who comes first, by every rule of the ranking."""

from __future__ import annotations

import pytest
from composer_products import order, product, ranked, spec
from pydantic import ValidationError

from batuta.services.composer.models import Criteria

RATED = {"rating": 4.6, "reviews": 1203}


@pytest.mark.parametrize(
    ("products", "wanted", "expected"),
    [
        pytest.param(
            [product("dear", 5000, rating=5.0, reviews=900), product("fits", 99, score=0.2)],
            spec(under=200),
            ["fits", "dear"],
            id="$5,000 is never above a $99 that is within the budget",
        ),
        pytest.param(
            [
                product("over", 259, attributes={"colour": "red"}),
                product("blue", 99, attributes={"colour": "blue"}),
            ],
            spec(under=200, attributes={"colour": ("red",)}),
            ["blue", "over"],
            id="over the budget comes after what breaks another wish",
        ),
        pytest.param(
            [product("unknown", None), product("over", 300), product("fits", 150, score=0.1)],
            spec(under=200),
            ["fits", "unknown", "over"],
            id="a price nobody knows is neither within nor over",
        ),
        pytest.param(
            [product("unknown", None, score=1.0, **RATED), product("known", 900, score=0.1)],
            spec(),
            ["known", "unknown"],
            id="an unknown price never ranks first",
        ),
        pytest.param(
            [product("unknown", None), product("over", 300, attributes={"colour": "blue"})],
            spec(attributes={"colour": ("red",)}, soft=("colour",)),
            ["over", "unknown"],
            id="a preference missed is still a known price that fits",
        ),
        pytest.param(
            [product("one review", rating=5.0, reviews=1), product("many", **RATED)],
            spec(),
            ["many", "one review"],
            id="5.0 from one review does not beat 4.6 from 1,203",
        ),
        pytest.param(
            [product("uncounted", rating=5.0), product("many", **RATED)],
            spec(),
            ["many", "uncounted"],
            id="reviews that nobody counted are few",
        ),
        pytest.param(
            [product("euro", 150, currency="EUR"), product("dollar", 180, score=0.3)],
            spec(under=200),
            ["dollar", "euro"],
            id="another currency is not compared by its number",
        ),
        pytest.param(
            [
                product("blue", attributes={"colour": "blue"}),
                product("none"),
                product("red", attributes={"colour": "Red"}),
            ],
            spec(attributes={"colour": ("red",)}, soft=("colour",)),
            ["red", "none", "blue"],
            id="a preference moves: match, unknown, mismatch",
        ),
        pytest.param(
            [
                product("blue", attributes={"colour": "blue"}),
                product("red", score=0.05, attributes={"colour": "red"}),
            ],
            spec(attributes={"colour": ("red",)}, soft=("colour",)),
            ["red", "blue"],
            id="a preference can be outweighed only by much",
        ),
        pytest.param(
            [
                product("blue", attributes={"colour": "blue"}),
                product("red", score=0.001, attributes={"colour": "red"}),
            ],
            spec(attributes={"colour": ("red",)}),
            ["red", "blue"],
            id="a wish in so many words parts",
        ),
        pytest.param(
            [product("Acme", brand="Acme"), product("Bolt", score=0.1, brand="Bolt")],
            spec(filters={"exclude_brands": ("acme",)}),
            ["Bolt", "Acme"],
            id="an excluded brand comes last",
        ),
        pytest.param(
            [product("refurbished tablet"), product("tablet", score=0.1)],
            spec(filters={"exclude_words": ("Refurbished",)}),
            ["tablet", "refurbished tablet"],
            id="an excluded word comes last",
        ),
        pytest.param(
            [
                product("small", attributes={"memory_gb": 4}),
                product("large", score=0.1, attributes={"memory_gb": 16}),
            ],
            spec(filters={"ranges": {"memory_gb": {"min": 8}}}),
            ["large", "small"],
            id="a number below its bound comes last",
        ),
        pytest.param(
            [product("mat", category="dish mat"), product("gaming", score=0.1, category="Gaming mice")],
            spec(product_type="mouse"),
            ["gaming", "mat"],
            id="gaming mice are mice, a dish mat is none",
        ),
        pytest.param(
            [product("dear", 200), product("cheap", 100), product("unknown", None)],
            spec(filters={"sort_by": "price_asc"}),
            ["cheap", "dear", "unknown"],
            id="cheapest first, unknown last",
        ),
        pytest.param(
            [product("unknown", None), product("cheap", 100), product("dear", 200)],
            spec(filters={"sort_by": "price_desc"}),
            ["dear", "cheap", "unknown"],
            id="dearest first, unknown last",
        ),
        pytest.param(
            [product("none"), product("one", rating=5.0, reviews=1), product("many", **RATED)],
            spec(filters={"sort_by": "rating"}),
            ["many", "one", "none"],
            id="best rated first, unrated last",
        ),
        pytest.param(
            [product("undated"), product("old", released="2019-05-01"), product("new", released="2026-11")],
            spec(filters={"sort_by": "newest"}),
            ["new", "old", "undated"],
            id="newest first, undated last",
        ),
        pytest.param(
            [product("few", reviews=3), product("unknown"), product("many", reviews=900)],
            spec(filters={"sort_by": "popularity"}),
            ["many", "few", "unknown"],
            id="most reviewed first",
        ),
        pytest.param(
            [product("over", 300, score=1.0), product("at", 200, score=0.1)],
            spec(under=200, filters={"sort_by": "price_desc"}),
            ["at", "over"],
            id="the order asked for does not bring back what is over the budget",
        ),
    ],
)
def test_the_order(products, wanted, expected):
    """Each rule decides between products that are otherwise alike, or worse."""
    assert order(products, wanted) == expected
    assert order(products[::-1], wanted) == expected


def test_one_outlier_does_not_make_the_other_prices_equal():
    """Beside a price of a million, $20 is still cheaper than $200."""
    found = order([product("200", 200), product("20", 20), product("million", 1_000_000)])
    assert found == ["20", "200", "million"]


def test_one_outlier_does_not_make_other_relevances_equal():
    """Scores of a foreign catalogue, on a scale of its own, still part what is below the best."""
    found = ranked([product("poor", score=1.5), product("good", score=9.0), product("best", score=90_000.0)])
    assert [one.product.id for one in found] == ["best", "good", "poor"]
    assert found[1].score - found[2].score > 0.05


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -3.0])
def test_a_score_that_is_none_counts_as_nothing(score):
    """A foreign catalogue's broken score neither fails the ranking nor leads it."""
    assert order([product("broken", score=score), product("sound", score=0.5)]) == ["sound", "broken"]


def test_preferences_the_catalogue_has_applied_do_not_count_twice():
    """Where the scores have the preferences in them, a mismatch takes a tenth of the relevance once."""
    wanted = spec(attributes={"colour": ("red",)}, soft=("colour",))
    found = [product("blue", score=0.1, attributes={"colour": "blue"})]
    alone = {"price_weight": 0, "rating_weight": 0, "relevance_weight": 1}
    assert ranked(found, wanted, criteria=alone)[0].score == pytest.approx(0.01)
    assert ranked(found, wanted, criteria=alone, preferences_applied=True)[0].score == pytest.approx(0.1)


def test_what_is_missed_is_said():
    """Nothing that was wanted and is not so is kept quiet."""
    wanted = spec(
        under=200,
        brand_preferences=("Acme", "Bolt"),
        attributes={"colour": ("red",), "bluetooth": (True,)},
        rating_min=4,
        filters={"ranges": {"memory_gb": {"min": 8}}, "exclude_attributes": {"material": ("leather",)}},
    )
    attributes = {"colour": "blue", "memory_gb": 4, "material": "leather"}
    [found] = ranked([product("it", 259, brand="Cask", rating=3.9, reviews=1, attributes=attributes)], wanted)
    assert found.misses == [
        "$259, over your $200",
        "Cask, you asked for Acme or Bolt",
        "blue, you asked for red",
        "bluetooth unknown",
        "4 GB memory, below your 8 GB",
        "3.9 stars from 1 review, below your 4",
        "leather, which you excluded",
    ]


@pytest.mark.parametrize(
    ("price", "currency", "said"),
    [
        (None, "USD", "price unknown"),
        (150, "EUR", "€150, your budget is in USD"),
        (20, "USD", "$20, below your $50"),
    ],
)
def test_a_price_that_is_not_within_the_budget_is_said(price, currency, said):
    """Unknown, not comparable, or too low."""
    [found] = ranked([product("it", price, currency=currency)], spec(over=50, under=200))
    assert found.misses == [said]


def test_reasons_are_facts_about_the_product():
    """Price within the budget, what was asked for, the cheapest, the rating; four at most."""
    wanted = spec(under=200, attributes={"colour": ("red",), "memory_gb": (16.0,)})
    attributes = {"colour": "red", "memory_gb": 16}
    first, second = ranked(
        [
            product("first", 99, attributes=attributes, **RATED),
            product("second", 150, attributes=attributes, **RATED),
        ],
        wanted,
    )
    assert first.why_ranked == [
        "$99, under your $200",
        "red, as you asked",
        "16 GB memory",
        "cheapest of these",
    ]
    assert second.why_ranked[-1] == "4.6 stars from 1,203 reviews"


@pytest.mark.parametrize(
    "other", [product("other", 99), product("other", None), product("other", 120, currency="EUR")]
)
def test_nobody_is_called_the_cheapest_who_may_not_be(other):
    """An equal, an unknown or a foreign price leaves it open."""
    assert all("cheapest of these" not in one.why_ranked for one in ranked([product("it", 99), other]))


def test_weights_of_nothing_are_refused():
    """All three at zero leave nothing to rank by."""
    with pytest.raises(ValidationError, match="all weights are 0"):
        Criteria(price_weight=0, rating_weight=0, relevance_weight=0)
