"""Arrays out of a checkpoint as PyTorch wrote it before version 1.6: pickles, then the raw storages.

The layout is that of `torch/serialization.py`, `_legacy_save`: a magic number, a version and facts about the
machine, each a pickle of its own; the tensors, which only name the storages they look into; the names of the
storages in order; and for each its length, 8 bytes, and its elements. A pickle is a program: behind its one
door to code, `find_class`, are the stand-ins below and nothing else.
"""

from __future__ import annotations

import io
import pickle  # never its own loader: see `_TensorsOnly`
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np

from batuta.weights.conversions.checkpoints import Array

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_VERSION: Final = 1001
_LENGTH_BYTES: Final = 8
_LITTLE: Final = "little"


def read_storages(path: Path) -> dict[str, Array]:
    """The arrays by name; raises `pickle.UnpicklingError` for a file that is or asks for anything else."""
    file = io.BytesIO(path.read_bytes())
    if (_load(file), _load(file)) != (_MAGIC, _VERSION):
        raise pickle.UnpicklingError(f"{path.name} is no checkpoint of PyTorch before 1.6")
    _load(file)  # sizes of C types, of use to nobody
    found = _load(file)
    if not isinstance(found, dict):
        raise pickle.UnpicklingError(f"{path.name} holds a {type(found).__name__}, not tensors by name")
    tensors = {str(name): each for name, each in cast("dict[object, object]", found).items()}
    storages = {
        key: file.read(int.from_bytes(file.read(_LENGTH_BYTES), _LITTLE) * _width(key, tensors))
        for key in cast("list[str]", _load(file))
    }
    return {name: tensor.array(storages) for name, tensor in tensors.items() if isinstance(tensor, _Tensor)}


def _load(file: io.BytesIO) -> object:
    return cast("object", _TensorsOnly(file).load())


def _width(key: str, tensors: Mapping[str, object]) -> int:
    """Bytes of one element of the storage."""
    found = [each for each in tensors.values() if isinstance(each, _Tensor) and each.storage.key == key]
    if not found:
        raise pickle.UnpicklingError(f"storage {key} belongs to no tensor")
    return np.dtype(found[0].storage.type).itemsize


class _Entries(dict[object, object]):
    """What stands for `OrderedDict`; what is said about the modules is left out."""

    def __setstate__(self, state: object) -> None:
        del state


class _Storage:
    """What stands for a storage: its element type, and its name in the file."""

    def __init__(self, kind: object, key: object) -> None:
        if kind not in _KINDS or not isinstance(key, str):
            raise pickle.UnpicklingError(f"a storage of {kind!r}")
        self.type = _KINDS[kind]
        self.key = key


class _Tensor:
    """What stands for a tensor: a look into a storage."""

    def __init__(
        self, storage: _Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: object
    ) -> None:
        self.storage = storage
        self._offset = offset
        self._shape = tuple(shape)
        self._strides = tuple(strides)

    def array(self, storages: Mapping[str, bytes]) -> Array:
        """The array; numpy itself refuses to look beyond the storage."""
        dtype = np.dtype(self.storage.type)
        values = np.ndarray(
            self._shape,
            dtype,
            storages[self.storage.key],
            self._offset * dtype.itemsize,
            tuple(step * dtype.itemsize for step in self._strides),
        )
        return cast("Array", np.ascontiguousarray(values).reshape(self._shape))


class _Floats:
    """What stands for `torch.FloatStorage`."""


class _Longs:
    """What stands for `torch.LongStorage`."""


_KINDS: Final[Mapping[object, type[np.generic]]] = {_Floats: np.float32, _Longs: np.int64}
_STAND_INS: Final[Mapping[tuple[str, str], Callable[..., object]]] = {
    ("collections", "OrderedDict"): _Entries,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch", "FloatStorage"): _Floats,
    ("torch", "LongStorage"): _Longs,
}


class _TensorsOnly(pickle.Unpickler):
    """Knows the stand-ins and refuses every other name."""

    def find_class(self, module_name: str, global_name: str, /) -> Callable[..., object]:
        """The stand-in for this name."""
        try:
            return _STAND_INS[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is no part of a tensor") from None

    def persistent_load(self, pid: object, /) -> _Storage:
        """The storage a tensor looks into."""
        match cast("tuple[object, ...]", pid):
            case ("storage", kind, key, *_):
                return _Storage(kind, key)
            case _:
                raise pickle.UnpicklingError("something outside the file that is no storage")
