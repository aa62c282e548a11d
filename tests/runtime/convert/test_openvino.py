"""Tiny networks of OpenVINO, made on the spot; what they give is computed here, in numpy."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.runtime import onnx as runtime
from editor.runtime.convert.openvino import from_openvino
from editor.runtime.providers import Provider

Array = NDArray[Any]
Shape = tuple[int, ...]

TYPES = {"<f4": ("f32", "FP32"), "<i4": ("i32", "I32"), "<i8": ("i64", "I64"), "<f2": ("f16", "FP16")}
NUMPY = {"auto_broadcast": "numpy"}
ZERO = {"special_zero": "true"}
DATA = (1, 4, 5, 6)


def port(number: int, kind: str, shape: Shape) -> str:
    return f'<port id="{number}" precision="{kind}">' + "".join(f"<dim>{side}</dim>" for side in shape) + "</port>"


class Net:
    """A network that is being written. An output of a layer is (layer, port, type, shape)."""

    def __init__(self) -> None:
        self.layers: list[str] = []
        self.edges: list[str] = []
        self.weights = b""

    def add(
        self,
        kind: str,
        sources: Sequence[Any],
        outputs: Sequence[tuple[str, Shape]],
        opset: str = "opset1",
        name: str = "",
        **attributes: str,
    ) -> list[Any]:
        number = len(self.layers)
        inputs = "".join(port(index, *source[2:]) for index, source in enumerate(sources))
        given = "".join(port(index, *output) for index, output in enumerate(outputs, len(sources)))
        data = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
        self.layers.append(
            f'<layer id="{number}" name="{name or f"{kind}_{number}"}" type="{kind}" version="{opset}">'
            + (f"<data{data}/>" if data else "")
            + (f"<input>{inputs}</input>" if sources else "")
            + (f"<output>{given}</output>" if outputs else "")
            + "</layer>"
        )
        for index, (layer, output, *_rest) in enumerate(sources):
            self.edges.append(
                f'<edge from-layer="{layer}" from-port="{output}" to-layer="{number}" to-port="{index}"/>'
            )
        return [(number, index, *output) for index, output in enumerate(outputs, len(sources))]

    def input(self, shape: Shape = DATA, name: str = "data") -> Any:
        sides = ", ".join(map(str, shape))
        return self.add("Parameter", [], [("FP32", shape)], name=name, shape=sides, element_type="f32")[0]

    def const(self, values: Array | Sequence[int] | int, dtype: str = "<i8") -> Any:
        array = np.asarray(values, dtype)
        offset, data = len(self.weights), array.tobytes()
        self.weights += data
        return self.add(
            "Const",
            [],
            [(TYPES[dtype][1], array.shape)],
            element_type=TYPES[dtype][0],
            shape=", ".join(map(str, array.shape)),
            offset=str(offset),
            size=str(len(data)),
        )[0]

    def floats(self, values: Array | Sequence[float]) -> Any:
        return self.const(np.asarray(values, "<f4"), "<f4")

    def result(self, source: Any) -> None:
        self.add("Result", [source], [])

    @property
    def xml(self) -> str:
        return (
            '<?xml version="1.0" ?><net name="tiny" version="10">'
            f"<layers>{''.join(self.layers)}</layers><edges>{''.join(self.edges)}</edges>"
            '<meta_data><MO_version value="2021.4"/></meta_data></net>'
        )

    def convert(self) -> onnx.ModelProto:
        return from_openvino(self.xml, self.weights)


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def run(model: onnx.ModelProto, **inputs: Array) -> dict[str, Array]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        path.write_bytes(model.SerializeToString())
        session = runtime.load(path, (Provider.CPU,))
    return session.run(inputs, lambda: False)


def result(net: Net, output: Any, data: Array) -> Array:
    """The only output of a network that takes "data"."""
    net.result(output)
    (found,) = run(net.convert(), data=data).values()
    return found


def assert_near(found: Array, expected: Array) -> None:
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


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


CONVOLUTION = {
    "strides": "2, 1",
    "dilations": "1, 2",
    "pads_begin": "1, 0",
    "pads_end": "0, 3",
    "auto_pad": "explicit",
}


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


def chain() -> Net:
    """data + constant, then PReLU."""
    net = Net()
    (total,) = net.add("Add", [net.input(), net.floats(random(4, 1, 1))], [("FP32", DATA)], name="sum", **NUMPY)
    (output,) = net.add("PReLU", [total, net.floats([0.1])], [("FP32", DATA)], name="output")
    net.result(output)
    return net


@pytest.mark.parametrize("length", [0, 4, 16, 19])
def test_weights_cut_off(length: int) -> None:
    net = chain()
    with pytest.raises(ModelError, match=r"\.bin file is cut off"):
        from_openvino(net.xml, net.weights[:length])


def test_weights_of_another_network() -> None:
    net = chain()
    with pytest.raises(ModelError, match="do not belong together"):
        from_openvino(net.xml, net.weights + bytes(4))


def test_a_text_that_is_cut_anywhere_is_an_error() -> None:
    net = chain()
    for end in range(0, len(net.xml) - 1, 7):
        with pytest.raises(ModelError, match="damaged"):
            from_openvino(net.xml[:end], net.weights)


BOMB = '<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><net version="10">&b;</net>'
OUTSIDE = '<!DOCTYPE net SYSTEM "file:///etc/passwd"><net version="10"/>'


@pytest.mark.parametrize(
    "xml", ["", "PK\x03\x04", "<net", "<net>\ud800</net>", "<net>\0</net>", BOMB, OUTSIDE, f"<net>{' ' * 2**23}</net>"]
)
def test_a_text_that_is_damaged_or_hostile(xml: str) -> None:
    with pytest.raises(ModelError, match=r"\.xml file is damaged"):
        from_openvino(xml, b"")


@pytest.mark.parametrize(
    "xml",
    [
        "<net/>",
        '<graph version="10"><layers/><edges/></graph>',
        '<net version="11"><layers/><edges/></net>',
        '<net version="10"><edges/><layers/></net>',
        '<net version="10"><layers/></net>',
    ],
)
def test_a_text_of_something_else(xml: str) -> None:
    with pytest.raises(ModelError, match="not written by OpenVINO"):
        from_openvino(xml, b"")


def test_nothing_to_compute() -> None:
    with pytest.raises(ModelError, match="no input or no output"):
        from_openvino('<net version="10"><layers/><edges/></net>', b"")
    net = Net()
    net.input()
    with pytest.raises(ModelError, match="no input or no output"):
        net.convert()
    constant = Net()
    constant.result(constant.floats([1.0]))
    with pytest.raises(ModelError, match="no input or no output"):
        constant.convert()


def test_an_unknown_layer_is_named() -> None:
    net = Net()
    net.add("TopK", [net.input()], [("FP32", DATA)])
    with pytest.raises(ModelError, match="'TopK'"):
        net.convert()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('version="opset1"', 'version="opset99"'),
        ('<layer id="0"', '<layer id="7"'),
        ("<input>", "<body></body><input>"),
        ("<input>", "<input></input><input>"),
        ('<port id="2"', '<port id="9"'),
        ('precision="FP32"', 'precision="BF16"'),
        ('<input><port id="0" precision="FP32"><dim>1</dim>', '<input><port id="0" precision="FP32"><dim>2</dim>'),
        ("<dim>5</dim>", "<dim>?</dim>"),
        ("<dim>5</dim>", "<dim>-1</dim>"),
        ("<dim>5</dim>", "<dim>9999999999</dim>"),
        ("<dim>5</dim>", f"<dim>{'9' * 5000}</dim>"),
        ("<dim>5</dim>", "<dim/>"),
        ("<dim>5</dim>", "<side>5</side>"),
        ('auto_broadcast="numpy"', 'auto_broadcast="none"'),
        ('auto_broadcast="numpy"', 'auto_broadcast="numpy" turbo="true"'),
        ('auto_broadcast="numpy"', ""),
        ('shape="1, 4, 5, 6"', 'shape="1, 4, 5, 7"'),
        ('shape="1, 4, 5, 6"', 'shape="?"'),
        ('element_type="f32"', 'element_type="f16"'),
        ('size="16"', 'size="12"'),
        ('size="16"', 'size="-16"'),
        ('offset="0"', 'offset="-4"'),
        ('from-layer="0"', 'from-layer="2"'),
        ('from-layer="0"', 'from-layer="3"'),
        ('from-layer="0"', 'from-layer="77"'),
        ('from-layer="0" from-port="0"', 'from-layer="2" from-port="1"'),
        ('from-port="0"', 'from-port="1"'),
    ],
)
def test_a_bad_layer_is_named(before: str, after: str) -> None:
    net = chain()
    text = net.xml
    assert before in text
    with pytest.raises(ModelError, match=r"layer '.*' of its .xml file is damaged") as caught:
        from_openvino(text.replace(before, after, 1), net.weights)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    "edge",
    [
        '<edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>',
        '<edge from-layer="0" from-port="0" to-layer="99" to-port="0"/>',
        '<edge from-layer="0" from-port="0" to-layer="2"/>',
        '<edge from-layer="0" from-port="zero" to-layer="2" to-port="9"/>',
    ],
)
def test_a_bad_edge(edge: str) -> None:
    net = chain()
    with pytest.raises(ModelError, match=r"\.xml file is damaged"):
        from_openvino(net.xml.replace("</edges>", edge + "</edges>"), net.weights)


@pytest.mark.parametrize(("tag", "match"), [("layer", "layer 'data'"), ("port", "layer 'data'"), ("edge", "damaged")])
def test_an_element_of_another_kind(tag: str, match: str) -> None:
    net = chain()
    with pytest.raises(ModelError, match=match):
        from_openvino(net.xml.replace(f"<{tag} ", "<other ").replace(f"</{tag}>", "</other>"), net.weights)


def test_a_missing_edge() -> None:
    net = chain()
    net.edges.pop()
    with pytest.raises(ModelError, match="layer 'Result_5'"):
        net.convert()


def bad_layers() -> dict[str, Callable[[Net, Any], object]]:
    """Layers that read "data", whose types and shapes are written down well, and that cannot be converted."""
    out = [("FP32", DATA)]
    pads = CONVOLUTION
    kernel = random(3, 4, 2, 3)
    convolved_shape = [("FP32", (1, 3, 3, 5))]
    return {
        "an input more": lambda net, x: net.add("Add", [x, x, x], out, **NUMPY),
        "whole numbers where floats are": lambda net, x: net.add("Add", [x, net.const([1])], out, **NUMPY),
        "whole numbers computed": lambda net, x: net.add("Add", [x, net.floats([1])], [("I64", DATA)], **NUMPY),
        "an output more": lambda net, x: net.add("ShapeOf", [x], [("I64", (4,))] * 2, "opset3", output_type="i64"),
        "slopes": lambda net, x: net.add("PReLU", [x, net.floats([1, 2, 3, 4])], out),
        "matmul of three axes": lambda net, x: net.add(
            "MatMul",
            [net.floats(random(4, 4, 4)), net.floats(random(4, 4))],
            [("FP32", (4, 4, 4))],
            transpose_a="false",
            transpose_b="false",
        ),
        "matmul with three axes": lambda net, x: net.add(
            "MatMul",
            [net.floats(random(4, 4)), net.floats(random(4, 4, 4))],
            [("FP32", (4, 4, 4))],
            transpose_a="false",
            transpose_b="false",
        ),
        "matmul that does not fit": lambda net, x: net.add(
            "MatMul", [net.floats(random(2, 3))] * 2, [("FP32", (2, 3))], transpose_a="false", transpose_b="false"
        ),
        "axis 4": lambda net, x: net.add("ReduceMean", [x, net.const([4])], out, keep_dims="true"),
        "axes in a square": lambda net, x: net.add(
            "ReduceMean", [x, net.const(np.ones((1, 1)))], out, keep_dims="true"
        ),
        "no axis": lambda net, x: net.add(
            "Squeeze",
            [x, net.add("Broadcast", [net.const(1), net.const([0])], [("I64", (0,))], "opset3", mode="numpy")[0]],
            out,
        ),
        "one axis twice": lambda net, x: net.add("ReduceMean", [x, net.const([1, -3])], out, keep_dims="true"),
        "axes not known": lambda net, x: net.add("ReduceMean", [x, x], out, keep_dims="true"),
        "keep perhaps": lambda net, x: net.add("ReduceMean", [x, net.const([1])], out, keep_dims="perhaps"),
        "computed kernel": lambda net, x: net.add("Convolution", [x, x], out, **pads),
        "kernel of five axes": lambda net, x: net.add(
            "Convolution", [x, net.floats(kernel[None])], convolved_shape, **pads
        ),
        "line of pixels": lambda net, x: net.add(
            "Convolution", [net.floats(random(1, 4, 5)), net.floats(kernel)], convolved_shape, **pads
        ),
        "group of four axes": lambda net, x: net.add("GroupConvolution", [x, net.floats(kernel)], out, **pads),
        "too many channels": lambda net, x: net.add("Convolution", [x, net.floats(random(3, 5, 2, 3))], out, **pads),
        "auto_pad": lambda net, x: net.add(
            "Convolution", [x, net.floats(kernel)], convolved_shape, **{**pads, "auto_pad": "same_upper"}
        ),
        "one stride": lambda net, x: net.add(
            "Convolution", [x, net.floats(kernel)], convolved_shape, **{**pads, "strides": "2"}
        ),
        "reshape without special zero": lambda net, x: net.add(
            "Reshape", [x, net.const(DATA)], out, special_zero="false"
        ),
        "reshape to a float": lambda net, x: net.add("Reshape", [x, net.floats(DATA)], out, **ZERO),
        "reshape to many": lambda net, x: net.add("Reshape", [x, net.const([1] * 99)], out, **ZERO),
        "squeeze of axis 4": lambda net, x: net.add("Squeeze", [x, net.const([4])], out),
        "tile of three axes": lambda net, x: net.add("Tile", [x, net.const([1, 1, 1])], out),
        "split into fewer": lambda net, x: net.add("VariadicSplit", [x, net.const(1), net.const([2, 2])], out),
        "split into the rest": lambda net, x: net.add("VariadicSplit", [x, net.const(1), net.const([-1])], out),
        "split along axis 4": lambda net, x: net.add("VariadicSplit", [x, net.const(4), net.const([4])], out),
        "broadcast explicit": lambda net, x: net.add("Broadcast", [x, net.const(DATA)], out, "opset3", mode="explicit"),
        "broadcast that cannot be": lambda net, x: net.add(
            "Broadcast", [x, net.const([3, 4, 5, 7])], out, "opset3", mode="bidirectional"
        ),
        "broadcast of another shape": lambda net, x: net.add(
            "Broadcast", [x, net.const([9, 4, 5, 6])], out, "opset3", mode="numpy"
        ),
        "broadcast of numbers that cannot be": lambda net, x: net.add(
            "Broadcast", [net.const([1, 2]), net.const([3])], [("I64", (3,))], "opset3", mode="numpy"
        ),
        "shape of another type": lambda net, x: net.add("ShapeOf", [x], [("I32", (4,))], "opset3", output_type="i32"),
        "shape of another length": lambda net, x: net.add("ShapeOf", [x], [("I64", (3,))], "opset3", output_type="i64"),
        "gather from behind": lambda net, x: net.add(
            "Gather", [net.const([1, 2]), net.const(-1), net.const(0)], [("I64", ())], "opset7", batch_dims="0"
        ),
        "gather too far": lambda net, x: net.add(
            "Gather", [net.const([1, 2]), net.const(2), net.const(0)], [("I64", ())], "opset7", batch_dims="0"
        ),
        "gather along axis 1": lambda net, x: net.add(
            "Gather", [net.const([1, 2]), net.const(1), net.const(1)], [("I64", ())], "opset7", batch_dims="0"
        ),
        "gather of a batch": lambda net, x: net.add(
            "Gather", [net.const([1, 2]), net.const(1), net.const(0)], [("I64", ())], "opset7", batch_dims="1"
        ),
        "gather from pixels": lambda net, x: net.add(
            "Gather", [x, net.const(0), net.const(0)], [("FP32", DATA[1:])], "opset7", batch_dims="0"
        ),
        "unsqueeze of pixels": lambda net, x: net.add("Unsqueeze", [x, net.const([0])], [("FP32", (1, *DATA))]),
        "unsqueeze of axis 9": lambda net, x: net.add("Unsqueeze", [net.const(1), net.const([9])], [("I64", (1,))]),
        "concat of pixels": lambda net, x: net.add("Concat", [x, x], [("FP32", (2, 4, 5, 6))], axis="0"),
        "concat along axis 1": lambda net, x: net.add("Concat", [net.const([1])], [("I64", (1,))], axis="1"),
        "concat of nothing": lambda net, x: net.add("Concat", [], [("I64", (0,))], axis="0"),
        "result of numbers": lambda net, x: net.result(net.const([1])),
        "input of numbers": lambda net, x: net.add("Parameter", [], [("I64", (1,))], shape="1", element_type="i64"),
        "input without end": lambda net, x: net.input((2**31,), "other"),
        "input of nothing": lambda net, x: net.add("Parameter", [], [("FP32", (0,))], shape="0", element_type="f32"),
        "constant of nothing": lambda net, x: net.floats([]),
        "constant of float16": lambda net, x: net.const(random(2), "<f2"),
    }


@pytest.mark.parametrize("name", bad_layers())
def test_a_layer_without_counterpart(name: str) -> None:
    net = Net()
    bad_layers()[name](net, net.input())
    with pytest.raises(ModelError, match=r"of its .xml file is damaged or not supported") as caught:
        net.convert()
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("kind", "shape"), [("Add", (1, 4, 5, 7)), ("Add", (1, 4, 5)), ("Multiply", (1, 4, 6, 5)), ("Power", (2, 4, 5, 6))]
)
def test_a_shape_in_the_file_that_is_not_so(kind: str, shape: Shape) -> None:
    net = Net()
    (output,) = net.add(kind, [net.input(), net.floats([1.0])], [("FP32", shape)], **NUMPY)
    net.result(output)
    with pytest.raises(ModelError, match="layers do not fit each other"):
        net.convert()


def test_two_layers_of_one_name() -> None:
    net = Net()
    (output,) = net.add("Add", [net.input(), net.input()], [("FP32", DATA)], **NUMPY)
    net.result(output)
    with pytest.raises(ModelError, match="layers do not fit each other"):
        net.convert()
