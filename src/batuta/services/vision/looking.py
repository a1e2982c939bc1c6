"""A picture looked at in a process of its own: decoded, made smaller, its colours and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from batuta.services.vision.colours import dominant
from batuta.services.vision.contract import LookResult, LookTask, Named
from batuta.services.vision.labels import labels
from batuta.services.vision.pictures import Pixels, read_picture

_SMALL: Final = 64
"""Pixels a side for colours: what is finer is texture."""


def look(task: LookTask, report: Callable[[float], None]) -> LookResult:
    """Do the task; raises `UnreadableMedia` or `PayloadTooLarge`."""
    del report
    picture = read_picture(Path(task["input"]))
    np.save(task["output"], picture.pixels, allow_pickle=False)
    small = Image.fromarray(picture.pixels).resize((_SMALL, _SMALL), Resampling.BOX)
    named, warnings = _labels(picture.pixels, task["labels"])
    return LookResult(
        width=picture.width,
        height=picture.height,
        labels=named,
        colours=dominant(np.asarray(small)),
        warnings=warnings,
    )


def _labels(pixels: Pixels, folder: str | None) -> tuple[list[Named], list[str]]:
    if folder is None:
        return [], []
    try:
        return labels(pixels, Path(folder)), []
    except Exception as error:  # noqa: BLE001  # onnxruntime's errors have no common class, and colours are had
        return [], [f"what the picture shows could not be named: {type(error).__name__} {str(error)[:200]}"]
