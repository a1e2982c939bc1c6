"""The lexicon holds the words people say about the products, and none that nobody says."""

from __future__ import annotations

from batuta.services.catalog.demo import DEMO_VERSION, demo_products
from batuta.services.catalog.words import MOST_VALUES, label_of, lexicon_of, unit_of
from batuta.services.products import Product, Scalar


def made(count: int, **attributes: Scalar) -> list[Product]:
    return [Product(id=str(n), title="A", attributes=attributes) for n in range(count)]


def test_types_and_brands_are_counted_most_frequent_first():
    """A brand in its most usual spelling; a type in the singular."""
    products = [
        Product(id="1", title="A", brand="Auvelle", category="Running Shoes"),
        Product(id="2", title="A", brand="AUVELLE", category="running shoe"),
        Product(id="3", title="A", brand="Auvelle", category="kettle", price=1, currency="EUR"),
        Product(id="4", title="A", brand="Zeal"),
    ]
    lexicon = lexicon_of(products, "7")
    assert lexicon.version == "7"
    assert list(lexicon.types.items()) == [("running shoe", 2), ("kettle", 1)]
    assert list(lexicon.brands.items()) == [("Auvelle", 3), ("Zeal", 1)]
    assert lexicon.currency == "EUR"


def test_numbers_have_bounds_and_a_unit():
    """A yes or no has neither; words have their counts."""
    products = [*made(2, memory_gb=16.0, touch=True, colour="Black"), *made(1, memory_gb=4.0, colour="black")]
    words = lexicon_of(products, "").attributes
    memory = words["memory_gb"]
    assert (memory.label, memory.unit, memory.products) == ("memory", "GB", 3)
    assert (memory.least, memory.greatest, memory.values) == (4.0, 16.0, {})
    assert (words["touch"].products, words["touch"].values, words["touch"].least) == (2, {}, None)
    assert words["colour"].values == {"Black": 3}


def test_what_nobody_says_is_left_out():
    """Part numbers, dimensions, sentences, and what is different for each product."""
    products = [
        *made(3, size="12 x 30 x 4", plug="C13", part="006R90321", note="a" * 61, code="AB", speed="5400"),
        *(Product(id=f"u{n}", title="A", attributes={"motto": f"never {n}"}) for n in range(20)),
    ]
    assert set(lexicon_of(products, "").attributes) == {"plug"}


def test_an_attribute_is_what_most_of_its_values_are():
    """Two numbers and a word are numbers."""
    words = lexicon_of([*made(2, cores=8.0), *made(1, cores="eight")], "").attributes["cores"]
    assert (words.least, words.values, words.products) == (8.0, {}, 3)


def test_values_are_limited():
    """To the most frequent."""
    products = [
        Product(id=f"{n}-{m}", title="A", attributes={"town": f"town {n}"})
        for n in range(MOST_VALUES + 50)
        for m in range(2 + (n == 0))
    ]
    values = lexicon_of(products, "").attributes["town"].values
    assert len(values) == MOST_VALUES
    assert next(iter(values.items())) == ("town 0", 3)


def test_labels_and_units_come_from_names():
    """A unit alone is a name."""
    assert (label_of("screen_size_in"), unit_of("screen_size_in")) == ("screen size", "in")
    assert (label_of("g"), unit_of("g")) == ("g", None)
    assert (label_of("usb_c"), unit_of("usb_c")) == ("usb c", None)


def test_the_demo_has_words_for_its_facets():
    """The same for the same products in any order, as JSON there and back."""
    lexicon = lexicon_of(demo_products(), DEMO_VERSION)
    assert lexicon.attributes["screen_size_in"].unit == "in"
    assert lexicon.attributes["colour"].values["black"] > 20
    assert type(lexicon).model_validate_json(lexicon.model_dump_json()) == lexicon
    assert lexicon_of(demo_products()[::-1], DEMO_VERSION) == lexicon


def test_no_products_have_no_words():
    """But a lexicon all the same."""
    assert lexicon_of([], "0").attributes == {}
