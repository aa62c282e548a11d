"""Tiny networks for pictures of one size, made on the spot, and the same ones for any."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from editor.core.errors import ModelError
from editor.runtime import onnx as runtime
from editor.runtime.convert.free_size import with_free_size
from editor.runtime.providers import Provider

Array = NDArray[np.float32]
Shape = Sequence[int]

CONSTANTS = {
    "kernel": (4, 3, 3, 3),
    "up": (4, 2, 2, 2),
    "scale": (4,),
    "shift": (4,),
    "mean": (4,),
    "variance": (4,),
    "one size": (1, 4, 4, 4),
    "by channel": (4, 1, 1),
    "unused": (7,),
}


def node(kind: str, *names: str, **attributes: Any) -> onnx.NodeProto:
    """The last of the names is the output."""
    return helper.make_node(kind, names[:-1], names[-1:], **attributes)


HALVED = node("Conv", "picture", "kernel", "halved", strides=[2, 2], pads=[1, 1, 1, 1])
NETWORK = [
    HALVED,
    node("BatchNormalization", "halved", "scale", "shift", "mean", "variance", "even", epsilon=1e-3, momentum=0.9),
    node("Relu", "even", "above"),
    node("Add", "above", "halved", "sum"),
    node("ConvTranspose", "sum", "up", "doubled", strides=[2, 2]),
    node("Sigmoid", "doubled", "map"),
]


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(0.1, 1, shape).astype(np.float32)


def fixed(
    nodes: Sequence[onnx.NodeProto],
    output: str,
    shape: Shape,
    *,
    picture: Shape = (2, 3, 8, 8),
    kind: int = TensorProto.FLOAT,
    ir_version: int = 4,
) -> onnx.ModelProto:
    """A model as PyTorch wrote them in 2019: constants are inputs, too, and the shapes of all tensors are told."""
    constants = [numpy_helper.from_array(random(*shape), name) for name, shape in CONSTANTS.items()]
    inputs = [helper.make_tensor_value_info("picture", kind, picture)]
    inputs += [helper.make_tensor_value_info(each.name, TensorProto.FLOAT, each.dims) for each in constants]
    outputs = [helper.make_tensor_value_info(output, kind, shape)]
    graph = helper.make_graph(nodes, "fixed", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=ir_version)
    return onnx.shape_inference.infer_shapes(model)


def run(model: onnx.ModelProto, picture: Array) -> dict[str, Array]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        path.write_bytes(model.SerializeToString())
        session = runtime.load(path, (Provider.CPU,))
    return session.run({"picture": picture}, lambda: False)


def test_a_picture_of_the_old_size_gives_what_it_gave() -> None:
    old = fixed(NETWORK, "map", (2, 2, 8, 8))
    new = with_free_size(old.SerializeToString())
    pictures = random(2, 3, 8, 8)
    expected = run(old, pictures)["map"]
    for index in range(2):
        np.testing.assert_allclose(run(new, pictures[index : index + 1])["map"][0], expected[index], rtol=0, atol=1e-6)


def test_a_picture_of_another_size_gives_the_same_at_each_place() -> None:
    """A picture that is there four times, far enough apart that none of them is seen from another."""
    new = with_free_size(fixed(NETWORK, "map", (2, 2, 8, 8)).SerializeToString())
    small = np.pad(random(1, 3, 4, 6), ((0, 0), (0, 0), (4, 4), (4, 4)))
    found = run(new, np.tile(small, (1, 1, 2, 2)))["map"]
    assert found.shape == (1, 2, 24, 28)
    inner = run(new, small)["map"][:, :, 2:-2, 2:-2]
    for y in (0, 12):
        for x in (0, 14):
            np.testing.assert_allclose(found[:, :, y + 2 : y + 10, x + 2 : x + 12], inner, rtol=0, atol=1e-6)


@pytest.mark.parametrize("ir_version", [3, 4, 8])
def test_nothing_of_the_old_size_is_left(ir_version: int) -> None:
    old = fixed(NETWORK, "map", (2, 2, 8, 8), ir_version=ir_version)
    assert old.graph.value_info
    new = with_free_size(old.SerializeToString())
    assert not new.graph.value_info
    (taken,), (given,) = new.graph.input, new.graph.output
    for value, name, channels in ((taken, "picture", 3), (given, "map", 2)):
        sides = value.type.tensor_type.shape.dim
        assert value.name == name
        assert [side.dim_value for side in sides] == [1, channels, 0, 0]
        assert len({side.dim_param for side in sides[2:]} - {""}) == 2
    assert "unused" not in {constant.name for constant in new.graph.initializer}
    assert new.ir_version >= 4


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ([node("Reshape", "halved", "one size", "map")], (2, 4, 4, 4)),
        ([node("Flatten", "halved", "map")], (2, 64)),
        ([node("AveragePool", "halved", "map", kernel_shape=[4, 4])], (2, 4, 1, 1)),
        ([node("Relu", "halved", "map")], (2, 4, 4, 4)),
    ],
)
def test_a_layer_that_is_not_known(nodes: list[onnx.NodeProto], shape: Shape) -> None:
    model = fixed([HALVED, *nodes], "map", shape)
    if nodes[0].op_type == "Relu":
        model.graph.node[1].domain = "com.example"
    with pytest.raises(ModelError, match=f"kind '{nodes[0].op_type}' are not supported"):
        with_free_size(model.SerializeToString())


@pytest.mark.parametrize(
    "layer",
    [
        node("Add", "halved", "one size", "map"),
        node("Add", "one size", "halved", "map"),
        node("Add", "halved", "by channel", "map"),
        node("ConvTranspose", "halved", "up", "map", strides=[2, 2], output_shape=[8, 8]),
        node("ConvTranspose", "halved", "halved", "map"),
        node("Conv", "one size", "kernel", "map"),
        node("Relu", "one size", "map"),
        node("Relu", "halved", "map", size=8),
    ],
)
def test_a_layer_that_may_depend_on_the_size(layer: onnx.NodeProto) -> None:
    model = fixed([HALVED, layer], "map", (2, 4, 4, 4))
    with pytest.raises(ModelError, match=f"'{layer.op_type}' may depend on the picture's size"):
        with_free_size(model.SerializeToString())


@pytest.mark.parametrize(
    ("picture", "kind"),
    [((2, 3, 8), TensorProto.FLOAT), ((2, 0, 8, 8), TensorProto.FLOAT), ((2, 3, 8, 8), TensorProto.DOUBLE)],
)
def test_an_input_that_is_no_picture(picture: Shape, kind: int) -> None:
    model = fixed([node("Relu", "picture", "map")], "map", (2, 3, 8, 8), picture=picture, kind=kind)
    with pytest.raises(ModelError, match="'picture' is no picture"):
        with_free_size(model.SerializeToString())


def test_an_output_that_is_no_picture() -> None:
    with pytest.raises(ModelError, match="'map' is no picture"):
        with_free_size(fixed([node("Relu", "picture", "map")], "map", (2, 3, 64)).SerializeToString())


def test_another_number_of_pictures() -> None:
    model = fixed(NETWORK, "map", (2, 2, 8, 8))
    del model.graph.output[:]
    with pytest.raises(ModelError, match="more or less than one picture"):
        with_free_size(model.SerializeToString())
    with pytest.raises(ModelError, match="more or less than one picture"):
        with_free_size(b"")
    two = fixed(NETWORK, "map", (2, 2, 8, 8))
    two.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, (2, 3, 8, 8)))
    with pytest.raises(ModelError, match="more or less than one picture"):
        with_free_size(two.SerializeToString())


def test_a_damaged_file() -> None:
    data = fixed(NETWORK, "map", (2, 2, 8, 8)).SerializeToString()
    for broken in (b"PK\x03\x04", data[:-1], data[: len(data) // 2]):
        with pytest.raises(ModelError, match="damaged"):
            with_free_size(broken)


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ([node("Relu", "nowhere", "map")], (2, 3, 8, 8)),
        ([node("Relu", "picture", "map"), node("Relu", "picture", "map")], (2, 3, 8, 8)),
        ([node("Relu", "picture", "map")], (2, 4, 8, 8)),
    ],
)
def test_layers_that_do_not_fit_each_other(nodes: list[onnx.NodeProto], shape: Shape) -> None:
    model = fixed([node("Relu", "picture", "map")], "map", (2, 3, 8, 8))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = shape[1]
    with pytest.raises(ModelError, match="damaged"):
        with_free_size(model.SerializeToString())


def test_values_that_lie_in_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = fixed(NETWORK, "map", (2, 2, 8, 8))
    constant = model.graph.initializer[0]
    Path("values").write_bytes(constant.raw_data)
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    entry = constant.external_data.add()
    entry.key, entry.value = "location", "values"
    with pytest.raises(ModelError, match="damaged"):
        with_free_size(model.SerializeToString())
