"""What people type about the demo catalogue, of all its types, comes to what its products have."""

from __future__ import annotations

import pytest

from batuta.services.catalog.demo import demo_products
from batuta.services.catalog.words import lexicon_of
from batuta.services.products import Range, RequirementSpec, Scalar
from batuta.shopping.understanding import Context, Vocabulary, understand

VOCABULARY = Vocabulary.of(lexicon_of(demo_products(), "1"))


@pytest.mark.parametrize(
    ("message", "product_type", "facet", "value"),
    [
        ("camera with at least 100x zoom", "camera", "zoom_x", Range(min=100)),
        ("camera 42x zoom", "camera", "zoom_x", Range(min=42)),
        ("a camera with 10x optical zoom", "camera", "zoom_x", Range(min=10)),
        ("bicycle 20 inch wheels", "bicycle", "wheel_size_in", Range(min=19.5, max=20.7)),
        ("board game for 4 people", "board game", "max_players", Range(min=4)),
        ("juego de mesa para 4 personas", "board game", "max_players", Range(min=4)),
        ("board game for a 6 year old", "board game", "age_years", Range(max=6)),
        ("board game for kids under 12", "board game", "age_years", Range(max=12)),
        ("vacuum cleaner without cord", "vacuum cleaner", "cordless", True),
        ("Staubsauger ohne Kabel", "vacuum cleaner", "cordless", True),
        ("aspirateur sans fil", "vacuum cleaner", "cordless", True),
        ("a vacuum with no bag", "vacuum cleaner", "bagless", True),
        ("headphones without wires", "headphones", "wireless", True),
        ("casque sans fil pour mon fils", "headphones", "wireless", True),
        ("headphones with a mic", "headphones", "microphone", True),
        ("backpack 30 l capacity", "backpack", "capacity_l", 30),
        ("backpack for school", "backpack", "use", "school"),
        ("une bouteille de 50 cl", "water bottle", "capacity_l", 0.5),
        ("water bottle 0.5 l for the gym of my school", "water bottle", "capacity_l", 0.5),
        ("running shoes in size 43", "running shoe", "size", "EU 43"),
        ("toaster for 2 slices", "toaster", "slots", 2),
        ("desk lamp 3000K", "desk lamp", "colour_temperature_k", 3000),
        ("watch water resistant to 100 m", "watch", "water_resistance_m", 100),
        ("office chair for up to 120 kg", "office chair", "max_load_kg", Range(min=120)),
        ("office chair with a max load under 110 kg", "office chair", "max_load_kg", Range(max=110)),
        ("laptop with exactly 16 gb", "laptop", "memory_gb", 16),
        ("4k monitor for my office", "monitor", "resolution", "4K"),
        ("jacket for the winter", "jacket", "season", "winter"),
        ("espresso coffee maker for my wife", "coffee maker", "type", "espresso"),
        ("phone with 5000 mah", "phone", "battery_mah", Range(min=5000)),
    ],
)
def test_a_measure_or_a_feature(message: str, product_type: str, facet: str, value: Scalar | Range):
    """It is of the attribute that such products have, and saying it again changes nothing."""
    spec = understand(message, Context(), VOCABULARY).spec
    assert spec.product_type == product_type
    said = spec.filters.ranges.get(facet) or spec.attributes.get(facet)
    assert said == (value if isinstance(value, Range) else (value,))
    assert not spec.filters.exclude_words
    assert spec.price.min is None
    assert spec.price.max is None
    assert understand(message, Context(spec=spec), VOCABULARY).spec == spec


@pytest.mark.parametrize(
    ("message", "product_type"),
    [
        ("I'm looking for a phone", "phone"),
        ("could you please find me a phone", "phone"),
        ("hola busco un teléfono", "phone"),
        ("je cherche un téléphone", "phone"),
        ("ich suche ein handy", "phone"),
        ("potete consigliarmi un orologio", "watch"),
        ("podrías recomendarme una silla de oficina", "office chair"),
        ("olá, estou procurando uma jaqueta", "jacket"),
        ("Können Sie mir eine Kaffeemaschine empfehlen", "coffee maker"),
        ("help me pick a watch", "watch"),
        ("headphones for my daughter", "headphones"),
        ("a board game as a gift", "board game"),
        ("laptop for school", "laptop"),
        ("mochila para mi hija", "backpack"),
        ("bicycle for christmas", "bicycle"),
        ("toaster as a wedding gift", "toaster"),
        ("un cadeau pour noël: une montre", "watch"),
        ("Kopfhörer für meinen Sohn zum Geburtstag", "headphones"),
        ("zaino per la scuola", "backpack"),
        ("fone para academia", "headphones"),
        ("macchina fotografica per le vacanze", "camera"),
        ("a watch for my 10 years old son", "watch"),
        ("bottle for my kid", "water bottle"),
        ("phone for kids under 12", "phone"),
    ],
)
def test_words_of_every_day_are_not_searched_for(message: str, product_type: str):
    """Neither how he asks nor for whom it is leaves a word that would hide products."""
    assert understand(message, Context(), VOCABULARY).spec == RequirementSpec(product_type=product_type)


def test_the_size_is_that_of_the_shoes():
    """Never mind the size: of the shoes that were wanted, not of a screen."""
    before = understand("red running shoes size 42", Context(), VOCABULARY).spec
    heard = understand("never mind the size", Context(spec=before), VOCABULARY)
    assert heard.removed == heard.declined == ("size",)
    assert heard.spec.attributes == {"colour": ("red",)}
