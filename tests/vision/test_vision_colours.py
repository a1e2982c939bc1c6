"""Colours by name: the thing's own before its background's."""

from __future__ import annotations

import numpy as np
import photos
import pytest
from PIL import Image

from batuta.services.vision.colours import EXAMPLES, dominant, name_of_colour


def seen(image: Image.Image) -> list[tuple[str, float]]:
    """Names and shares, the best first."""
    small = np.asarray(image.resize((64, 64), Image.Resampling.BOX))
    return [(tint["name"], tint["share"]) for tint in dominant(small)]


@pytest.mark.parametrize(("hexes", "name"), [
    ("dc143c b22222 e03c31", "red"), ("722f37 800000", "burgundy"), ("ff7f50 ffa500", "orange"),
    ("a0522d 6f4e37", "brown"), ("c19a6b d2b48c", "beige"), ("ffdb58 fff44f", "yellow"), ("ffd700", "gold"),
    ("98ff98 228b22 006400", "green"), ("87ceeb 1560bd 4169e1", "blue"), ("191970 000080", "navy"),
    ("4b0082 da70d6", "purple"), ("ff69b4 ff00ff", "pink"), ("00ffff", "turquoise"),
    ("36454f 696969", "grey"), ("fffff0 f8f8f8", "white"), ("0a0a0a", "black"), ("c4c4c4", "silver"),
    ("6b8e23", "olive"),
])  # fmt: skip
def test_colours_are_called_what_people_call_them(hexes: str, name: str) -> None:
    """None of them an example itself, or barely."""
    assert {name_of_colour(bytes.fromhex(each)) for each in hexes.split()} == {name}


def test_every_example_is_nearest_to_itself() -> None:
    """No name's examples lie in another's region."""
    for name, hexes in EXAMPLES.items():
        assert {name_of_colour(bytes.fromhex(each)) for each in hexes.split()} == {name}


def test_a_small_thing_comes_before_the_large_background() -> None:
    """A red thing of a fourteenth of the picture, on what it is photographed on."""
    for ground in ("white", "black", "silver"):
        (first, share), (second, rest), *_ = seen(photos.thing("#d01c1c", ground))
        assert (first, second) == ("red", ground)
        assert share == pytest.approx(0.07, abs=0.02)
        assert rest > 0.9


def test_a_thing_that_fills_the_picture_is_no_background() -> None:
    """A brown cat has the border, too."""
    cat = photos.thing("#808080", "#8b5a35", (80, 20, 120, 40))
    assert seen(cat)[0][0] == "brown"


def test_a_picture_of_one_colour_is_of_that_colour() -> None:
    """Whatever its border is of; and surely so."""
    (tint,) = dominant(np.full((64, 64, 3), (250, 250, 250), np.uint8))
    assert tint == {"name": "white", "hex": "#fafafa", "share": 1.0, "confidence": tint["confidence"]}
    assert tint["confidence"] > 0.7


def test_the_thing_of_two_colours_has_both() -> None:
    """Each by its share; confidences of all add up to no more than 1."""
    image = photos.thing("#1e66d0", "white", (40, 40, 160, 160))
    image.paste((0xFF, 0xFF, 0x00), (100, 0, 130, 200))
    tints = dominant(np.asarray(image.resize((64, 64), Image.Resampling.BOX)))
    assert {tint["name"] for tint in tints} >= {"blue", "yellow"}
    assert sum(tint["confidence"] for tint in tints) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (64, 64)])
def test_any_picture_has_a_colour(shape: tuple[int, int]) -> None:
    """Noise, or a single pixel; the same each time."""
    pixels = np.random.default_rng(5).integers(0, 256, (*shape, 3), np.uint8)
    found = dominant(pixels)
    assert found
    assert found == dominant(pixels)
