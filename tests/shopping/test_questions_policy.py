"""Whether there is a question, and which."""

from __future__ import annotations

import pytest

from batuta.services.catalog.models import Facet, FacetValue, Lexicon
from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec
from batuta.shopping.askability import NEVER, question_for, topic_of
from batuta.shopping.models import Need, Survey
from batuta.shopping.questions import MOST_QUESTIONS, next_question, opening_question

LAPTOP = RequirementSpec(product_type="laptop")


def words(*values: str | float | bool | Range, known: float = 1.0, bits: float | None = None) -> Facet:
    """A facet whose values are equally likely."""
    share = known / len(values)
    listed = [FacetValue(value=value, count=12, weight=share) for value in values]
    return Facet(values=listed, known=known, bits=len(values) ** 0.5 if bits is None else bits)


COLOUR = words("red", "blue", "black", "white")
BRAND = words("Acme", "Bolt", "Cask", "Dune")
PRICE = words(Range(max=50), Range(min=50, max=100), Range(min=100, max=200), Range(min=200))


def survey(total: int = 100, flatness: float = 0.98, **facets: Facet) -> Survey:
    return Survey(total=total, flatness=flatness, facets=facets)


def asked(
    need: Need | None = None, *, total: int = 100, flatness: float = 0.98, **facets: Facet
) -> str | None:
    """The facet of the question."""
    found = next_question(survey(total, flatness, **facets), need or Need(spec=LAPTOP))
    return None if found is None else found.facet


def need(spec: RequirementSpec = LAPTOP, **more) -> Need:
    return Need(spec=spec, **more)


@pytest.mark.parametrize(
    ("survey_of", "of_need", "expected"),
    [
        pytest.param({"total": 11, "colour": COLOUR}, need(), "colour", id="eleven are more than are shown"),
        pytest.param({"total": 10, "colour": COLOUR}, need(), None, id="ten are shown"),
        pytest.param({"flatness": 0.61, "colour": COLOUR}, need(), "colour", id="nobody stands out"),
        pytest.param({"flatness": 0.59, "colour": COLOUR}, need(), None, id="one stands out"),
        pytest.param({"colour": COLOUR}, need(asked=("a", "b")), "colour", id="the third question"),
        pytest.param({"colour": COLOUR}, need(asked=("a", "b", "c")), None, id="a fourth one is not asked"),
        pytest.param(
            {"colour": words("red", "blue", bits=0.51)}, need(), "colour", id="half a bit is gained"
        ),
        pytest.param({"colour": words("red", "blue", bits=0.49)}, need(), None, id="less than half a bit"),
        pytest.param(
            {"colour": words("a", "b", known=0.26, bits=3)}, need(), "colour", id="known of a quarter"
        ),
        pytest.param({"colour": words("a", "b", known=0.24, bits=3)}, need(), None, id="known of fewer"),
        pytest.param(
            {"colour": words("a", "b", known=0.4, bits=1)}, need(), None, id="what is known tells too little"
        ),
        pytest.param({"colour": words("red", bits=2)}, need(), None, id="one value is no choice"),
        pytest.param(
            {"colour": words("red", "Red", "RED ")}, need(), None, id="nor is one in three spellings"
        ),
        pytest.param({"colour": words("x" * 61, "y" * 61, "z")}, need(), None, id="texts cannot be offered"),
        pytest.param({}, need(), None, id="nothing to ask for"),
    ],
)
def test_when_to_ask(survey_of, of_need, expected):
    """Every condition of the contract, on both sides of its limit."""
    assert asked(of_need, **survey_of) == expected


@pytest.mark.parametrize(
    ("facet", "spec"),
    [
        ("brand", RequirementSpec(brand_preferences=("Acme",))),
        ("price", RequirementSpec(price=PriceRange(max=100))),
        ("price", RequirementSpec(price=PriceRange(min=100))),
        ("price", RequirementSpec(product_type="laptop", filters=Exclusions(sort_by="price_asc"))),
        ("category", LAPTOP),
        ("colour", RequirementSpec(attributes={"colour": ("red",)})),
        ("colour", RequirementSpec(attributes={"colour": ("red",)}, soft=("colour",))),
        ("product_colour", RequirementSpec(attributes={"colour": ("red",)})),
        ("memory_gb", RequirementSpec(filters=Exclusions(ranges={"memory_gb": Range(min=8)}))),
        ("condition", RequirementSpec(condition="used")),
    ],
)
def test_what_was_said_is_never_asked(facet, spec):
    """Firmly or as a preference, as a value or as a range."""
    assert asked(need(RequirementSpec(keywords=("thing",))), **{facet: COLOUR}) is not None
    assert asked(need(spec), **{facet: COLOUR}) is None


@pytest.mark.parametrize("which", ["asked", "declined"])
def test_nothing_is_asked_twice(which):
    """Neither what was answered with no preference, nor the same under another name."""
    once = need(**{which: ("cable_colour",)})
    assert asked(once, cable_colour=COLOUR) is None
    assert asked(once, product_colour=COLOUR) is None
    assert asked(once, material=COLOUR) == "material"


@pytest.mark.parametrize(
    ("facets", "expected"),
    [
        ({"colour": words("red", "blue", bits=1), "material": words("wool", "silk", bits=2)}, "material"),
        ({"colour": COLOUR, "material": words(*"abcd", known=0.5)}, "colour"),
        ({"colour": COLOUR, "part_number": words(*"abcdefgh", bits=9)}, "colour"),
        ({"brand": BRAND, "width_mm": words(*map(float, range(8)), bits=3)}, "brand"),
        ({"brand": BRAND, "category": BRAND}, "product_type"),
        ({"colour": words(*"abcdefgh", bits=3), "processor_series": words(*"abcdefgh", bits=3)}, "colour"),
        ({"size": COLOUR, "processor_cache": words(1.0, 2.0, 3.0, 4.0)}, "size"),
    ],
    ids=[
        "more is gained",
        "known of more",
        "no part numbers",
        "no dimensions",
        "the type first",
        "known by more",
        "words before numbers",
    ],
)
def test_the_best_facet_is_asked(facets, expected):
    """Expected gain x coverage x askability, whatever the order."""
    anything = need(RequirementSpec(keywords=("thing",)))
    assert asked(anything, **facets) == expected
    assert asked(anything, **dict(reversed(facets.items()))) == expected


def test_what_few_suggestions_cover_is_asked_later():
    """Of two facets that tell the same, that whose answers can be offered is asked."""
    values = [FacetValue(value=f"type {one}", count=1, weight=0.02) for one in range(50)]
    many = Facet(values=values, known=1, bits=5.6)
    assert asked(compatibility=many, material=words(*"abcde", bits=2)) == "material"


@pytest.mark.parametrize(
    "facet",
    [
        *("ean", "sku", "model", "part_number", "package_weight_kg", "pallet_height", "country_of_origin"),
        *("certification", "launch_date", "operating_temperature", "storage_temperature", "rohs_compliance"),
        *("harmonized_system_hs_code", "connector_gender"),
    ],
)
def test_nobody_is_asked_for_what_only_the_office_knows(facet):
    """Even where it is all that tells the products apart."""
    assert topic_of(facet).askability == NEVER
    assert asked(**{facet: words(*"abcdefgh", bits=3)}) is None


@pytest.mark.parametrize(
    ("facet", "more", "text"),
    [
        ("price", {}, "What is your budget?"),
        ("brand", {}, "Which brand do you prefer?"),
        ("product_type", {}, "Which of these are you looking for?"),
        ("product_colour", {}, "Which colour?"),
        ("cable_colour", {}, "Which cable colour?"),
        ("memory_gb", {"numeric": True}, "How much memory?"),
        ("internal_memory", {"numeric": True}, "How much memory?"),
        ("memory_type", {}, "Which memory type?"),
        ("screen_size_in", {"numeric": True}, "Which screen size?"),
        ("storage_gb", {"numeric": True}, "How much storage?"),
        ("material", {}, "Which material?"),
        ("usb_ports_quantity", {"numeric": True}, "How many USB ports?"),
        ("battery_hours", {"numeric": True}, "How many hours of battery?"),
        ("gears", {"numeric": True}, "How many gears?"),
        ("brightness_lm", {"numeric": True}, "Which brightness?"),
        ("colour_temperature_k", {"numeric": True}, "Which colour temperature?"),
        ("operating_system", {}, "Which operating system?"),
        ("quantity_per_pack", {"numeric": True}, "How many in a pack?"),
        ("compatibility", {}, "What is it for?"),
        ("gender", {}, "Who is it for?"),
        ("waterproof", {"yes_or_no": True}, "Should it be waterproof?"),
        ("noise_cancelling", {"yes_or_no": True}, "Should it be noise cancelling?"),
        ("dimmable", {"yes_or_no": True}, "Should it be dimmable?"),
        ("electric", {"yes_or_no": True}, "Should it be electric?"),
        ("wi_fi", {"yes_or_no": True}, "With Wi-Fi?"),
        ("usb_cable", {"yes_or_no": True}, "With USB cable?"),
        ("heel", {}, "Which heel?"),
    ],
)
def test_how_it_is_asked(facet, more, text):
    """As a salesman would say it."""
    assert question_for(facet, topic_of(facet, **more), numeric=more.get("numeric", False)) == text


def test_the_whole_conversation_ends():
    """However much there is to ask, three questions are asked, each about something else."""
    facets = {"brand": BRAND, "colour": COLOUR, "price": PRICE, "material": COLOUR, "size": COLOUR}
    now, seen = need(), []
    while (question := next_question(survey(**facets), now)) is not None:
        seen.append(question.facet)
        assert question.id == f"1-{question.facet}"
        assert question.allows_no_preference
        now = now.model_copy(update={"asked": tuple(seen)})
    assert len(set(seen)) == len(seen) == MOST_QUESTIONS


def test_the_opening_offers_the_most_common_types():
    """With counts; without a lexicon there is a question nevertheless."""
    types = {"lamp": 3, "laptop": 90, "shoe": 40, "toy": 40, "chair": 7, "cup": 5}
    found = opening_question(Lexicon(version="1", types=types, brands={}, attributes={}))
    assert [(one.value, one.count) for one in found.suggestions] == [
        ("laptop", 90), ("shoe", 40), ("toy", 40), ("chair", 7), ("cup", 5),
    ]  # fmt: skip
    assert (found.facet, found.text) == ("need", "What are you looking for?")
    assert opening_question(None).suggestions == ()
