"""A picture file as pixels, the right way up, on white, and never larger than it must be.

What a file says of itself is checked before anything is decoded: a few kilobytes may claim to be gigabytes.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from batuta.errors import BatutaError, PayloadTooLarge, UnreadableMedia
from batuta.services.vision.contract import MAX_PIXELS, MAX_SIDE

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What puts each orientation right (EXIF 2.3, section 4.6.4)."""
_ON_ITS_SIDE: Final = range(5, 9)
"""Orientations whose rows are columns."""
_SHRINK_FIRST: Final = 2.0
"""Reduced by whole steps to this many times the wanted size, then resampled (Pillow, `thumbnail`)."""
_SIXTEEN_BITS: Final = "I;16"

Pixels = npt.NDArray[np.uint8]
"""Shape (height, width, 3), sRGB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's pixels, and how large it was before it was made smaller."""

    pixels: Pixels
    width: int
    height: int


def read_picture(path: Path) -> Picture:
    """The first frame of the file; raises `PayloadTooLarge` and `UnreadableMedia`."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=_FORMATS) as image:
            _check_size(image)
            return _picture(image)
    except BatutaError:
        raise
    except UnidentifiedImageError:
        raise UnreadableMedia("the picture's header is damaged: send the file again") from None
    except Image.DecompressionBombError:
        raise PayloadTooLarge(f"the picture has more than {MAX_PIXELS} pixels; make it smaller") from None
    except Exception as error:  # noqa: BLE001  # decoders of damaged files raise whatever they stumble over
        raise UnreadableMedia(
            f"the picture is damaged or incomplete ({error}): send the file again"
        ) from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise PayloadTooLarge(
            f"the picture has {image.width} by {image.height} pixels; more than {MAX_PIXELS}: make it smaller"
        )


def _picture(image: Image.Image) -> Picture:
    orientation = _orientation(image)
    width, height = image.size[::-1] if orientation in _ON_ITS_SIDE else image.size
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG is decoded no larger than needed
    image.load()
    _check_size(image)  # a frame of a GIF may be larger than its header says
    small = _colours(image)
    small.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=_SHRINK_FIRST)
    upright = _on_white(small)
    if (turn := _TURNS.get(orientation)) is not None:
        upright = upright.transpose(turn)
    return Picture(np.asarray(upright, np.uint8), width, height)


def _orientation(image: Image.Image) -> int:
    """1 to 8; 1, as it is, where the file says nothing or nonsense."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # likewise
        return 1
    return found if found in range(1, 9) else 1


def _colours(image: Image.Image) -> Image.Image:
    """The same in RGB or RGBA: palettes and 16 bits cannot be made smaller smoothly."""
    if image.mode.startswith(_SIXTEEN_BITS) or image.mode == "I":
        values = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
