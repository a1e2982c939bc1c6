"""The conversion of EfficientNet-Lite0: only tensors out of it, and a network that computes right."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from batuta.weights.conversions.efficientnet import model_of
from batuta.weights.conversions.storages import read_storages

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
HALVING = (1, 3, 5, 11)
WIDTHS = (2, 3, 3, 2, 2, 4, 4, 4, 3, 3, 3, 5, 5, 5, 5, 4)
"""Of what each block gives: some equal to the one before, so that there is something to add."""
Arrays = dict[str, np.ndarray]


class Stored:
    """A tensor that looks into a storage of its own."""

    def __init__(self, key: str, array: np.ndarray, strides: tuple[int, ...] | None = None) -> None:
        self.key, self.array = key, array
        self.strides = strides or tuple(step // array.itemsize for step in array.strides)

    def __reduce__(self) -> Any:
        torch = sys.modules["torch._utils"]
        return torch._rebuild_tensor_v2, (self, 0, self.array.shape, self.strides, False, OrderedDict())


class Pickler(pickle.Pickler):
    """As PyTorch pickles: storages are named, not written."""

    asked: tuple[Stored, ...] = ()

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, Stored) and obj in self.asked:
            kind = "LongStorage" if obj.array.dtype == np.int64 else "FloatStorage"
            return "storage", getattr(sys.modules["torch"], kind), obj.key, "cpu", obj.array.size, None
        self.asked = (*self.asked, obj) if isinstance(obj, Stored) else self.asked
        return None


@pytest.fixture
def _torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much of PyTorch as its pickles name."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "LongStorage"):
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*_: object) -> None:
        raise AssertionError("never called: it is named only")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # pyright: ignore[reportAttributeAccessIssue]  # being made
    torch._utils = utils  # pyright: ignore[reportAttributeAccessIssue]  # likewise
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def checkpoint(path: Path, content: object, storages: dict[str, np.ndarray], *, magic: int = MAGIC) -> Path:
    """A file as PyTorch wrote it before 1.6."""
    file = io.BytesIO()
    for each in (magic, VERSION, {"little_endian": True}):
        pickle.dump(each, file, protocol=2)
    Pickler(file, protocol=2).dump(content)
    pickle.dump(list(storages), file, protocol=2)
    for array in storages.values():
        file.write(array.size.to_bytes(8, "little") + array.tobytes(order="K"))
    path.write_bytes(file.getvalue())
    return path


@pytest.mark.usefixtures("_torch")
def test_tensors_come_out_as_they_went_in(tmp_path: Path) -> None:
    """In any order of their dimensions, and counters too."""
    cube = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    turned = np.ascontiguousarray(cube.transpose(2, 0, 1))
    count = np.array(7, np.int64)
    content = OrderedDict(
        cube=Stored("1", cube), turned=Stored("2", cube.transpose(2, 0, 1)), count=Stored("3", count)
    )
    found = read_storages(checkpoint(tmp_path / "a.pth", content, {"1": cube, "2": cube, "3": count}))
    assert list(found) == ["cube", "turned", "count"]
    np.testing.assert_array_equal(found["cube"], cube)
    np.testing.assert_array_equal(found["turned"], turned)
    assert found["count"] == 7
    assert found["count"].dtype == np.int64


class Bomb:
    """Unpickled by anybody else, this makes a folder."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (self._path,)


@pytest.mark.usefixtures("_torch")
def test_whatever_is_no_tensor_is_refused(tmp_path: Path) -> None:
    """Code is not run; what looks beyond its storage is not read; another kind of file is said to be one."""
    two = np.zeros(2, np.float32)
    with pytest.raises(pickle.UnpicklingError, match="is no part of a tensor"):
        read_storages(checkpoint(tmp_path / "a.pth", {"x": Bomb(str(tmp_path / "made"))}, {}))
    assert not (tmp_path / "made").exists()
    with pytest.raises((ValueError, TypeError)):
        read_storages(checkpoint(tmp_path / "b.pth", {"x": Stored("1", two, (9,))}, {"1": two}))
    with pytest.raises(pickle.UnpicklingError, match="no checkpoint"):
        read_storages(checkpoint(tmp_path / "c.pth", {}, {}, magic=5))
    with pytest.raises(pickle.UnpicklingError, match="holds a list"):
        read_storages(checkpoint(tmp_path / "d.pth", [], {}))


def test_the_network_computes_what_it_is_published_to() -> None:
    """Against plain numpy: padding, order of the layers, which blocks halve and which are added to."""
    parameters = random_network()
    pixels = np.random.default_rng(3).standard_normal((1, 3, 224, 224)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model_of(parameters).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(["likelihoods"], {"pixels": pixels})
    expected = likelihoods(parameters, pixels[0])
    assert expected.std() > 0.01  # or anything would do
    np.testing.assert_allclose(found[0], expected, atol=1e-4)


def random_network() -> Arrays:
    """All layers, with few channels."""
    random = np.random.default_rng(1)
    arrays: Arrays = {}

    def layer(name: str, normal: str, *shape: int) -> None:
        scale = 1.4 / np.sqrt(np.prod(shape[1:]))
        arrays[f"{name}.weight"] = (random.standard_normal(shape) * scale).astype(np.float32)
        for kind in ("weight", "bias", "running_mean"):
            values = random.standard_normal(shape[0]) * 0.5 + (kind == "weight")
            arrays[f"{normal}.{kind}"] = values.astype(np.float32)
        arrays[f"{normal}.running_var"] = random.uniform(0.5, 2, shape[0]).astype(np.float32)

    layer("_conv_stem", "_bn0", 4, 3, 3, 3)
    width = 4
    for number, out in enumerate(WIDTHS):
        prefix, inner = f"_blocks.{number}.", width * 2 if number else width
        if number:
            layer(f"{prefix}_expand_conv", f"{prefix}_bn0", inner, width, 1, 1)
        side = 5 if number in {3, 4, 8, 11} else 3
        layer(f"{prefix}_depthwise_conv", f"{prefix}_bn1", inner, 1, side, side)
        layer(f"{prefix}_project_conv", f"{prefix}_bn2", out, inner, 1, 1)
        width = out
    layer("_conv_head", "_bn1", 6, width, 1, 1)
    arrays["_fc.weight"] = random.standard_normal((7, 6)).astype(np.float32)
    arrays["_fc.bias"] = random.standard_normal(7).astype(np.float32)
    return arrays


def likelihoods(network: Arrays, pixels: np.ndarray) -> np.ndarray:
    """The network in numpy, as Google's `efficientnet_model.py` says it."""
    seen = bounded(normalised(network, "_bn0", convolved(pixels, network["_conv_stem.weight"], 2)))
    for number in range(16):
        prefix = f"_blocks.{number}."
        inner = seen
        if number:
            kernel = network[f"{prefix}_expand_conv.weight"]
            inner = bounded(normalised(network, f"{prefix}_bn0", convolved(inner, kernel, 1)))
        stride = 2 if number in HALVING else 1
        apart = network[f"{prefix}_depthwise_conv.weight"]
        each = [convolved(inner[i : i + 1], apart[i : i + 1], stride) for i in range(len(inner))]
        inner = bounded(normalised(network, f"{prefix}_bn1", np.concatenate(each)))
        kernel = network[f"{prefix}_project_conv.weight"]
        inner = normalised(network, f"{prefix}_bn2", convolved(inner, kernel, 1))
        seen = seen + inner if stride == 1 and inner.shape == seen.shape else inner
    seen = bounded(normalised(network, "_bn1", convolved(seen, network["_conv_head.weight"], 1)))
    scores = network["_fc.weight"] @ seen.mean(axis=(1, 2)) + network["_fc.bias"]
    likely = np.exp(scores - scores.max())
    return likely / likely.sum()


def convolved(seen: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """TensorFlow's "same": what is missing is added, the odd one of it at the end."""
    side = kernel.shape[-1]
    height, width = (-(-length // stride) for length in seen.shape[1:])
    missing = max((height - 1) * stride + side - seen.shape[1], 0)
    padded = np.pad(seen, ((0, 0), *[(missing // 2, missing - missing // 2)] * 2))
    return sum(
        np.tensordot(
            kernel[:, :, y, x],
            padded[:, y : y + height * stride : stride, x : x + width * stride : stride],
            1,
        )
        for y in range(side)
        for x in range(side)
    )


def normalised(network: Arrays, name: str, seen: np.ndarray) -> np.ndarray:
    weight, bias, mean, variance = (
        network[f"{name}.{kind}"][:, None, None] for kind in ("weight", "bias", "running_mean", "running_var")
    )
    return (seen - mean) / np.sqrt(variance + 1e-3) * weight + bias


def bounded(seen: np.ndarray) -> np.ndarray:
    return np.clip(seen, 0, 6)
