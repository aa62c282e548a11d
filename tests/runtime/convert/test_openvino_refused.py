"""Files that are damaged, hostile, or hold what has no counterpart in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from editor.core.errors import ModelError
from editor.runtime.convert.openvino import from_openvino
from tests.runtime.convert.openvino_nets import CONVOLUTION, DATA, NUMPY, ZERO, Net, Shape, chain, random


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
