"""The text in a picture, by RapidOCR with the models in its own wheel; nothing is ever downloaded.

RapidOCR fetches what it does not find. Here every model is named by its path, so that a missing one is an
error instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from batuta.errors import ServiceUnavailable
from batuta.services.vision.contract import Line, ReadResult, ReadTask
from batuta.services.vision.pictures import Pixels

PACKAGE: Final = "rapidocr"
_MODELS: Final = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
"""Where text is, which way up it is, what it says."""
MAX_LINES: Final = 200
MAX_CHARACTERS: Final = 500
_SLIMMEST: Final = 4
"""RapidOCR enlarges a picture until its shorter side has 736 pixels: of 1600 by 3 it makes a billion."""
LEAST: Final = 0.6
LEAST_ALONE: Final = 0.9
"""How sure a line must be, and one of a single character: folds and whiskers read as I, 0 or 1."""
_SAME_ROW: Final = 0.5
"""Of a line's height: centres this close are side by side."""

Boxes = npt.NDArray[np.float32]
"""Four corners of each line, of shape (lines, 4, 2)."""


class _Found(Protocol):
    @property
    def boxes(self) -> Boxes | None: ...
    @property
    def txts(self) -> Sequence[str] | None: ...
    @property
    def scores(self) -> Sequence[float] | None: ...


class _Package(Protocol):
    """What is used of RapidOCR, which leaves its own types open."""

    __file__: str

    def RapidOCR(self, *, params: Mapping[str, object]) -> Callable[[Pixels], _Found]: ...  # noqa: N802  # its name


def read(task: ReadTask, report: Callable[[float], None]) -> ReadResult:
    """Do the task; raises `ServiceUnavailable` where RapidOCR or a model of it is not installed."""
    del report
    pixels: Pixels = np.load(task["input"], allow_pickle=False)
    found = _reader(task["threads"])(_padded(pixels)[:, :, ::-1])  # it wants blue first
    if found.boxes is None or found.txts is None or found.scores is None:
        return ReadResult(lines=[])
    lines = [
        Line(text=text, confidence=round(min(max(float(score), 0.0), 1.0), 3))
        for place in in_reading_order(found.boxes)
        for text, score in ((found.txts[place].strip()[:MAX_CHARACTERS], found.scores[place]),)
        if text and score >= (LEAST if len(text) > 1 else LEAST_ALONE)
    ]
    return ReadResult(lines=lines[:MAX_LINES])


def in_reading_order(boxes: Boxes) -> list[int]:
    """The lines' places from top to bottom, those side by side from left to right."""
    tops, bottoms = boxes[:, :, 1].min(axis=1), boxes[:, :, 1].max(axis=1)
    middles, heights, lefts = (tops + bottoms) / 2, bottoms - tops, boxes[:, :, 0].min(axis=1)
    rows: list[list[int]] = []
    for place in map(int, np.argsort(middles, kind="stable")):
        first = rows[-1][0] if rows else place
        lower = middles[place] - middles[first]
        if rows and lower < _SAME_ROW * min(heights[place], heights[first]):
            rows[-1].append(place)
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda each: float(lefts[each]))]


@lru_cache(maxsize=1)
def _reader(threads: int) -> Callable[[Pixels], _Found]:
    """RapidOCR with its models, loaded once in this process."""
    try:
        package = cast("_Package", importlib.import_module(PACKAGE))
    except ImportError as error:
        raise ServiceUnavailable(
            f"{PACKAGE} is not installed here ({error}): pip install {PACKAGE}"
        ) from error
    folder = Path(package.__file__).parent / "models"
    missing = [name for name in _MODELS.values() if not (folder / name).is_file()]
    if missing:
        raise ServiceUnavailable(
            f"{folder} lacks {', '.join(missing)}: install {PACKAGE} 3.10 or later again"
        )
    engine = "EngineConfig.onnxruntime"
    return package.RapidOCR(
        params={
            "Global.log_level": "error",
            f"{engine}.intra_op_num_threads": threads,
            f"{engine}.inter_op_num_threads": 1,
            **{f"{part}.model_path": str(folder / name) for part, name in _MODELS.items()},
        }
    )


def _padded(pixels: Pixels) -> Pixels:
    """The picture, its shorter side at least a fourth of the longer: by repeating its edge."""
    height, width = pixels.shape[:2]
    below, beside = (
        max(0, -(-other // _SLIMMEST) - side) for side, other in ((height, width), (width, height))
    )
    return np.pad(pixels, ((0, below), (0, beside), (0, 0)), mode="edge")
