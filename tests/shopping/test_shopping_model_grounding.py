"""What of a model's reading is believed, and that nothing else ever changes what the user said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_endpoint import LEXICON, heard, item

from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec
from batuta.shopping.model.answers import FACETS, Item
from batuta.shopping.model.grounding import ground, left_over
from batuta.shopping.model.texts import Text, fold
from batuta.shopping.models import Notice
from batuta.shopping.understanding.models import Act, Understanding


def spec(**fields: Any) -> RequirementSpec:
    return RequirementSpec(**fields)


def believed(message: str, found: Item, before: RequirementSpec | None = None) -> RequirementSpec:
    return ground(message, heard(spec=before), [found], LEXICON).understanding.spec


BELIEVED: dict[str, tuple[str, Item, RequirementSpec]] = {
    "a type by what it is for": (
        "something to hear music on the train",
        item("product_type", "headphones", "hear music"),
        spec(product_type="headphones", soft=("product_type",)),
    ),
    "a type in a language without a table": (
        "piros cipő kellene",
        item("product_type", "Running Shoes", "CIPŐ"),
        spec(product_type="running shoes", soft=("product_type",)),
    ),
    "a word of an attribute": (
        "burgundy ones",
        item("colour", "RED", "burgundy"),
        spec(attributes={"colour": ("red",)}, soft=("colour",)),
    ),
    "a word that is only meant": (
        "it must not soak through",
        item("waterproof", "true", "not  soak\nthrough"),
        spec(attributes={"waterproof": (True,)}, soft=("waterproof",)),
    ),
    "no, with a negation": (
        "the waterproofed kind isn't for me",
        item("waterproof", value=False, quote="waterproofed kind isn't"),
        spec(attributes={"waterproof": (False,)}, soft=("waterproof",)),
    ),
    "a brand in other letters": (
        "my uncle swears by hewlett packard",
        item("brand", "Hewlett-Packard", "hewlett packard"),
        spec(brand_preferences=("Hewlett-Packard",), soft=("brand",)),
    ),
    "a brand that is not wanted": (
        "sony is a firm I avoid",
        item("brand", "Sony", "sony is a firm I avoid", "not"),
        spec(filters=Exclusions(exclude_brands=("Sony",))),
    ),
    "a word that is not wanted": (
        "leather is what I dislike",
        item("material", "leather", "leather is what I dislike", "not"),
        spec(filters=Exclusions(exclude_attributes={"material": ("leather",)})),
    ),
    "a condition": (
        "pre-loved is fine",
        item("condition", "used", "pre-loved"),
        spec(condition="used", soft=("condition",)),
    ),
    "an order": (
        "die beliebtesten zuerst",
        item("sort", "popularity", "beliebtesten"),
        spec(filters=Exclusions(sort_by="popularity")),
    ),
    "a budget": (
        "my wallet won't stretch past 1,299.50",
        item("price", 1299.5, "wallet won't stretch past 1,299.50", "at_most"),
        spec(price=PriceRange(max=1299.5)),
    ),
    "a budget of thousands": (
        "1.5k euros is my limit",
        item("price", 1500, "1.5k euros is my limit", "at_most"),
        spec(price=PriceRange(max=1500, currency="EUR")),
    ),
    "a least price": (
        "starting at $ 1 299",
        item("price", "1299", "starting at $ 1 299", "at_least"),
        spec(price=PriceRange(min=1299)),
    ),
    "stars": (
        "4,5 csillag rating",
        item("rating", 4.5, "4,5 csillag rating", "at_least"),
        spec(rating_min=4.5),
    ),
    "a measure": (
        "16 gigs please",
        item("memory_gb", 16, "16 gigs"),
        spec(attributes={"memory_gb": (16.0,)}),
    ),
    "a measure's bound": (
        "kijelző 15″ fölött, min",
        item("screen_size_in", 15, "15″ fölött", "at_most"),
        spec(filters=Exclusions(ranges={"screen_size_in": Range(max=15)})),
    ),
}


@pytest.mark.parametrize("case", BELIEVED)
def test_what_follows_from_the_users_words_is_added(case: str) -> None:
    """The quote stands in the message, and the value follows from it."""
    message, found, expected = BELIEVED[case]
    grounded = ground(message, heard(Act.UNCLEAR), [found], LEXICON)
    assert grounded.understanding.spec == expected
    assert grounded.understanding.act is Act.SEARCH
    assert grounded.understanding.changed == (found.facet,)
    (notice,) = grounded.understanding.notices
    assert notice.code == "assumed"
    assert " ".join(found.quote.split()) in notice.message


REFUSED: dict[str, tuple[str, Item]] = {
    "a price nobody said": ("shoes for a marathon", item("price", 0, "shoes", "at_most")),
    "a price of nothing": ("my budget is 100", item("price", 0, "budget is 100", "at_most")),
    "a part of a price": ("my budget is $1,000", item("price", 1, "$1", "at_most")),
    "a part of a longer number": ("my budget is $100", item("price", 10, "budget is $10", "at_most")),
    "a measure as a price": ("pay for 16 GB", item("price", 16, "pay for 16", "at_most")),
    "a number of a name as a price": ("an iPhone 12", item("price", 12, "iPhone 12", "at_most")),
    "a price the wrong way round": ("at most 100 dollars", item("price", 100, "100 dollars", "at_least")),
    "a price no more than": ("no more than 90 bucks", item("price", 90, "more than 90 bucks", "at_least")),
    "a price that is": ("100 dollars", item("price", 100, "100 dollars")),
    "not a number": ("100 dollars", item("price", float("nan"), "100 dollars", "at_most")),
    "without end": ("100 dollars", item("price", "1e999", "100 dollars", "at_most")),
    "a number with a sign": ("pay -100 dollars", item("price", "-100", "pay -100 dollars", "at_most")),
    "a quote nobody said": ("something for music", item("product_type", "headphones", "for my ears")),
    "a quote out of a word": ("preferred gear", item("colour", "red", "red")),
    "a quote of nothing": ("something for music", item("product_type", "headphones", "")),
    "a quote that says nothing": ("something for music", item("product_type", "headphones", "something for")),
    "a type nobody sells": ("something for music", item("product_type", "weapon", "music")),
    "a brand nobody named": ("something for music", item("brand", "Sony", "music")),
    "a brand that is half named": ("my friend Packard", item("brand", "Hewlett-Packard", "friend Packard")),
    "a brand that is a common word": ("put it on my desk", item("brand", "On", "on my desk")),
    "a brand that is denied": ("definitely not sony", item("brand", "Sony", "sony")),
    "a brand that is denied in the quote": ("anything without sony", item("brand", "Sony", "without sony")),
    "a brand excluded for nothing": ("sony would be lovely", item("brand", "Sony", "sony", "not")),
    "a word excluded for nothing": ("burgundy would be ok", item("colour", "red", "burgundy", "not")),
    "an excluded type": ("no headphones", item("product_type", "headphones", "no headphones", "not")),
    "no without a negation": ("for rainy hikes", item("waterproof", value=False, quote="rainy")),
    "neither yes nor no": ("for rainy hikes", item("waterproof", "maybe", "rainy")),
    "a condition nobody said": ("something for music", item("condition", "used", "music")),
    "an order nobody said": ("something for music", item("sort", "price_desc", "music")),
    "an order that is none": ("something for music", item("sort", "random", "music")),
    "stars nobody said": ("for my 4 kids", item("rating", 4, "my 4 kids", "at_least")),
    "too many stars": ("9 stars and more", item("rating", 9, "9 stars and more", "at_least")),
    "a measure of something else": ("for my 16 year old", item("memory_gb", 16, "16 year old")),
    "a measure out of reach": ("640 gigs", item("memory_gb", 640, "640 gigs")),
    "an attribute nobody has": ("for rainy hikes", item("admin", "true", "rainy hikes")),
    "a number that is no number": ("sixteen gigs", item("memory_gb", 16, "sixteen gigs")),
    "a number that is too long": ("9" * 400 + " gigs", item("memory_gb", "9" * 200, "gigs")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_user_did_not_say_is_never_set(case: str) -> None:
    """The reading is the very one there was before."""
    message, found = REFUSED[case]
    before = heard(Act.UNCLEAR)
    grounded = ground(message, before, [found], LEXICON)
    assert grounded.understanding is before
    assert (grounded.believed, grounded.refused) == (0, 1)


SETTLED = spec(
    product_type="laptop",
    brand_preferences=("Sony",),
    price=PriceRange(max=900),
    rating_min=4,
    condition="new",
    attributes={"colour": ("blue",), "waterproof": (True,)},
    filters=Exclusions(sort_by="rating", ranges={"memory_gb": Range(min=16)}, exclude_brands=("Apple",)),
)
MESSAGE = (
    "Apple, peak, used second-hand cheapest headphones, burgundy, isn't dry, 99 dollars, 3 stars, 8 gigs"
)


@pytest.mark.parametrize(
    "found",
    [
        item("product_type", "headphones", "headphones"),
        item("brand", "Peak", "peak"),
        item("brand", "Apple", "Apple"),
        item("brand", "Sony", "isn't dry", "not"),
        item("price", 99, "99 dollars", "at_most"),
        item("price", 99, "99 dollars", "at_least"),
        item("rating", 3, "3 stars", "at_least"),
        item("condition", "used", "second-hand"),
        item("sort", "price_asc", "cheapest"),
        item("colour", "red", "burgundy"),
        item("colour", "blue", "burgundy", "not"),
        item("waterproof", value=False, quote="isn't dry"),
        item("waterproof", value=True, quote="isn't dry", relation="not"),
        item("memory_gb", 8, "8 gigs"),
        item("memory_gb", 8, "8 gigs", "at_least"),
    ],
)
def test_what_is_settled_stays(found: Item) -> None:
    """Our own reading always wins, whatever else the message says."""
    assert believed(MESSAGE, found, SETTLED) == SETTLED


def test_what_was_given_up_is_not_taken_up_again() -> None:
    """`Any brand, forget the peak` has a brand in it, and none is wanted."""
    before = heard(changed=("brand",), removed=("brand",))
    for relation in ("is", "not"):
        found = item("brand", "Peak", "forget the peak", relation)
        assert ground("any brand, forget the peak", before, [found], LEXICON).understanding is before


def test_every_word_is_good_for_one_thing() -> None:
    """Thirty items that rest on one word are one, so an answer cannot bury what was said."""
    wanted = [
        item("colour", "red", "wine"),
        item("material", "mesh", "wine"),
        item("waterproof", "yes", "wine"),
    ]
    grounded = ground("wine ones", heard(), wanted, LEXICON)
    assert grounded.understanding.spec.attributes == {"colour": ("red",)}
    assert (grounded.believed, grounded.refused) == (1, 2)


def test_a_number_is_good_for_one_thing() -> None:
    """The least and the most cannot both be the one amount; two amounts can, in their order."""
    least = item("price", 50, "cost over 50 bucks", "at_least")
    most = item("price", 50, "50 bucks", "at_most")
    grounded = ground("cost over 50 bucks", heard(), [least, most], LEXICON)
    assert grounded.understanding.spec.price == PriceRange(min=50)
    message = "more than 80 dollars; at most 40 dollars"
    both = [item("price", 80, "80 dollars", "at_least"), item("price", 40, "40 dollars", "at_most")]
    assert ground(message, heard(), both, LEXICON).understanding.spec.price == PriceRange(min=80)


def test_words_already_read_are_no_reason() -> None:
    """What our own reading understood means that, and nothing besides."""
    before = spec(product_type="running shoes")
    assert believed("running shoe", item("colour", "red", "running shoe"), before) == before
    assert believed("blue running shoe", item("colour", "blue", "blue"), before).attributes == {
        "colour": ("blue",)
    }


def test_other_notices_stay_and_a_puzzled_one_goes() -> None:
    """What was understood after all is not told as not understood."""
    before = heard(
        Act.UNCLEAR,
        notices=(Notice(code="not_understood", message="?"), Notice(code="corrected", message="!")),
    )
    after = ground("for music", before, [item("product_type", "headphones", "music")], LEXICON).understanding
    assert [notice.code for notice in after.notices] == ["corrected", "assumed"]


@pytest.mark.parametrize("act", sorted({*Act} - {Act.SEARCH, Act.UNCLEAR}))
def test_other_acts_are_left_alone(act: Act) -> None:
    """`Start over` is not a search, whatever a model makes of it."""
    before = heard(act)
    assert not left_over("burgundy", before)
    assert ground("burgundy", before, [item("colour", "red", "burgundy")], LEXICON).understanding is before


@pytest.mark.parametrize(
    ("message", "over"),
    [
        ("I need black running shoes under $100, please", False),
        ("¿", False),
        ("zapatos", True),
        ("black running shoes for the rain", True),
    ],
)
def test_a_model_is_for_words_that_are_left_over(message: str, *, over: bool) -> None:
    """A message that is understood to its last word costs no time."""
    known = spec(product_type="running shoes", attributes={"colour": ("black",)}, price=PriceRange(max=100))
    assert left_over(message, heard(spec=known)) is over


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,299.00 or 1.299,00", [{1299.0}, {1299.0}]),
        ("1.299", [{1299.0, 1.299}]),
        ("1.299.000 and 1'299'000", [{1299000.0}, {1299000.0}]),
        ("12 500 but 100 200", [{12500.0}, {100.0}, {200.0}]),
        ("2k, 2 kg, a2, ٣", [{2000.0}, {2.0}, {3.0}]),
        ("1.2.3", [set()]),
    ],
)
def test_numbers_are_read_whole(text: str, values: list[set[float]]) -> None:
    """As people of several countries write them."""
    assert [set(number.values) for number in Text.of(text).numbers] == values


def contains(after: Any, before: Any) -> bool:
    """Whether all that was said is still there."""
    if isinstance(before, dict):
        return all(name in after and contains(after[name], value) for name, value in before.items())
    if isinstance(before, tuple | list):
        return list(after)[: len(before)] == list(before)
    return before is None or after == before


WORDS = st.sampled_from(MESSAGE.replace(",", "").split())
QUOTES = st.one_of(st.text(max_size=12), st.lists(WORDS, min_size=1, max_size=3).map(" ".join))
VALUES = st.one_of(
    st.sampled_from([*LEXICON.types, *LEXICON.brands, "red", "leather", "mesh", "used", "price_asc", "true"]),
    st.sampled_from([99.0, 3.0, 8.0, 0.0]),
    st.floats(),
    st.booleans(),
    st.text(max_size=9),
)
ITEMS = st.builds(
    Item,
    facet=st.sampled_from([*FACETS, *LEXICON.attributes, "admin"]),
    relation=st.sampled_from(["is", "not", "at_least", "at_most"]),
    value=VALUES,
    quote=QUOTES,
)
SPECS = st.sampled_from([RequirementSpec(), SETTLED, spec(price=PriceRange(min=50), soft=("price",))])


@given(
    message=st.one_of(st.just(MESSAGE), st.text(max_size=60)),
    found=st.lists(ITEMS, max_size=12),
    before=SPECS,
)
def test_nothing_that_was_said_is_ever_lost(message: str, found: list[Item], before: RequirementSpec) -> None:
    """Whatever the model answers: all that was set stays as it was, and no number is new."""
    grounded = ground(message, heard(spec=before), found, LEXICON)
    after = grounded.understanding.spec
    for name, value in before.model_dump().items():
        if (name, value) != ("filters", None):
            sort = name == "filters" and value.pop("sort_by") == "relevance"
            currency = value.pop("currency") if name == "price" else None
            assert contains(after.model_dump()[name], value)
            assert sort or name != "filters" or after.filters.sort_by == before.filters.sort_by
            assert currency is None or before.price.max is None or after.price.currency == currency
    known = {value for number in Text.of(message).numbers for value in number.values} | {50.0, 900.0}
    assert {after.price.min, after.price.max} - {None} <= known
    assert grounded.believed + grounded.refused == len(found)
    assert RequirementSpec.model_validate(after.model_dump()) == after


def test_folding_is_the_same_for_message_and_quote() -> None:
    """Case, accents, spaces and quotation marks make no difference."""
    assert fold("  Zapatos\tRÁPIDOS 15″ don’t ") == "zapatos rapidos 15'' don't"  # noqa: RUF001


def test_our_own_reading_is_not_copied_for_nothing() -> None:
    """No items, no change."""
    before: Understanding = heard()
    assert ground("shoes", before, [], LEXICON).understanding is before
