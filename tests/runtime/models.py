"""Tiny ONNX models with their manifests, made on the spot, and stand-ins for loaded ones."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from editor.core.errors import Cancelled
from editor.runtime.manifest import ModelManifest
from editor.runtime.sessions import TensorInfo, Tensors

Dim = int | str

Make = Callable[[Path], Path]
"""Writes a model file."""


def value(name: str, shape: Sequence[Dim], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Sequence[onnx.TensorProto] = (),
) -> Path:
    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs), list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def weights(shape: tuple[int, ...], name: str, seed: int = 0) -> onnx.TensorProto:
    fan_in = int(np.prod(shape[1:]))
    values = np.random.default_rng(seed).normal(0, fan_in**-0.5, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def conv_net(path: Path, *, layers: int = 3, width: int = 8, size: tuple[Dim, Dim] = ("h", "w")) -> Path:
    """3 x 3 convolutions with ReLU between them, RGB to RGB, NCHW: looks `layers` pixels around."""
    channels = [3, *[width] * (layers - 1), 3]
    nodes, constants, last = [], [], "image"
    for i, (before, after) in enumerate(itertools.pairwise(channels)):
        constants.append(weights((after, before, 3, 3), f"w{i}", i))
        end = i == layers - 1
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], ["result" if end else f"c{i}"], pads=[1] * 4))
        if not end:
            nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
    shape = (1, 3, *size)
    return save(path, nodes, [value("image", shape)], [value("result", shape)], constants)


def inverter_u8(path: Path) -> Path:
    """255 - x on uint8, NHWC."""
    constant = numpy_helper.from_array(np.array(255, np.uint8), "top")
    shape = (1, "h", "w", 3)
    node = helper.make_node("Sub", ["top", "image"], ["result"])
    kind = TensorProto.UINT8
    return save(path, [node], [value("image", shape, kind)], [value("result", shape, kind)], [constant])


def doubler_nhwc(path: Path) -> Path:
    """Nearest-neighbour upscaling by 2 of float NHWC pictures of even sides, by strided work on blocks of 2 x 2."""
    scales = numpy_helper.from_array(np.array([1, 2, 2, 1], np.float32), "scales")
    node = helper.make_node("Resize", ["image", "", "scales"], ["result"], mode="nearest")
    return save(path, [node], [value("image", (1, "h", "w", 3))], [value("result", (1, "hh", "ww", 3))], [scales])


def pooled(path: Path, block: int = 8) -> Path:
    """Every block of 8 x 8 pixels replaced by its mean: only for multiples of 8, and only right on the blocks' grid."""
    scales = numpy_helper.from_array(np.array([1, 1, block, block], np.float32), "scales")
    nodes = [
        helper.make_node("AveragePool", ["image"], ["small"], kernel_shape=[block, block], strides=[block, block]),
        helper.make_node(
            "Resize",
            ["small", "", "scales"],
            ["result"],
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        ),
    ]
    shape = (1, 3, "h", "w")
    return save(path, nodes, [value("image", shape)], [value("result", shape)], [scales])


def means(path: Path) -> Path:
    """The means of blocks of 4 x 4 pixels: a result of a fourth of the sides."""
    node = helper.make_node("AveragePool", ["image"], ["result"], kernel_shape=[4, 4], strides=[4, 4])
    return save(path, [node], [value("image", (1, 3, "h", "w"))], [value("result", (1, 3, "hh", "ww"))])


def endless(path: Path) -> Path:
    """Loops `turns` times over a small multiplication: as long a run as one wants, in one node of the graph."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["x_in", "turn"], ["x_out"]),
            helper.make_node("Identity", ["go_in"], ["go_out"]),
        ],
        "body",
        [value("i", [], TensorProto.INT64), value("go_in", [], TensorProto.BOOL), value("x_in", [64, 64])],
        [value("go_out", [], TensorProto.BOOL), value("x_out", [64, 64])],
    )
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0].astype(np.float32)
    constants = [numpy_helper.from_array(rotation, "turn"), numpy_helper.from_array(np.array(True), "go")]
    node = helper.make_node("Loop", ["turns", "go", "x"], ["y"], body=body)
    inputs = [value("turns", [], TensorProto.INT64), value("x", [64, 64])]
    return save(path, [node], inputs, [value("y", [64, 64])], constants)


def glutton(path: Path) -> Path:
    """Expands one number to `count` numbers and sums them."""
    nodes = [
        helper.make_node("Expand", ["x", "count"], ["many"]),
        helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0),
    ]
    return save(path, nodes, [value("x", [1]), value("count", [1], TensorProto.INT64)], [value("sum", [])])


def subject_net(path: Path, side_px: int = 64) -> Path:
    """Sure of what is red: the first channel minus the others, as it comes in, squashed; RGB to a mask, one size."""
    constants = [
        numpy_helper.from_array(np.array([8, -8, -8], np.float32).reshape(1, 3, 1, 1), "weights"),
        numpy_helper.from_array(np.array([-6], np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "weights", "bias"], ["red"]),
        helper.make_node("Sigmoid", ["red"], ["result"]),
    ]
    inputs, outputs = value("image", (1, 3, side_px, side_px)), value("result", (1, 1, side_px, side_px))
    return save(path, nodes, [inputs], [outputs], constants)


PICTURE = {"layout": "NCHW", "dtype": "float32", "range": [0, 1], "colour": "RGB"}


def file_entry(path: Path) -> dict[str, Any]:
    """What a manifest says of a file."""
    content = path.read_bytes()
    return {"name": path.name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def describe(path: Path, **changes: Any) -> Path:
    """Writes the manifest of a model file beside it: RGB to RGB, any size, unless `changes` say otherwise.

    A change to None leaves the field out.
    """
    values: dict[str, Any] = {
        "id": path.stem,
        "title": path.stem.title(),
        "summary": "For tests.",
        "authors": ["The tests"],
        "scale": 1,
        "overlap_px": 3,
        "memory_mb_per_mp": 100,
        "licence": {"name": "Apache-2.0", "link": "https://example.org", "commercial": True},
        "files": [file_entry(path)],
        "inputs": [{"name": "image", **PICTURE}],
        "outputs": [{"name": "result", **PICTURE}],
    }
    values |= changes
    target = path.with_suffix(".toml")
    # JSON's numbers, texts, lists and booleans are TOML's, too; tables are written inline.
    lines = [f"{field} = {_toml(one)}" for field, one in values.items() if one is not None]
    target.write_text("\n".join(lines), encoding="utf-8")
    return target


def _toml(thing: Any) -> str:
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{field} = {_toml(one)}" for field, one in thing.items()) + "}"
    if isinstance(thing, list):
        return "[" + ", ".join(_toml(one) for one in thing) + "]"
    return json.dumps(thing)


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """NCHW noise, 0..1."""
    return np.random.default_rng(seed).random((1, 3, height, width), dtype=np.float32)


class FakeSession:
    """A loaded model made of a function of its inputs."""

    def __init__(
        self,
        compute: Callable[[Tensors], dict[str, NDArray[Any]]],
        providers: Sequence[str] = ("CPUExecutionProvider",),
        inputs: Sequence[str] = ("image",),
        outputs: Sequence[str] = ("result",),
    ) -> None:
        self._compute = compute
        self.providers = tuple(providers)
        self.input_names = tuple(inputs)
        self.output_names = tuple(outputs)
        self.inputs: tuple[TensorInfo, ...] = ()  # a stand-in says nothing of them
        self.outputs: tuple[TensorInfo, ...] = ()
        self.runs = 0

    def run(self, inputs: Tensors, cancel: Callable[[], bool]) -> dict[str, NDArray[Any]]:
        if cancel():
            raise Cancelled
        self.runs += 1
        return self._compute(inputs)


def read(path: Path, **changes: Any) -> ModelManifest:
    """The manifest of a model file, as `describe` writes it."""
    return ModelManifest.read(describe(path, **changes))


def spread(path: Path, reach: tuple[int, int] = (1, 1), *, size: tuple[Dim, Dim] = ("h", "w")) -> Path:
    """The mean of three pixels, `reach` = (y, x) apart, along both axes; RGB to RGB, NCHW."""
    nodes, constants, last = [], [], "image"
    for axis, (name, far) in enumerate(zip("yx", reach, strict=True)):
        shape = (3, 1, 3, 1) if axis == 0 else (3, 1, 1, 3)
        constants.append(numpy_helper.from_array(np.full(shape, 1 / 3, np.float32), f"w{name}"))
        at = [far, 0] if axis == 0 else [0, far]
        nodes.append(
            helper.make_node(
                "Conv",
                [last, f"w{name}"],
                ["result" if axis else name],
                group=3,
                dilations=[max(1, step) for step in at],
                pads=at * 2,
            )
        )
        last = name
    shape_out = (1, 3, *size)
    return save(path, nodes, [value("image", shape_out)], [value("result", shape_out)], constants)


def ranged(path: Path, taken: tuple[float, float], given: tuple[float, float]) -> Path:
    """Gives what it takes, in another range; what does not fill the first from end to end is moved."""
    gain = (given[1] - given[0]) / (taken[1] - taken[0])
    constants = [
        numpy_helper.from_array(np.array(number, np.float32), name)
        for name, number in {
            "sum": sum(taken),
            "half": 0.5,
            "low": taken[0],
            "gain": gain,
            "base": given[0],
        }.items()
    ]
    steps = [
        ("ReduceMin", ["image"], "least"),
        ("ReduceMax", ["image"], "most"),
        ("Add", ["least", "most"], "ends"),
        ("Sub", ["ends", "sum"], "off"),
        ("Mul", ["off", "half"], "shift"),
        ("Sub", ["image", "shift"], "level"),
        ("Sub", ["level", "low"], "above"),
        ("Mul", ["above", "gain"], "stretched"),
        ("Add", ["stretched", "base"], "result"),
    ]
    nodes = [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps]
    shape = (1, 3, "h", "w")
    return save(path, nodes, [value("image", shape)], [value("result", shape)], constants)


def filler(path: Path, *, keep: bool = False) -> Path:
    """Grey where the mask is 1 (with `keep`: where it is 0), elsewhere the picture."""
    constants = [numpy_helper.from_array(np.array(0.5, np.float32), "half")]
    chosen = ["hole", "image", "half"] if keep else ["hole", "half", "image"]
    nodes = [helper.make_node("Greater", ["mask", "half"], ["hole"]), helper.make_node("Where", chosen, ["result"])]
    shape = (1, 3, "h", "w")
    return save(
        path, nodes, [value("mask", (1, 1, "h", "w")), value("image", shape)], [value("result", shape)], constants
    )


def finder(path: Path, *, logits: bool = False, size: tuple[Dim, Dim] = ("h", "w")) -> Path:
    """How yellow each pixel is, one channel: 0..1, or from about -20 up to 20."""
    constants = [numpy_helper.from_array(np.array([[[[10.0]], [[10.0]], [[-20.0]]]], np.float32), "w")]
    nodes = [helper.make_node("Conv", ["image", "w"], ["result" if logits else "yellow"])]
    if not logits:
        nodes.append(helper.make_node("Sigmoid", ["yellow"], ["result"]))
    return save(path, nodes, [value("image", (1, 3, *size))], [value("result", (1, 1, *size))], constants)


def one_step(path: Path, kind: str, *inputs: onnx.ValueInfoProto, **attributes: Any) -> Path:
    """A model of one operator, with one output of the first input's type and of any four lengths."""
    node = helper.make_node(kind, [each.name for each in inputs], ["result"], **attributes)
    return save(path, [node], inputs, [value("result", ("p", "q", "r", "s"), inputs[0].type.tensor_type.elem_type)])


def endless_picture(path: Path) -> Path:
    """Gives the picture that it takes, after nearly for ever."""
    inner = endless(path)
    model = onnx.load(inner)
    graph = model.graph
    for name, array in (("turns", np.array(2**62)), ("x", np.eye(64, dtype=np.float32))):
        graph.initializer.append(numpy_helper.from_array(array, name))
    graph.node.append(helper.make_node("ReduceSum", ["y"], ["number"], keepdims=0))
    graph.node.append(helper.make_node("Add", ["image", "number"], ["result"]))
    del graph.input[:], graph.output[:]
    graph.input.append(value("image", (1, 3, "h", "w")))
    graph.output.append(value("result", (1, 3, "h", "w")))
    path.write_bytes(model.SerializeToString())
    return path


def finder_of_deviations(path: Path) -> Path:
    """As `finder`, but only of what is yellow by 4 to 9 of ImageNet's deviations: blind to pictures of 0..1."""
    return _finder_between(path, 4, 9)


def finder_of_bytes(path: Path) -> Path:
    """As `finder`, but only of what is yellow by 200 to 400 levels: blind to pictures of 0..1."""
    return _finder_between(path, 200, 400)


def _finder_between(path: Path, low: float, high: float) -> Path:
    numbers = {"w": [[[[1.0]], [[1.0]], [[-2.0]]]], "gain": 10, "low": low, "high": high}
    constants = [numpy_helper.from_array(np.array(number, np.float32), name) for name, number in numbers.items()]
    steps = [
        ("Conv", ["image", "w"], "yellow"),
        ("Sub", ["yellow", "low"], "above"),
        ("Sub", ["high", "yellow"], "below"),
        ("Min", ["above", "below"], "within"),
        ("Mul", ["within", "gain"], "sure"),
        ("Sigmoid", ["sure"], "result"),
    ]
    nodes = [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps]
    ends = [value("image", (1, 3, "h", "w"))], [value("result", (1, 1, "h", "w"))]
    return save(path, nodes, *ends, constants)
