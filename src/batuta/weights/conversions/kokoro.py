"""Kokoro's quantised network as one that computes in 32-bit floats: as fast on every CPU.

`python -m batuta.weights.conversions.kokoro KOKORO.onnx` writes the model to stdout. The published weights
are 8-bit integers with a scale and a zero point, and each layer quantises its input on the fly. Where the CPU
has no instructions for that, integers take four times as long (real-time factor 0.80, floats 0.20); where it
has them (VNNI) they are no faster to speak of (0.31 and 0.35, one core).

Only differences of 8-bit integers are computed on the way, which floats hold exactly; the scales stay nodes
of their own. So the model is the same on every machine. What changes in each layer is what the rounding of
its input and its bias lost:

    DynamicQuantizeLinear(x)                →  x itself, scale 1
    ConvInteger, MatMulInteger(x, w, zero)  →  Conv, MatMul(x, w - zero)
    Floor, then Cast, of a layer's bias     →  the bias unrounded
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_IN_FLOATS: Final = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}
_QUANTISE: Final = "DynamicQuantizeLinear"
_ROUNDING: Final = {"Floor", "Cast"}
_SCALED_BIAS: Final = "Div"
"""Where the way of a bias into an integer layer begins: it is divided by the layer's scale, then rounded."""
_ONE: Final = "one"


def in_floats(model: ModelProto) -> ModelProto:
    """The same network without integer arithmetic; raises `ValueError` for a layer it does not understand."""
    graph = model.graph
    parameters = {each.name: each for each in graph.initializer}
    roundings = set(_roundings(list(graph.node)))
    made: dict[str, TensorProto] = {_ONE: numpy_helper.from_array(np.array(1.0, np.float32), _ONE)}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == _QUANTISE:
            nodes += [
                helper.make_node("Identity", [given], [output])
                for given, output in zip((node.input[0], _ONE), node.output[:2], strict=True)
            ]
        elif node.op_type in _IN_FLOATS:
            weights = _weights(node, parameters)
            made[weights.name] = weights
            layer = helper.make_node(
                _IN_FLOATS[node.op_type], [node.input[0], weights.name], node.output, node.name
            )
            layer.attribute.extend(node.attribute)
            nodes.append(layer)
        elif node.output[0] in roundings:
            nodes.append(helper.make_node("Identity", node.input, node.output))
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    kept = [each for each in (*graph.initializer, *made.values()) if each.name in used]
    return helper.make_model(
        helper.make_graph(nodes, "kokoro-82m", graph.input, graph.output, kept),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )


def _weights(node: NodeProto, parameters: Mapping[str, TensorProto]) -> TensorProto:
    """The layer's weights less their zero point: one number, or for a matrix one for each of its columns."""
    name, zero_name = node.input[1], node.input[3]
    if name not in parameters or zero_name not in parameters:
        raise ValueError(f"the weights of {node.name} are no constants")
    weights, zero = (numpy_helper.to_array(parameters[each]).astype(np.float32) for each in (name, zero_name))
    return numpy_helper.from_array(weights - zero, f"{name}.less.{zero_name}")


def _roundings(nodes: list[NodeProto]) -> Iterator[str]:
    """What rounds the biases that are added to the outcome of integer layers, named by what it gives."""
    makers = {output: node for node in nodes for output in node.output}
    integers = {node.output[0] for node in nodes if node.op_type in _IN_FLOATS}
    for node in nodes:
        if node.op_type != "Add" or integers.isdisjoint(node.input):
            continue
        (bias,) = set(node.input) - integers
        while (maker := makers[bias]).op_type != _SCALED_BIAS:
            if maker.op_type in _ROUNDING:
                yield bias
            bias = maker.input[0]


if __name__ == "__main__":
    quantised = ModelProto.FromString(Path(sys.argv[1]).read_bytes())
    sys.stdout.buffer.write(in_floats(quantised).SerializeToString(deterministic=True))
