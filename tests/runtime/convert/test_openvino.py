"""What layers of OpenVINO become is computed here in numpy."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.runtime.convert.openvino_nets import (
    CONVOLUTION,
    DATA,
    NUMPY,
    ZERO,
    Array,
    Net,
    assert_near,
    random,
    result,
    run,
)


@pytest.mark.parametrize(
    ("kind", "function"), [("Add", np.add), ("Multiply", np.multiply), ("Power", lambda a, b: np.power(a, b))]
)
def test_elementwise(kind: str, function: Callable[[Array, Array], Array]) -> None:
    net, data, other = Net(), random(*DATA) + 2, random(4, 1, 1, seed=1)
    (output,) = net.add(kind, [net.input(), net.floats(other)], [("FP32", DATA)], **NUMPY)
    assert_near(result(net, output, data), function(data, other))


def test_elementwise_keeps_the_order() -> None:
    net, data = Net(), random(3, 4)
    base = net.floats([2.0])
    (output,) = net.add("Power", [base, net.input((3, 4))], [("FP32", (3, 4))], **NUMPY)
    assert_near(result(net, output, data), 2**data)


def test_prelu() -> None:
    net, data = Net(), random(*DATA)
    (output,) = net.add("PReLU", [net.input(), net.floats([0.2])], [("FP32", DATA)])
    assert_near(result(net, output, data), np.where(data < 0, np.float32(0.2) * data, data))


@pytest.mark.parametrize(("turn_a", "turn_b"), list(itertools.product(["false", "true"], repeat=2)))
def test_matmul(turn_a: str, turn_b: str) -> None:
    net, data, weights = Net(), random(2, 3), random(3, 5, seed=1)
    given = data.T if turn_a == "true" else data
    held = weights.T if turn_b == "true" else weights
    source = net.input(given.shape)
    (output,) = net.add(
        "MatMul", [source, net.floats(held)], [("FP32", (2, 5))], transpose_a=turn_a, transpose_b=turn_b
    )
    assert_near(result(net, output, given), data @ weights)


@pytest.mark.parametrize(("keep", "axes"), [("true", [1]), ("false", [1]), ("true", [-1, 2])])
def test_reduce_mean(keep: str, axes: list[int]) -> None:
    net, data = Net(), random(*DATA)
    expected = data.mean(axis=tuple(axes), keepdims=keep == "true")
    (output,) = net.add("ReduceMean", [net.input(), net.const(axes)], [("FP32", expected.shape)], keep_dims=keep)
    assert_near(result(net, output, data), expected)


def convolved(data: Array, kernel: Array) -> Array:
    """What `CONVOLUTION` says, for one group, pixel of the kernel by pixel of the kernel."""
    padded = np.pad(data, ((0, 0), (0, 0), (1, 0), (0, 3)))
    _, _, height, width = kernel.shape
    rows, columns = padded.shape[2] - height + 1, padded.shape[3] - 2 * (width - 1)
    sums = np.zeros((1, len(kernel), rows, columns), np.float32)
    for y, x in itertools.product(range(height), range(width)):
        part = padded[:, :, y : y + rows, 2 * x : 2 * x + columns]
        sums += np.einsum("oc,bchw->bohw", kernel[:, :, y, x], part)
    return sums[:, :, ::2]


def test_convolution() -> None:
    net, data, kernel = Net(), random(*DATA), random(3, 4, 2, 3, seed=1)
    expected = convolved(data, kernel)
    (output,) = net.add("Convolution", [net.input(), net.floats(kernel)], [("FP32", expected.shape)], **CONVOLUTION)
    assert_near(result(net, output, data), expected)


def test_convolution_in_groups() -> None:
    net, data, kernel = Net(), random(*DATA), random(2, 3, 2, 2, 3, seed=1)
    expected = np.concatenate([convolved(data[:, 2 * g : 2 * g + 2], kernel[g]) for g in range(2)], axis=1)
    source, weights = net.input(), net.floats(kernel)
    (output,) = net.add("GroupConvolution", [source, weights], [("FP32", expected.shape)], **CONVOLUTION)
    assert_near(result(net, output, data), expected)


def spread(data: Array, kernel: Array) -> Array:
    """The other way round, strides 2 and 1, no dilation: each pixel gives a kernel to the sum; then the edges are cut
    off, 1 row above and 3 columns at the right, and 1 row more than there is stands below."""
    _, outputs, height, width = kernel.shape
    _, _, rows, columns = data.shape
    sums = np.zeros((1, outputs, 2 * (rows - 1) + height + 1, columns + width - 1), np.float32)
    for y, x in itertools.product(range(height), range(width)):
        part = np.einsum("co,bchw->bohw", kernel[:, :, y, x], data)
        sums[:, :, y : y + 2 * rows - 1 : 2, x : x + columns] += part
    return sums[:, :, 1:, :-3]


def test_convolution_in_groups_backwards() -> None:
    net, data, kernel = Net(), random(*DATA), random(2, 2, 3, 2, 3, seed=1)
    expected = np.concatenate([spread(data[:, 2 * g : 2 * g + 2], kernel[g]) for g in range(2)], axis=1)
    attributes = {**CONVOLUTION, "dilations": "1, 1", "output_padding": "1, 0"}
    source, weights = net.input(), net.floats(kernel)
    (output,) = net.add("GroupConvolutionBackpropData", [source, weights], [("FP32", expected.shape)], **attributes)
    assert_near(result(net, output, data), expected)


def test_reshape_keeps_the_side_that_is_0_and_finds_the_one_that_is_minus_1() -> None:
    net, data = Net(), random(*DATA)
    (output,) = net.add("Reshape", [net.input(), net.const([0, 2, 2, -1])], [("FP32", (1, 2, 2, 30))], **ZERO)
    assert_near(result(net, output, data), data.reshape(1, 2, 2, 30))


def test_squeeze() -> None:
    net, data = Net(), random(1, 3, 1, 4)
    (output,) = net.add("Squeeze", [net.input((1, 3, 1, 4)), net.const([-2])], [("FP32", (1, 3, 4))])
    assert_near(result(net, output, data), data[:, :, 0])


def test_tile() -> None:
    net, data = Net(), random(2, 3)
    (output,) = net.add("Tile", [net.input((2, 3)), net.const([2, 1])], [("FP32", (4, 3))])
    assert_near(result(net, output, data), np.tile(data, (2, 1)))


def test_split() -> None:
    net, data = Net(), random(*DATA)
    parts = [("FP32", (1, 3, 5, 6)), ("FP32", (1, 1, 5, 6))]
    first, second = net.add("VariadicSplit", [net.input(), net.const(1), net.const([3, 1])], parts, name="parts")
    net.result(first)
    net.result(second)
    found = run(net.convert(), data=data)
    assert found.keys() == {"parts.0", "parts.1"}
    assert_near(found["parts.0"], data[:, :3])
    assert_near(found["parts.1"], data[:, 3:])


@pytest.mark.parametrize(("mode", "target"), [("numpy", [2, 3, 4]), ("bidirectional", [2, 1, 1])])
def test_broadcast(mode: str, target: list[int]) -> None:
    net, data = Net(), random(3, 4)
    source, shape = net.input((3, 4)), net.const(target)
    (output,) = net.add("Broadcast", [source, shape], [("FP32", (2, 3, 4))], "opset3", mode=mode)
    assert_near(result(net, output, data), np.broadcast_to(data, (2, 3, 4)))


def test_a_shape_that_the_network_computes() -> None:
    """One side of the input, behind 2 and before as many ones as it has other sides."""
    net, data = Net(), random(3, 4)
    source = net.input((3, 4))
    (shape,) = net.add("ShapeOf", [source], [("I64", (2,))], "opset3", output_type="i64")
    chosen = [shape, net.const(1, "<i4"), net.const(0)]
    (side,) = net.add("Gather", chosen, [("I64", ())], "opset7", batch_dims="0")
    (listed,) = net.add("Unsqueeze", [side, net.const([0])], [("I64", (1,))])
    (ones,) = net.add("Broadcast", [net.const([1]), net.const([1])], [("I64", (1,))], "opset3", mode="numpy")
    (target,) = net.add("Concat", [net.const([-1]), listed, ones], [("I64", (3,))], axis="0")
    (output,) = net.add("Reshape", [source, target], [("FP32", (3, 4, 1))], **ZERO)
    assert_near(result(net, output, data), data.reshape(3, 4, 1))


def test_names_and_shapes_are_kept_and_constants_computed_with_only_are_held() -> None:
    net = Net()
    first, second = net.input((1, 3), "style"), net.input((2, 3), "noise 0")
    (total,) = net.add("Add", [first, second], [("FP32", (2, 3))], name="total", **NUMPY)
    (output,) = net.add("Reshape", [total, net.const([3, 2])], [("FP32", (3, 2))], name="img", **ZERO)
    net.const([1, 2])
    net.floats([1.0])
    net.result(output)
    model = net.convert()
    assert [value.name for value in model.graph.input] == ["style", "noise 0"]
    assert [value.name for value in model.graph.output] == ["img"]
    assert [side.dim_value for side in model.graph.output[0].type.tensor_type.shape.dim] == [3, 2]
    assert len(model.graph.initializer) == 1
    assert model.ir_version <= 10
