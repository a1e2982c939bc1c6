"""Arrays out of a checkpoint of pickled numpy arrays, by an unpickler that can build arrays and nothing else.

A pickle is a program; `find_class` is the only door through which it reaches code. Behind this door are the
four stand-ins below, all ours: not even numpy's own functions are called with what the file says.
"""

from __future__ import annotations

import io
import pickle  # never its own loader: see `_ArraysOnly`
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.int64]

_TYPES: Final[Mapping[str, type[np.generic]]] = {"f4": np.float32, "i8": np.int64}
"""What a network's parameters and counters are kept in; always little-endian here."""


def read_checkpoint(path: Path) -> dict[str, Array]:
    """The arrays by name; raises `pickle.UnpicklingError` for a file that asks for anything else."""
    with zipfile.ZipFile(path) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        found: object = _ArraysOnly(io.BytesIO(archive.read(name))).load()
    if not isinstance(found, dict):
        raise pickle.UnpicklingError(f"{path.name} holds a {type(found).__name__}, not arrays by name")
    pairs = cast("dict[object, object]", found).items()
    return {str(name): value.array() for name, value in pairs if isinstance(value, _Array)}


class _Dtype:
    """What stands for `numpy.dtype`."""

    def __init__(self, code: str, *_: object) -> None:
        if code not in _TYPES:
            raise pickle.UnpicklingError(f"an array of type {code!r}")
        self.type = _TYPES[code]

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] not in {"<", "|"}:
            raise pickle.UnpicklingError(f"an array of byte order {state[1]!r}")


class _Array:
    """What stands for `numpy.ndarray`: takes shape, type and bytes, and is made into an array by us."""

    def __init__(self) -> None:
        self._state: tuple[int, tuple[int, ...], _Dtype, bool, bytes] | None = None

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Dtype, bool, bytes]) -> None:
        self._state = state

    def array(self) -> Array:
        """The array; numpy itself refuses bytes that do not fill the shape."""
        if self._state is None:
            raise pickle.UnpicklingError("an array without content")
        _, shape, dtype, by_column, content = self._state
        values = np.frombuffer(content, dtype.type).reshape(shape, order="F" if by_column else "C")
        return cast("Array", values)


def _reconstruct(*_: object) -> _Array:
    """What stands for the function that makes an empty array, to be filled by `__setstate__`."""
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    """What stands for `codecs.encode`, with which pickles of protocol 2 say bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes said in {encoding!r}")
    return text.encode("latin1")


_STAND_INS: Final[Mapping[tuple[str, str], Callable[..., object]]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _ArraysOnly(pickle.Unpickler):
    """Knows the stand-ins and refuses every other name."""

    def find_class(self, module_name: str, global_name: str, /) -> Callable[..., object]:
        """The stand-in for this name."""
        try:
            return _STAND_INS[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is no part of an array") from None
