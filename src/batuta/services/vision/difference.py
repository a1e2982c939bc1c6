"""How different two colours look: CIE Lab, and the colour difference CIEDE2000."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float64]
"""Shape (..., 3)."""
Numbers = npt.NDArray[np.float64]

_TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ (IEC 61966-2-1)."""
_WHITE: Final = _TO_XYZ.sum(axis=1)
"""D65, the white of sRGB."""
_CUBE_ROOT_FROM: Final = 216 / 24389
_SLOPE: Final = 24389 / 27
_FAR: Final = 25.0**7
_TURN: Final = 360.0
_HALF: Final = 180.0


def lab_of(rgb: npt.ArrayLike) -> Colours:
    """Lightness, 0 to 100, and two opponent colours (CIE 15) of sRGB values, 0 to 255, of shape (..., 3)."""
    values = np.asarray(rgb, np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004  # sRGB's
    xyz: Colours = linear @ _TO_XYZ.T / _WHITE
    roots: Colours = np.cbrt(xyz)
    f: Colours = np.where(xyz > _CUBE_ROOT_FROM, roots, (_SLOPE * xyz + 16) / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def ciede2000(one: npt.ArrayLike, other: npt.ArrayLike) -> Numbers:
    """The difference of Lab colours, broadcast over all axes but the last; 1 can just be seen.

    Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test
    Data, and Mathematical Observations", Color Research and Application 30 (2005); the numbers are theirs.
    """
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(np.asarray(lab, np.float64), -1, 0) for lab in (one, other))
    chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma7 / (chroma7 + _FAR)))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (_hue(b, stretch * a) for a, b in ((a1, b1), (a2, b2)))
    no_hue = c1 * c2 == 0

    turn = h2 - h1
    turn = np.where(turn > _HALF, turn - _TURN, np.where(turn < -_HALF, turn + _TURN, turn))
    turn = np.where(no_hue, 0.0, turn)
    lightness, chroma = l2 - l1, c2 - c1
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))

    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    around = np.where(np.abs(h1 - h2) > _HALF, np.where(h1 + h2 < _TURN, _TURN, -_TURN), 0.0)
    mean_h = np.where(no_hue, h1 + h2, (h1 + h2 + around) / 2)
    tone = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    from_middle = (mean_l - 50) ** 2
    by_l = lightness / (1 + 0.015 * from_middle / np.sqrt(20 + from_middle))
    by_c = chroma / (1 + 0.045 * mean_c)
    by_h = hue / (1 + 0.015 * mean_c * tone)
    mean7 = mean_c**7
    blue = 30 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(mean7 / (mean7 + _FAR)) * np.sin(np.radians(2 * blue))
    return np.sqrt(np.maximum(by_l**2 + by_c**2 + by_h**2 + rotation * by_c * by_h, 0.0))


def _hue(b: Numbers, a: Numbers) -> Numbers:
    """Degrees, 0 up to 360; 0 for a colour without."""
    return np.degrees(np.arctan2(b, a)) % _TURN
