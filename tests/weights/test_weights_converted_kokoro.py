"""The conversion of Kokoro: integer layers become float layers that compute what the integers stand for."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from batuta.weights.conversions.kokoro import in_floats

MATRIX = np.random.default_rng(1).integers(0, 256, (16, 8)).astype(np.uint8)
KERNEL = np.random.default_rng(2).integers(-128, 128, (4, 8, 3)).astype(np.int8)
BIAS = np.array([1.5, -2.0, 0.25, 7.0], np.float32)
COLUMN_ZEROS = np.arange(116, 124).astype(np.uint8)
KERNEL_ZERO = np.array(-7, np.int8)
SCALE = np.float32(0.02)


def quantised() -> ModelProto:
    """A matrix and a convolution with a bias, as onnxruntime's dynamic quantisation writes them."""
    constants = {
        "matrix": MATRIX,
        "matrix_zero": COLUMN_ZEROS,
        "kernel": KERNEL,
        "kernel_zero": KERNEL_ZERO,
        "scale": SCALE,
        "bias": BIAS,
        "shape": np.array([1, -1, 1], np.int64),
    }
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
        helper.make_node("MatMulInteger", ["xq", "matrix", "xz", "matrix_zero"], ["mi"], "matmul"),
        helper.make_node("Cast", ["mi"], ["mf"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["xs", "scale"], ["ms"]),
        helper.make_node("Mul", ["mf", "ms"], ["m"]),
        helper.make_node("Transpose", ["m"], ["t"], perm=[0, 2, 1]),
        helper.make_node("DynamicQuantizeLinear", ["t"], ["tq", "ts", "tz"]),
        helper.make_node("ConvInteger", ["tq", "kernel", "tz", "kernel_zero"], ["ci"], "conv", pads=[1, 1]),
        helper.make_node("Mul", ["ts", "scale"], ["cs"]),
        helper.make_node("Div", ["bias", "cs"], ["bd"]),
        helper.make_node("Floor", ["bd"], ["bf"]),
        helper.make_node("Cast", ["bf"], ["bi"], to=TensorProto.INT32),
        helper.make_node("Reshape", ["bi", "shape"], ["br"]),
        helper.make_node("Add", ["ci", "br"], ["ca"]),
        helper.make_node("Cast", ["ca"], ["cf"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["cf", "cs"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    arrays = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "toy", ends[:1], ends[1:], arrays)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": x})[0]


def meant(x: np.ndarray) -> np.ndarray:
    """In plain numpy, without any rounding."""
    matrix = (MATRIX.astype(np.float64) - COLUMN_ZEROS) * SCALE
    kernel = (KERNEL.astype(np.float64) - KERNEL_ZERO) * SCALE
    inner = np.pad((x.astype(np.float64) @ matrix).transpose(0, 2, 1), ((0, 0), (0, 0), (1, 1)))
    length = x.shape[1]
    taps = [np.einsum("oi,bit->bot", kernel[:, :, k], inner[:, :, k : k + length]) for k in range(3)]
    return sum(taps) + BIAS[:, None]


def test_the_float_model_computes_what_the_integers_stand_for() -> None:
    """Zero points for all or for each column, biases, padding; nearer to the truth than the integers are."""
    x = np.random.default_rng(3).standard_normal((1, 20, 16)).astype(np.float32)
    expected = meant(x)
    np.testing.assert_allclose(run(in_floats(quantised()), x), expected, rtol=1e-4, atol=1e-3)
    coarse = np.abs(run(quantised(), x) - expected).max()
    assert 0.01 < coarse < 0.1 * np.abs(expected).max()


def test_no_integer_arithmetic_is_left_and_the_bytes_are_always_the_same() -> None:
    """The result is pinned by hash."""
    first, second = (in_floats(quantised()).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second
    kinds = {node.op_type for node in in_floats(quantised()).graph.node}
    assert not kinds & {"DynamicQuantizeLinear", "MatMulInteger", "ConvInteger", "Floor"}


def test_weights_that_are_no_constants_are_refused() -> None:
    """Another kind of model than the one this is for."""
    model = quantised()
    model.graph.initializer.remove(next(each for each in model.graph.initializer if each.name == "kernel"))
    with pytest.raises(ValueError, match="the weights of conv are no constants"):
        in_floats(model)
