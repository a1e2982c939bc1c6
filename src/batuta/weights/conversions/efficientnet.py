"""EfficientNet-Lite0 as an ONNX model: pictures in, how likely each of ImageNet's 1000 classes is out.

`python -m batuta.weights.conversions.efficientnet EFFICIENTNET.pth` writes the model to stdout. Nothing is
computed on the way (normalisation stays a node of its own), so the parameters in the model are the published
numbers, and the model the same on every machine.

Sixteen blocks of a mobile network (Sandler et al., CVPR 2018; Tan and Le, ICML 2019), in the form Google made
for small devices: no squeeze-and-excitation, ReLU6 everywhere, padding as TensorFlow's "same".
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from batuta.weights.conversions.checkpoints import Array
from batuta.weights.conversions.storages import read_storages

SIDE: Final = 224
"""Pixels; what the network learned on."""
_BLOCKS: Final = 16
_HALVING: Final = {1, 3, 5, 11}
"""The blocks that halve height and width (`efficientnet_lite_builder.py`: the strides of the stages)."""
_EPSILON: Final = 1e-3
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""Old enough for every onnxruntime that Batuta admits."""


def model_of(parameters: Mapping[str, Array]) -> ModelProto:
    """The model; `pixels` is of shape (pictures, 3, 224, 224), RGB as (value - 127) / 128.

    `likelihoods` is of shape (pictures, 1000); each picture's add up to 1.
    """
    network = _Network(parameters)
    seen = network.convolved("pixels", "_conv_stem", "_bn0", stride=2)
    for number in range(_BLOCKS):
        seen = network.block(seen, number)
    seen = network.convolved(seen, "_conv_head", "_bn1")
    flat = network.add("Flatten", [network.add("GlobalAveragePool", [seen], "average")], "features")
    scores = network.add("Gemm", [flat, *network.given("_fc.weight", "_fc.bias")], "scores", transB=1)
    network.add("Softmax", [scores], "likelihoods", axis=1)
    classes = len(parameters["_fc.bias"])
    pixels, likelihoods = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("pixels", ["pictures", 3, SIDE, SIDE]), ("likelihoods", ["pictures", classes]))
    )
    return helper.make_model(
        helper.make_graph(network.nodes, "efficientnet-lite0", [pixels], [likelihoods], network.used),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )


class _Network:
    """Nodes as they come, each named by what it gives, and the parameters they use."""

    def __init__(self, parameters: Mapping[str, Array]) -> None:
        self.nodes: list[NodeProto] = []
        self.used: list[TensorProto] = [
            numpy_helper.from_array(np.array(bound, np.float32), name) for name, bound in (("0", 0), ("6", 6))
        ]
        self._parameters = parameters

    def add(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """A node; returns the name of its output."""
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(name, attributes[name]) for name in sorted(attributes))
        self.nodes.append(node)
        return output

    def given(self, *names: str) -> list[str]:
        """Parameters, exactly as they are."""
        self.used += [numpy_helper.from_array(self._parameters[name], name) for name in names]
        return list(names)

    def block(self, seen: str, number: int) -> str:
        """Wider, filtered channel by channel, narrow again; added to what came in where it fits."""
        prefix = f"_blocks.{number}."
        inner = seen
        if f"{prefix}_expand_conv.weight" in self._parameters:
            inner = self.convolved(inner, f"{prefix}_expand_conv", f"{prefix}_bn0")
        stride = 2 if number in _HALVING else 1
        inner = self.convolved(inner, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, apart=True)
        inner = self.convolved(inner, f"{prefix}_project_conv", f"{prefix}_bn2", bounded=False)
        first = "_expand_conv" if number else "_depthwise_conv"
        entering = self._parameters[f"{prefix}{first}.weight"].shape[1 if number else 0]
        leaving = self._parameters[f"{prefix}_project_conv.weight"].shape[0]
        return (
            self.add("Add", [seen, inner], f"{prefix}sum") if stride == 1 and entering == leaving else inner
        )

    def convolved(
        self,
        seen: str,
        layer: str,
        normal: str,
        *,
        stride: int = 1,
        apart: bool = False,
        bounded: bool = True,
    ) -> str:
        """A convolution, normalised and bounded to 0..6; each channel by itself where they stay `apart`."""
        kernel = self._parameters[f"{layer}.weight"]
        found = self.add(
            "Conv",
            [seen, *self.given(f"{layer}.weight")],
            f"{layer}.out",
            auto_pad="SAME_UPPER",
            group=kernel.shape[0] if apart else 1,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
        )
        learned = self.given(
            *(f"{normal}.{kind}" for kind in ("weight", "bias", "running_mean", "running_var"))
        )
        found = self.add("BatchNormalization", [found, *learned], f"{layer}.normal", epsilon=_EPSILON)
        return self.add("Clip", [found, "0", "6"], f"{layer}.bounded") if bounded else found


if __name__ == "__main__":
    checkpoint = read_storages(Path(sys.argv[1]))
    sys.stdout.buffer.write(model_of(checkpoint).SerializeToString(deterministic=True))
