"""The colours of a picture by name, the thing's own before those of what is behind it.

shrink          the caller's business: a few thousand pixels are enough
group           pixels by k-means in CIE Lab, begun at the colours most frequent in the picture
name            each group by the nearest of the examples of twenty English colour names (CIEDE2000)
leave out       a colour that has most of the border: it counts for little, since it is the background;
                unless the middle is of it, too, and it is none that things are photographed on
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from batuta.services.vision.contract import Tint
from batuta.services.vision.difference import Colours, Numbers, ciede2000, lab_of

EXAMPLES: Final[Mapping[str, str]] = {
    "black": "000000 1c1c1c 26262a",
    "white": "ffffff f5f5f5 fafaf0",
    "grey": "808080 5a5a5a 404040 9a9a9a 708090",
    "silver": "c0c0c0 d3d3d3",
    "red": "ff0000 d01c1c c41e3a e8413c",
    "burgundy": "800020 6b1129 7b1e2b",
    "orange": "ff8c00 ff7518 f26522 ffa040",
    "brown": "8b4513 654321 5c4033 a0623a 3d2b1f",
    "beige": "f5f5dc d9c7a3 e8dcc4 d2b48c",
    "yellow": "ffff00 ffe135 f9e547 fff59d",
    "gold": "ffd700 d4af37 c9a227 b8860b",
    "green": "008000 2e8b57 00c853 00ff00 90ee90 006400 1f4d2b",
    "olive": "808000 6b8e23 556b2f 6b6b2b",
    "teal": "008080 1f7a7a 2f6f73",
    "turquoise": "40e0d0 30c5c0 00ffff",
    "blue": "0000ff 1e66d0 4682b4 3b82f6 87ceeb add8e6 1f3fa8",
    "navy": "000080 0a1f44 1b2a49 14213d",
    "purple": "800080 6a0dad 8a2be2 b07fd0 d8b4e2 4b0082",
    "pink": "ffc0cb ff69b4 f4a6c0 ff1493 e75480",
}
"""Examples of each name in sRGB, ours to choose; some are CSS's own of that name. A name is a region, and one
example each would call a navy shirt black and a sky turquoise."""

MOST: Final = 5
LEAST_SHARE: Final = 0.03
"""Of what counts; less is an edge, a shadow, a reflection."""
_GROUPS: Final = 8
_ROUNDS: Final = 10
_SAME: Final = 12.0
"""Lab distance within which two starting points are one colour."""
_LEVELS: Final = 8
"""Steps of each of red, green and blue by which frequent colours are found."""
_BORDER: Final = 0.05
"""How deep the border is, as a share of the side."""
_BACKGROUND_FROM: Final = 0.6
"""Share of the border from which a colour is what the thing lies on."""
_BACKGROUND_COUNTS: Final = 0.05
_MIDDLE_FROM: Final = 0.5
"""Share of the middle from which a colour is the thing's, although the border has it as well."""
_STUDIO: Final = {"white", "black", "grey", "silver", "beige"}
"""What things are photographed on: there a small thing leaves the middle to it."""

_NAMES: Final = tuple(EXAMPLES)
_EXAMPLES: Final = [(name, bytes.fromhex(each)) for name, hexes in EXAMPLES.items() for each in hexes.split()]
_EXAMPLE_LABS: Final = lab_of([list(each) for _, each in _EXAMPLES])
_EXAMPLE_NAMES: Final = np.array([_NAMES.index(name) for name, _ in _EXAMPLES])


def dominant(pixels: npt.NDArray[np.uint8]) -> list[Tint]:
    """Up to five colours of pixels of shape (height, width, 3), sRGB; the thing's own first."""
    flat = pixels.reshape(-1, 3).astype(np.float64)
    groups, centres = _grouped(flat)
    names, clearness = _named(centres)
    name_of = names[groups]
    counts = np.where(name_of == _background(name_of.reshape(pixels.shape[:2])), _BACKGROUND_COUNTS, 1.0)
    counts /= counts.sum()
    found: list[Tint] = []
    for name in map(int, np.unique(name_of)):
        here = name_of == name
        weight = float(counts[here].sum())
        if weight < LEAST_SHARE:
            continue
        mean = flat[here].mean(axis=0)
        found.append(
            Tint(
                name=_NAMES[name],
                hex="#{:02x}{:02x}{:02x}".format(*(round(value) for value in mean)),
                share=round(float(here.mean()), 3),
                confidence=round(weight * float(clearness[groups][here].mean()), 3),
            )
        )
    return sorted(found, key=lambda tint: (-tint["confidence"], tint["name"]))[:MOST]


def name_of_colour(rgb: Sequence[float]) -> str:
    """The name of one sRGB colour."""
    names, _ = _named(lab_of([list(rgb)]))
    return _NAMES[int(names[0])]


def _named(labs: Colours) -> tuple[npt.NDArray[np.intp], Numbers]:
    """For each colour the name of the nearest example, and how much nearer it is than any other name.

    That is 1 for an example itself, and a half where two names are equally near.
    """
    distances = ciede2000(labs[:, None], _EXAMPLE_LABS[None])
    nearest = [distances[:, name == _EXAMPLE_NAMES].min(axis=1) for name in range(len(_NAMES))]
    by_name: Numbers = np.stack(nearest, axis=1)
    first, second = np.sort(by_name, axis=1)[:, :2].T
    return by_name.argmin(axis=1), second / (first + second)


def _background(names: npt.NDArray[np.intp]) -> int:
    """The name that most of the border goes by; -1 for none, and where nothing lies on it."""
    deep = max(1, round(min(names.shape) * _BORDER))
    border = np.ones(names.shape, bool)
    border[deep:-deep, deep:-deep] = False
    found = np.bincount(names[border], minlength=len(_NAMES))
    name = int(found.argmax())
    if found[name] < _BACKGROUND_FROM * border.sum() or (names == name).mean() > 1 - LEAST_SHARE:
        return -1
    down, across = (side // 4 for side in names.shape)
    middle = names[down : names.shape[0] - down, across : names.shape[1] - across] == name
    return -1 if _NAMES[name] not in _STUDIO and middle.mean() > _MIDDLE_FROM else name


def _grouped(flat: Colours) -> tuple[npt.NDArray[np.intp], Colours]:
    """Which group each pixel belongs to, and the groups' colours in Lab (Lloyd's algorithm)."""
    labs = lab_of(flat)
    centres = _starts(flat, labs)
    groups = np.zeros(len(labs), np.intp)
    for _ in range(_ROUNDS):
        groups = _squares(labs, centres).argmin(axis=1)
        used = np.unique(groups)
        moved = np.stack([labs[groups == group].mean(axis=0) for group in used])
        if moved.shape == centres.shape and np.allclose(moved, centres, atol=0.1):
            break
        centres = moved
    return _squares(labs, centres).argmin(axis=1), centres


def _starts(flat: Colours, labs: Colours) -> Colours:
    """The most frequent colours that are not nearly the same."""
    steps = (flat * (_LEVELS / 256)).astype(np.intp)
    cells = (steps[:, 0] * _LEVELS + steps[:, 1]) * _LEVELS + steps[:, 2]
    found, members, counts = np.unique(cells, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(members, labs[:, axis]) for axis in range(3)], 1) / counts[:, None]
    chosen: list[Colours] = []
    for cell in np.lexsort((found, -counts)):
        if all(np.linalg.norm(means[cell] - other) > _SAME for other in chosen):
            chosen.append(means[cell])
        if len(chosen) == _GROUPS:
            break
    return np.stack(chosen)


def _squares(labs: Colours, centres: Colours) -> Numbers:
    return np.square(labs[:, None] - centres[None]).sum(axis=-1)
