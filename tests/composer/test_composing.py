"""The answer in words, the cards, and the table."""

from __future__ import annotations

import pytest
from composer_products import composed, product, spec

from batuta.services.composer.comparison import NOT_KNOWN
from batuta.services.composer.models import Relaxed

DASH = "\u2013"

LAPTOPS = [
    product(
        "Zen 14", 899, brand="Zen", rating=4.6, reviews=1203, attributes={"memory_gb": 16, "colour": "red"}
    ),
    product("Arc 13", 649, brand="Arc", attributes={"memory_gb": 8, "colour": "red", "touchscreen": True}),
]


@pytest.mark.parametrize(
    ("wanted", "more", "text"),
    [
        pytest.param(
            spec(product_type="laptop", under=1000),
            {"total": 120},
            "I found 120 products for “laptop under $1,000”; here are the best 2."
            " The best match is Zen 14: $899, under your $1,000; 4.6 stars from 1,203 reviews.",
            id="how many, the best, and why",
        ),
        pytest.param(
            spec(),
            {},
            "I found 2 products. The best match is Zen 14: $899; 4.6 stars from 1,203 reviews.",
            id="the price is said where no reason says it",
        ),
        pytest.param(
            spec(under=500),
            {"relaxed": (Relaxed(facet="price", wanted="under $500", nearest="the cheapest is $649"),)},
            "Nothing under $500; the cheapest is $649. I found 2 products."
            " The best match is Zen 14: 4.6 stars from 1,203 reviews. But note: $899, over your $500.",
            id="what was relaxed comes first, and the budget is not exceeded silently",
        ),
        pytest.param(
            spec(product_type="laptop"),
            {"question": "What is your budget?"},
            "I found 2 products for “laptop”. The best match is Zen 14: $899; 4.6 stars from 1,203 reviews."
            " What is your budget?",
            id="the question that was given ends it",
        ),
        pytest.param(
            spec(),
            {"compare": True},
            "Side by side: Zen 14 and Arc 13. They differ in price, brand and memory.",
            id="compared",
        ),
    ],
)
def test_the_text(wanted, more, text):
    """Plain sentences, in this order."""
    assert composed(LAPTOPS, wanted, **more).text == text


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (spec(), "Nothing was found. Try other words."),
        (
            spec(
                product_type="laptop", under=50, brand_preferences=("Zen",), attributes={"colour": ("red",)}
            ),
            (
                "Nothing was found for “red laptop by Zen under $50”."
                " Try a budget over $50, another brand or another colour."
            ),
        ),
        (
            spec(keywords=("quantum",), filters={"exclude_brands": ("Zen",)}),
            "Nothing was found for “quantum but not by Zen”. Try fewer exclusions.",
        ),
        (
            spec(
                attributes={"touchscreen": (True,), "memory_gb": (16.0,)},
                over=50,
                under=100,
                rating_min=4,
                condition="used",
                filters={"ranges": {"weight_kg": {"max": 2}}},
            ),
            (
                "Nothing was found for “anything used with touchscreen, 16 GB memory, at most 2 kg weight"
                f" and 4 stars or more for $50{DASH}$100”."
                " Try a budget over $100, one without touchscreen or another memory."
            ),
        ),
    ],
)
def test_nothing_found_says_what_to_change(wanted, text):
    """An empty answer is an answer, and names what could give way."""
    found = composed([], wanted)
    assert (found.text, found.cards, found.comparison) == (text, [], None)


def test_a_title_is_data():
    """Line ends, control characters and marks that turn the writing are gone; what is long is cut."""
    nasty = "<script>alert(1)</script>\r\n# **Free**\x00 \u202egnp.exe\u2028" + "x" * 1000
    found = composed([product("it").model_copy(update={"title": nasty})])
    title = found.cards[0].title
    assert len(title) == 200
    assert title.startswith("<script>alert(1)</script> # **Free** gnp.exe xxx")
    assert title.endswith("…")
    assert found.text.isprintable()
    assert len(found.text) < 250


def test_a_product_of_nothing_but_a_title_has_a_card():
    """Whatever is unknown is said, or left open."""
    [card] = composed([product(" ", None)]).cards
    assert card.title == " "
    assert card.price_text == "price unknown"
    assert card.misses == ["price unknown"]
    assert card.why_ranked == ["condition: new"]


def test_cards_show_what_matters():
    """What was asked for comes first, then what tells the products apart, with labels and units."""
    many = {f"feature_{number}": f"only {number}" for number in range(8)}
    first = product("first", attributes={**many, "memory_gb": 16, "colour": "red", "same": "yes"})
    second = product(
        "second", attributes={"memory_gb": 8, "colour": "red", "same": "yes", "feature_0": "other"}
    )
    wanted = spec(attributes={"colour": ("red",)})
    cards = composed([first, second], wanted).cards
    assert list(cards[0].attributes.items())[:3] == [
        ("colour", "red"),
        ("feature 0", "only 0"),
        ("memory", "16 GB"),
    ]
    assert "same" not in cards[0].attributes
    assert list(cards[1].attributes) == ["colour", "feature 0", "memory"]


def test_six_attributes_are_enough():
    """Of a product alone the first six are shown."""
    [card] = composed([product("it", attributes={f"feature_{number}": number for number in range(9)})]).cards
    assert list(card.attributes) == [f"feature {number}" for number in range(6)]


def test_products_side_by_side():
    """Rows that differ come first; what only one has is left out; what is unknown is a dash."""
    table = composed(LAPTOPS, compare=True).comparison
    assert table is not None
    assert table.product_ids == ["Zen 14", "Arc 13"]
    assert [(row.name, row.values, row.differs) for row in table.rows] == [
        ("price", ["$899", "$649"], True),
        ("brand", ["Zen", "Arc"], True),
        ("memory", ["16 GB", "8 GB"], True),
        ("rating", ["4.6 stars from 1,203 reviews", NOT_KNOWN], False),
        ("condition", ["new", "new"], False),
        ("colour", ["red", "red"], False),
    ]


def test_a_table_has_an_end():
    """Twenty rows at most, and the differing attributes among them."""
    same = {f"same_{number}": "yes" for number in range(30)}
    two = [product(name, attributes={**same, "colour": name}) for name in ("red", "blue")]
    table = composed(two, compare=True).comparison
    assert table is not None
    assert len(table.rows) == 20
    assert table.rows[0].name == "colour"


def test_one_product_is_not_compared():
    """There is nothing to set beside it."""
    found = composed(LAPTOPS[:1], compare=True)
    assert found.comparison is None
    assert found.text == "There is only one to look at: Zen 14."
