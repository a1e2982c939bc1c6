"""Picture files as pixels: every kind, the right way up, on white; and those that nobody means well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import photos
import pytest
from PIL import Image

from batuta.errors import PayloadTooLarge, UnreadableMedia
from batuta.services.vision.contract import MAX_SIDE
from batuta.services.vision.kinds import audio_kind, described, image_kind
from batuta.services.vision.pictures import Picture, read_picture

HALVES = Image.new("RGB", (60, 40), (200, 30, 30))
HALVES.paste((30, 30, 200), (30, 0, 60, 40))
"""Red on the left, blue on the right."""


def read(folder: Path, content: bytes) -> Picture:
    (path := folder / "picture").write_bytes(content)
    return read_picture(path)


def near(found: np.ndarray, expected: tuple[int, int, int]) -> bool:
    return bool(np.abs(found.astype(int) - expected).max() < 12)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_kind_is_told_by_its_first_bytes_and_read(tmp_path: Path, kind: str) -> None:
    """Whatever its name is."""
    content = photos.encoded(HALVES, kind)
    assert image_kind(content) == f"image/{kind.lower()}"
    assert audio_kind(content) is None
    picture = read(tmp_path, content)
    assert (picture.width, picture.height, picture.pixels.shape) == (60, 40, (40, 60, 3))
    assert near(picture.pixels[20, 8], (200, 30, 30))
    assert near(picture.pixels[20, 52], (30, 30, 200))


@pytest.mark.parametrize(("orientation", "size", "red"), [
    (1, (60, 40), (20, 8)), (2, (60, 40), (20, 52)), (3, (60, 40), (20, 52)), (4, (60, 40), (20, 8)),
    (5, (40, 60), (8, 20)), (6, (40, 60), (8, 20)), (7, (40, 60), (52, 20)), (8, (40, 60), (52, 20)),
])  # fmt: skip
def test_a_camera_held_sideways_is_put_right(
    tmp_path: Path, orientation: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    """As EXIF says it was held: where the red half then is, and how large the picture is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read(tmp_path, photos.encoded(HALVES, "JPEG", exif=exif))
    assert (picture.width, picture.height) == size
    assert near(picture.pixels[red], (200, 30, 30))


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    """In full colour, and in a palette."""
    image = HALVES.convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 30, 40))
    palette = image.quantize(4)
    for content in (
        photos.encoded(image),
        photos.encoded(palette),
        photos.encoded(image, "WEBP", lossless=True),
    ):
        picture = read(tmp_path, content)
        assert near(picture.pixels[20, 8], (255, 255, 255))
        assert near(picture.pixels[20, 52], (30, 30, 200))


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    """Half of 65,535 is grey."""
    grey = Image.fromarray(np.full((20, 20), 0x8000, np.uint16))
    assert near(read(tmp_path, photos.encoded(grey)).pixels[5, 5], (128, 128, 128))


@pytest.mark.parametrize(("size", "small"), [((3200, 1600), (800, 1600)), ((2, 4000), (1600, 1))])
def test_a_large_picture_is_made_smaller_and_its_size_told(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    """At most 1600 a side, and never none."""
    picture = read(tmp_path, photos.encoded(Image.new("L", size, 90)))
    assert (picture.width, picture.height) == size
    assert picture.pixels.shape[:2] == small
    assert max(small) == MAX_SIDE


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    """A GIF that turns green is red."""
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "green")]
    content = photos.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert near(read(tmp_path, content).pixels[5, 5], (255, 0, 0))


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    """A few hundred bytes that claim gigabytes."""
    with pytest.raises(PayloadTooLarge, match="pixels"):
        read(tmp_path, photos.claims(*size))


def test_a_frame_larger_than_its_screen_is_no_way_around(tmp_path: Path) -> None:
    """GIF says a size twice."""
    screen = b"GIF89a" + (10).to_bytes(2, "little") * 2 + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"," + bytes(4) + (60_000).to_bytes(2, "little") * 2 + b"\0" + b"\x02\x02\x44\x01\0;"
    with pytest.raises((PayloadTooLarge, UnreadableMedia)):
        read(tmp_path, screen + frame)


NOISE = Image.fromarray(np.random.default_rng(2).integers(0, 256, (40, 60, 3), np.uint8))
WHOLE = {kind: photos.encoded(NOISE, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP")}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.1, 0.6, 0.9])
def test_half_a_picture_is_an_error(tmp_path: Path, kind: str, share: float) -> None:
    """Wherever it breaks off."""
    content = WHOLE[kind]
    with pytest.raises(UnreadableMedia, match="damaged"):
        read(tmp_path, content[: round(len(content) * share)])


def test_damage_is_an_error_of_ours_or_none(tmp_path: Path) -> None:
    """Single bytes changed all over: decoders raise whatever they stumble over, but not to the caller."""
    random = np.random.default_rng(7)
    refused = 0
    for content in WHOLE.values():
        for _ in range(40):
            broken = bytearray(content)
            for place in random.integers(12, len(broken), 3):
                broken[place] = int(random.integers(0, 256))
            try:
                assert read(tmp_path, bytes(broken)).pixels.ndim == 3
            except (UnreadableMedia, PayloadTooLarge):
                refused += 1
    assert refused > 20


@pytest.mark.parametrize(("head", "said"), [
    (b'<?xml version="1.0"?><svg xmlns="x"/>', "an SVG"), (b"%PDF-1.7", "a PDF"), (b"hello, world", "text"),
    (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"), (b"II*\0rest", "TIFF"), (b"\0\1\2\3\4", "something else"),
    ("é".encode() * 255 + b"\xc3", "text"),
])  # fmt: skip
def test_what_is_no_picture_is_named(head: bytes, said: str) -> None:
    """So that whoever sent it knows what to do."""
    assert image_kind(head) is None
    assert said in described(head)
