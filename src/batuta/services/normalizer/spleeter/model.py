"""Spleeter's networks in onnxruntime; the only module that imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import onnxruntime

from batuta.services.normalizer.spleeter.separation import Magnitudes, Model

WEIGHTS: Final = "vocals.onnx"
"""In the folder of the set `spleeter-2stems`."""


class _Options(Protocol):
    """What is used of onnxruntime, which leaves its own types open."""

    intra_op_num_threads: int
    inter_op_num_threads: int

    def add_session_config_entry(self, name: str, value: str) -> None: ...


class _Session(Protocol):
    def run(self, outputs: Sequence[str], inputs: Mapping[str, Magnitudes]) -> list[Magnitudes]: ...


class _Runtime(Protocol):
    def SessionOptions(self) -> _Options: ...  # noqa: N802  # its name
    def InferenceSession(  # noqa: N802  # its name
        self, path: Path, options: _Options, *, providers: Sequence[str]
    ) -> _Session: ...


_runtime: Final = cast("_Runtime", onnxruntime)


def load(folder: Path, threads: int) -> Model:
    """The model with these weights, on so many cores; the number of cores does not change its answers."""
    options = _runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait by turning in circles take the cores that the rest of the house needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return _Spleeter(_runtime.InferenceSession(folder / WEIGHTS, options, providers=["CPUExecutionProvider"]))


class _Spleeter:
    def __init__(self, session: _Session) -> None:
        self._session = session

    def share(self, magnitudes: Magnitudes) -> Magnitudes:
        (share,) = self._session.run(["share"], {"magnitudes": magnitudes[np.newaxis]})
        return share[0]
