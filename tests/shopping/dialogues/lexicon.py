"""The words of a small catalogue, like those of the demo catalogue: what the dialogues are about."""

from __future__ import annotations

from batuta.services.catalog.models import AttributeWords, Lexicon


def words(label: str, values: str) -> AttributeWords:
    """An attribute of words, the more frequent ones first."""
    listed = [value.strip() for value in values.split(",")]
    counts = {value: 40 - place for place, value in enumerate(listed)}
    return AttributeWords(label=label, products=100, values=counts)


def number(label: str, unit: str | None, least: float, greatest: float) -> AttributeWords:
    """An attribute of numbers."""
    return AttributeWords(label=label, unit=unit, products=50, values={}, least=least, greatest=greatest)


def flag(label: str) -> AttributeWords:
    """An attribute that is yes or no."""
    return AttributeWords(label=label, products=60, values={})


TYPES = """running shoe, hiking boot, laptop, tablet, headphone, coffee maker, backpack, phone, watch, jacket,
    monitor, gaming monitor, desk lamp, office chair, toaster, bicycle, board game, camera,
    vacuum cleaner, water bottle"""
BRANDS = """Acme, Zenith, Sony, Bose, Apple, Samsung, Peak, Target, Orange, Black Diamond, New Balance,
    Under Armour, The North Trail, Lumo, Kaffa, Philipps & Sons, Next"""

LEXICON = Lexicon(
    version="1",
    types={name.strip(): 20 for name in TYPES.split(",")},
    brands={name.strip(): 15 for name in BRANDS.split(",")},
    attributes={
        "colour": words(
            "colour",
            "black, white, red, blue, green, grey, navy, yellow, orange, pink, brown, silver, gold",
        ),
        "strap_colour": words("strap colour", "black, tan"),
        "material": words("material", "leather, cotton, wool, stainless steel, plastic, wood, nylon, suede"),
        "size": words("size", "S, M, L, XL, 38, 39, 40, 41, 42, 43, 44"),
        "style": words("style", "over-ear, in-ear, on-ear"),
        "gender": words("gender", "women, men, kids"),
        "resolution": words("resolution", "4K, Full HD, QHD"),
        "memory_gb": number("memory", "GB", 4, 64),
        "storage_gb": number("storage", "GB", 64, 2000),
        "screen_size_in": number("screen size", "in", 5, 34),
        "weight_kg": number("weight", "kg", 0.05, 20),
        "battery_hours": number("battery", "hours", 4, 60),
        "capacity_l": number("capacity", "l", 0.3, 70),
        "waterproof": flag("waterproof"),
        "wireless": flag("wireless"),
        "noise_cancelling": flag("noise cancelling"),
        "dishwasher_safe": flag("dishwasher safe"),
    },
    currency="USD",
)
