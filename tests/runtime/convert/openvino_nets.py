"""Tiny networks of OpenVINO, made on the spot, and what runs them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import onnx
from numpy.typing import NDArray

from editor.runtime import onnx as runtime
from editor.runtime.convert.openvino import from_openvino
from editor.runtime.providers import Provider

Array = NDArray[Any]
Shape = tuple[int, ...]

TYPES = {"<f4": ("f32", "FP32"), "<i4": ("i32", "I32"), "<i8": ("i64", "I64"), "<f2": ("f16", "FP16")}
NUMPY = {"auto_broadcast": "numpy"}
ZERO = {"special_zero": "true"}
DATA = (1, 4, 5, 6)
CONVOLUTION = {
    "strides": "2, 1",
    "dilations": "1, 2",
    "pads_begin": "1, 0",
    "pads_end": "0, 3",
    "auto_pad": "explicit",
}


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


def chain() -> Net:
    """data + constant, then PReLU."""
    net = Net()
    (total,) = net.add("Add", [net.input(), net.floats(random(4, 1, 1))], [("FP32", DATA)], name="sum", **NUMPY)
    (output,) = net.add("PReLU", [total, net.floats([0.1])], [("FP32", DATA)], name="output")
    net.result(output)
    return net
