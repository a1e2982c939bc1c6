"""Types of products are found in titles as data sheets write them, or left open."""

from __future__ import annotations

import time

import pytest

from batuta.services.catalog.inflections import plural, singular, type_name
from batuta.services.catalog.types import product_types
from batuta.services.products import Product, Scalar

MAKERS = ("Auvelle", "Brackwater", "Corvane", "Dunmere")
COLOURS = ("Black", "Silver", "Red")


def product(title: str, brand: str, description: str = "", **attributes: Scalar) -> Product:
    return Product(id=title, title=title, brand=brand, description=description, attributes=attributes)


def catalogue() -> list[Product]:
    """Four makers' goods, with the plurals that shops write in their descriptions."""
    made = []
    for number in range(12):
        brand, colour = MAKERS[number % 4], COLOURS[number % 3]
        said = "Fits printers and networks; replaces other cartridges, cables, adapters and notebooks."
        made += [
            product(
                f"{brand} X{number}0 ink cartridge Original {colour} 1 pc(s)", brand, said, type="Original"
            ),
            product(f"{brand} {number}ft Cat6 Snagless Patch Cable networking cable {number} m", brand, said),
            product(
                f'{brand} Swift {number} Notebook {colour} 39.6 cm (15.6") 8 GB', brand, said, hue=colour
            ),
            product(f"{brand} {number} m USB cable {colour}", brand, said, hue=colour),
            product(f"{brand} AC Power Adapter {number}0W for notebook computers", brand, said),
        ]
    return made


CATALOGUE = catalogue()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Auvelle 14N1070E ink cartridge Original Red 1 pc(s)", "ink cartridge"),
        ("Corvane 99ft Cat6 Snagless Patch Cable networking cable 3 m", "networking cable"),
        ("Newcomer Z99 Notebook Silver 43.2 cm", "notebook"),
        ("Newcomer 5 m USB cable Black", "usb cable"),
        ("Dunmere AC Power Adapter 75W for notebook computers", "ac power adapter"),
        ("Dunmere 85 Original Red", None),
        ("Dunmere Zanzibar Deluxe", None),
        ("-", None),
    ],
)  # fmt: skip
def test_a_title_tells_the_type(title: str, found: str | None):
    """The longest phrase that several brands use, lower case first; never what comes after "for"."""
    assert product_types([*CATALOGUE, product(title, title.split(maxsplit=1)[0])])[-1] == found


def test_a_description_helps_where_the_title_is_silent():
    """With a type that many products have."""
    sheet = [*CATALOGUE, *(p.model_copy(update={"id": p.id + "'"}) for p in CATALOGUE * 2)]
    silent = product("Dunmere 85 Original Red", "Dunmere", "85 Red Original Ink Cartridge, 28 ml")
    assert product_types([*sheet, silent])[-1] == "ink cartridge"


def test_a_category_stays():
    """As the shop named it; such products teach nothing about titles."""
    kept = Product(id="1", title="Auvelle 1 m USB cable", category="cables")
    assert product_types([kept, *CATALOGUE])[0] == "cables"
    assert product_types([kept]) == ["cables"]
    assert product_types([]) == []


def test_one_brand_s_words_are_no_type():
    """It may be the name of a line of products."""
    own = [product(f"Auvelle {n} silver zephyr Red", "Auvelle", "zephyrs") for n in range(20)]
    assert set(product_types([*CATALOGUE, *own])[len(CATALOGUE) :]) == {None}


def test_types_are_the_same_in_any_order():
    """And for the same products always."""
    backwards = product_types(CATALOGUE[::-1])[::-1]
    assert product_types(CATALOGUE) == backwards


def test_mining_is_quick():
    """6,000 products in less than two seconds; it takes 0.3 where nothing else runs."""
    many = [p.model_copy(update={"id": str(n)}) for n in range(100) for p in CATALOGUE]
    started = time.process_time()
    product_types(many)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("cables", "cable"),
        ("batteries", "battery"),
        ("watches", "watch"),
        ("boxes", "box"),
        ("shoes", "shoe"),
        ("shelves", "shelf"),
        ("mice", "mouse"),
        ("lenses", "lens"),
        ("vacuum", "vacuum"),
    ],
)
def test_plurals_have_a_singular(many: str, one: str):
    """And the singular has none but itself."""
    assert singular(many) == one
    assert singular(one) == one
    assert plural(one) == (many if many != one else "vacuums")


@pytest.mark.parametrize(
    "word", ["headphones", "glass", "chassis", "canvas", "ups", "gps", "802.11s", "jeans", ""]
)
def test_words_that_have_no_other_form_stay(word: str):
    """A pair of headphones is not a headphone; glass is no plural."""
    assert singular(word) == word


def test_a_type_is_named_in_the_singular():
    """Its last noun; the name of several things stays."""
    assert type_name("Running  Shoes") == "running shoe"
    assert type_name("Coats & Jackets") == "coats & jackets"
    assert type_name(" ") == ""
