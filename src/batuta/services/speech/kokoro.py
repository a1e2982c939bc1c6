"""Kokoro-82M in onnxruntime: pieces in its own alphabet become speech. Runs in a worker process.

The model stays loaded from task to task (one second to load, 600 MB with its working memory). It draws no
random numbers: the same symbols give the same sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import onnxruntime

from batuta.errors import WeightsCorrupt
from batuta.services.speech.alphabet import fitting, tokens
from batuta.services.speech.clips import Sound, write_clip
from batuta.services.speech.contract import SAMPLE_RATE, KokoroTask, Piece, SayResult
from batuta.services.speech.texts import WORD_PAUSE

Styles: TypeAlias = npt.NDArray[np.float32]
"""A voice: one row of 256 numbers for each number of symbols, of shape (510, 256)."""

_STYLE: Final = 256
_VOICES: Final = 16


class _Options(Protocol):
    """What is used of onnxruntime, which leaves its own types open."""

    intra_op_num_threads: int
    inter_op_num_threads: int
    enable_mem_pattern: bool
    log_severity_level: int


class _Session(Protocol):
    def run(
        self, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[np.generic]]
    ) -> list[npt.NDArray[np.float32]]: ...


class _Runtime(Protocol):
    def SessionOptions(self) -> _Options: ...  # noqa: N802  # its name
    def InferenceSession(  # noqa: N802  # its name
        self, path: str, options: _Options, *, providers: Sequence[str]
    ) -> _Session: ...


_runtime: Final = cast("_Runtime", onnxruntime)
_ERRORS_ONLY: Final = 3


def say(task: KokoroTask, report: Callable[[float], None]) -> SayResult:
    """Do the task; raises `WeightsCorrupt` for a model or a voice that cannot be loaded."""
    model, styles = _loaded(task["model"]), _styles(task["style"])
    parts = list(_parts(task["pieces"]))

    def spoken() -> Iterator[tuple[Sound, float]]:
        for done, (symbols, pause) in enumerate(parts, 1):
            yield _sound(model, styles, symbols), pause
            report(100 * done / len(parts))

    return SayResult(duration=write_clip(Path(task["output"]), spoken(), SAMPLE_RATE))


def _parts(pieces: Sequence[Piece]) -> Iterator[tuple[list[int], float]]:
    """What the network gets, piece by piece; the pause comes after the last part of a piece."""
    for piece in pieces:
        parts = list(fitting(piece["text"]))
        for number, part in enumerate(parts, 1):
            if symbols := tokens(part):
                yield symbols, piece["pause"] if number == len(parts) else WORD_PAUSE


def _sound(model: _Session, styles: Styles, symbols: list[int]) -> Sound:
    """The row of the voice is that of the number of symbols; a pad stands before and after these."""
    inputs = {
        "tokens": np.array([[0, *symbols, 0]], np.int64),
        "style": styles[min(len(symbols), len(styles)) - 1][np.newaxis],
        "speed": np.ones(1, np.float32),
    }
    (sound,) = model.run(["audio"], inputs)
    return sound.reshape(-1)


@lru_cache(maxsize=1)
def _loaded(path: str) -> _Session:
    options = _runtime.SessionOptions()
    # Two processes of one thread are faster than one of two (real-time factor 0.18 against 0.20).
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Plans of memory are kept for every length of input, and each clip has its own.
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    try:
        return _runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WeightsCorrupt(f"{path} cannot be loaded ({error}): pull kokoro-82m again") from error


@lru_cache(maxsize=_VOICES)
def _styles(path: str) -> Styles:
    found: npt.NDArray[Any] = np.fromfile(path, "<f4")
    if not found.size or found.size % _STYLE:
        raise WeightsCorrupt(f"{path} is no voice of Kokoro's: pull kokoro-voices again")
    return found.reshape(-1, _STYLE)
