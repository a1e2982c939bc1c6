"""What a picture shows, by EfficientNet-Lite0: the likeliest of ImageNet's thousand kinds of things."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image
from PIL.Image import Resampling

from batuta.services.vision.contract import Named
from batuta.services.vision.pictures import Pixels

NETWORK: Final = "efficientnet-lite0.onnx"
NAMES: Final = "names.json"
"""Both in the folder of the set `efficientnet-lite0`."""
MOST: Final = 5
LEAST: Final = 0.05
"""A name less likely than this says nothing."""
_SIDE: Final = 224
_AROUND: Final = 256
"""The middle of a picture of this height or width is looked at, as the network was tested."""
_MIDDLE, _HALF_RANGE = 127.0, 128.0

Likelihoods = npt.NDArray[np.float32]


class _Session(Protocol):
    """What is used of onnxruntime, which leaves its own types open."""

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Likelihoods]) -> list[Likelihoods]: ...


class _Runtime(Protocol):
    def InferenceSession(self, path: Path, *, providers: Sequence[str]) -> _Session: ...  # noqa: N802  # its name


_runtime: Final = cast("_Runtime", onnxruntime)


def labels(pixels: Pixels, folder: Path) -> list[Named]:
    """The likeliest names, the best first; several kinds of one name count as one."""
    session, names = _network(folder)
    ((likelihoods,),) = session.run(["likelihoods"], {"pixels": _middle(pixels)})
    found: dict[str, float] = {}
    for name, likelihood in zip(names, likelihoods.tolist(), strict=True):
        found[name] = found.get(name, 0.0) + likelihood
    best = sorted(found.items(), key=lambda each: -each[1])[:MOST]
    return [Named(name=name, confidence=round(min(sure, 1.0), 3)) for name, sure in best if sure >= LEAST]


@lru_cache(maxsize=1)
def _network(folder: Path) -> tuple[_Session, list[str]]:
    """Loaded once in this process."""
    names: list[str] = json.loads((folder / NAMES).read_bytes())
    return _runtime.InferenceSession(folder / NETWORK, providers=["CPUExecutionProvider"]), names


def _middle(pixels: Pixels) -> Likelihoods:
    """The square in the middle as the network wants it, of shape (1, 3, 224, 224)."""
    image = Image.fromarray(pixels)
    square = min(image.size) * _SIDE / _AROUND
    left, top = ((side - square) / 2 for side in image.size)
    box = (left, top, left + square, top + square)
    seen = image.resize((_SIDE, _SIDE), Resampling.BICUBIC, box)
    return ((np.asarray(seen, np.float32) - _MIDDLE) / _HALF_RANGE).transpose(2, 0, 1)[np.newaxis]
