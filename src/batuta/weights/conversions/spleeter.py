"""Spleeter's two networks as one ONNX model: magnitudes in, the share of the voice in each of them out.

`python -m batuta.weights.conversions.spleeter VOCALS.ckpt ACCOMPANIMENT.ckpt` writes the model to stdout.
Nothing is computed on the way (normalisation stays a node of its own), so the parameters in the model are the
published bytes, and the model the same on every machine.

The networks are U-Nets of six steps down and six up (Jansson et al., ISMIR 2017; Deezer's `unet.py`). Each
estimates the magnitudes of its stem; the share follows Deezer's soft mask of exponent 2:
(v² + e/2) / (v² + a² + e) with e = 1e-10.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from batuta.weights.conversions.checkpoints import Array, read_checkpoint

_STEPS: Final = 6
_KERNEL: Final = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}
"""Padding as TensorFlow's "same" has it for these strides: one before, two after."""
_EPSILON: Final = 1e-10
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Old enough for every onnxruntime that Batuta admits."""
_SHAPE: Final = ["chunks", "channels", "frames", "bins"]


def model_of(vocals: Mapping[str, Array], accompaniment: Mapping[str, Array]) -> ModelProto:
    """The model; input `magnitudes` and output `share` are of shape (chunks, 2, frames, bins).

    Frames and bins are multiples of 64; the networks learned on 512 frames of 1024 bins.
    """
    graph = _Graph()
    voice, rest = (
        _network(graph, prefix, parameters)
        for prefix, parameters in (("vocals.", vocals), ("accompaniment.", accompaniment))
    )
    voice_power, rest_power = (graph.add("Mul", [name, name], f"{name}.power") for name in (voice, rest))
    both = graph.add("Add", [voice_power, rest_power], "both")
    some, half = graph.number("epsilon", _EPSILON), graph.number("half_epsilon", _EPSILON / 2)
    graph.add(
        "Div",
        [graph.add("Add", [voice_power, half], "voice_or_half"), graph.add("Add", [both, some], "all")],
        "share",
    )
    return helper.make_model(
        graph.proto(), opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )


class _Graph:
    """Nodes and parameters as they come; every node is named by what it gives."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._parameters: list[TensorProto] = []

    def add(self, operator: str, inputs: list[str], output: str, **attributes: float | list[int]) -> str:
        """A node; returns the name of its output."""
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(name, attributes[name]) for name in sorted(attributes))
        self._nodes.append(node)
        return output

    def parameter(self, name: str, values: Array) -> str:
        """A constant array, exactly as it is."""
        self._parameters.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, name: str, value: float) -> str:
        """A constant number."""
        return self.parameter(name, np.array(value, np.float32))

    def proto(self) -> GraphProto:
        """All of it."""
        magnitudes, share = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, _SHAPE) for name in ("magnitudes", "share")
        )
        return helper.make_graph(self._nodes, "spleeter-2stems", [magnitudes], [share], self._parameters)


def _network(graph: _Graph, prefix: str, parameters: Mapping[str, Array]) -> str:
    """One U-Net over `magnitudes`; returns the name of its estimate."""

    def given(*names: str) -> list[str]:
        return [graph.parameter(prefix + name, parameters[name]) for name in names]

    def normalised(layer: str, sound: str) -> str:
        kinds = ("weight", "bias", "running_mean", "running_var")
        learned = given(*(f"{layer}.{kind}" for kind in kinds))
        return graph.add("BatchNormalization", [sound, *learned], f"{prefix}{layer}.normal", epsilon=1e-3)

    sound, levels = "magnitudes", list[str]()
    for step in range(1, _STEPS + 1):
        weights = given(f"down{step}_conv.1.weight", f"down{step}_conv.1.bias")
        levels.append(graph.add("Conv", [sound, *weights], f"{prefix}down{step}", **_KERNEL))
        if step < _STEPS:
            normal = normalised(f"down{step}_act.0", levels[-1])
            sound = graph.add("LeakyRelu", [normal], f"{prefix}down{step}.active", alpha=0.2)
    sound = levels.pop()
    for step in range(1, _STEPS + 1):
        weights = given(f"up{step}.0.weight", f"up{step}.0.bias")
        wider = graph.add("ConvTranspose", [sound, *weights], f"{prefix}up{step}", **_KERNEL)
        active = graph.add("Relu", [wider], f"{prefix}up{step}.active")
        sound = normalised(f"up{step}.3", active)
        if levels:
            sound = graph.add("Concat", [levels.pop(), sound], f"{prefix}up{step}.joined", axis=1)
    weights = given("up7.0.weight", "up7.0.bias")
    last = graph.add(
        *("Conv", [sound, *weights], f"{prefix}up7"),
        kernel_shape=[4, 4],
        dilations=[2, 2],
        pads=[3, 3, 3, 3],
    )
    mask = graph.add("Sigmoid", [last], f"{prefix}mask")
    return graph.add("Mul", [mask, "magnitudes"], f"{prefix}estimate")


if __name__ == "__main__":
    stems = [read_checkpoint(Path(argument)) for argument in sys.argv[1:]]
    sys.stdout.buffer.write(model_of(*stems).SerializeToString(deterministic=True))
