"""Broken and malicious files: each ends in one clear line, before anything runs it, and installs nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from editor.core.errors import ModelError, UnknownModelError
from editor.runtime import onnx as runtime
from editor.runtime import userfile
from editor.runtime.library import ModelLibrary
from editor.runtime.store import ModelStore
from tests.runtime import models

PICTURE = (1, 3, "h", "w")


def library(tmp_path: Path) -> ModelLibrary:
    """A library that knows one model, `known.onnx` in `tmp_path`."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    known = models.conv_net(tmp_path / "known.onnx")
    models.describe(known).rename(shipped / "known.toml")
    return ModelLibrary(ModelStore([shipped, tmp_path / "user"]), tmp_path / "user")


def weightless(path: Path) -> onnx.ModelProto:
    return onnx.load(models.conv_net(path))


def truncated(path: Path) -> None:
    path.write_bytes(models.conv_net(path).read_bytes()[:-300])


def renamed(path: Path) -> None:
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(1000) + b"\xff\xd9")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**31)  # of zeros that take no space


def external(location: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        model = weightless(path)
        tensor = model.graph.initializer[0]
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        tensor.ClearField("raw_data")
        path.write_bytes(model.SerializeToString())

    return write


def external_in_a_subgraph(path: Path) -> None:
    model = onnx.load(models.endless(path))
    (body,) = [attribute.g for node in model.graph.node for attribute in node.attribute if attribute.name == "body"]
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "far")
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value="/etc/hostname")
    tensor.data_location = TensorProto.EXTERNAL
    body.initializer.append(tensor)
    path.write_bytes(model.SerializeToString())


def external_in_a_constant(path: Path) -> None:
    model = weightless(path)
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "far")
    tensor.external_data.add(key="location", value="../far.bin")
    model.graph.node.insert(0, helper.make_node("Constant", [], ["far"], value=tensor))
    path.write_bytes(model.SerializeToString())


def foreign_operator(path: Path) -> None:
    model = weightless(path)
    model.graph.node[0].domain = "evil.example"
    path.write_bytes(model.SerializeToString())


def foreign_operator_in_a_subgraph(path: Path) -> None:
    model = onnx.load(models.endless(path))
    (loop,) = model.graph.node
    (body,) = [attribute for attribute in loop.attribute if attribute.type == AttributeProto.GRAPH]
    body.g.node[0].domain = "evil.example"
    path.write_bytes(model.SerializeToString())


def compiled(path: Path) -> None:
    model = weightless(path)
    model.graph.node.append(
        helper.make_node("EPContext", ["image"], ["x"], domain="com.microsoft", ep_cache_context="/tmp/engine")
    )
    path.write_bytes(model.SerializeToString())


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb()))


def torch_archive(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))


class Bomb:
    """Fails the test if it is ever unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return pytest.fail, ("it was unpickled",)


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (truncated, "no ONNX model either, or it is damaged"),
    "a renamed photo": (renamed, "no ONNX model either, or it is damaged"),
    "empty": (empty, "it is empty"),
    "a folder": (folder, "it is no file"),
    "huge": (huge, "2.1 GB it is larger than any model"),
    "weights outside the folder": (external("../../secret.bin"), "its weights are in other files"),
    "weights at an absolute path": (external("/etc/passwd"), "its weights are in other files"),
    "weights beside it": (external("weights.bin"), "its weights are in other files"),
    "weights in the program's memory": (external("*/_ORT_MEM_ADDR_/*"), "its weights are in other files"),
    "weights elsewhere, in a subgraph": (external_in_a_subgraph, "its weights are in other files"),
    "weights elsewhere, in a constant": (external_in_a_constant, "its weights are in other files"),
    "a custom operator": (foreign_operator, r"needs the operator evil\.example\.Conv"),
    "a custom operator in a subgraph": (foreign_operator_in_a_subgraph, r"needs the operator evil\.example\.MatMul"),
    "a compiled engine": (compiled, "compiled for one accelerator"),
    "pickled": (pickled, r"Python objects \(pickle\)"),
    "weights of torch": (torch_archive, r"Python objects \(pickle\)"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_of_a_hostile_file_is_run_or_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    write, reason = HOSTILE[kind]
    path = tmp_path / "net.onnx"
    write(path)
    models_here = library(tmp_path)

    def load(*arguments: object, **options: object) -> None:
        pytest.fail("ONNX Runtime opened it")

    monkeypatch.setattr(runtime, "load", load)
    for install in (models_here.install, lambda file: models_here.adopt(file, "denoise")):
        with pytest.raises(ModelError, match=reason) as caught:
            install(path)
        assert not isinstance(caught.value, UnknownModelError)
        assert "\n" not in str(caught.value)
        assert list((tmp_path / "user").glob("*")) == []


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge(tmp_path / "net.onnx")
    monkeypatch.setattr(Path, "open", lambda *arguments, **options: pytest.fail("it was opened"))
    with pytest.raises(ModelError, match="larger"):
        userfile.check(tmp_path / "net.onnx")


def test_a_known_model_that_was_tampered_with_is_found_out(tmp_path: Path) -> None:
    models_here = library(tmp_path)
    path = tmp_path / "known.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for install in (models_here.install, lambda file: models_here.adopt(file, "denoise")):
        with pytest.raises(ModelError, match="not its content: it is damaged or was changed"):
            install(path)
        assert list((tmp_path / "user").glob("*")) == []


def test_weights_of_torch_are_known_by_their_name_too(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(b"of an old kind")
    with pytest.raises(ModelError, match="pickle"):
        userfile.check(tmp_path / "net.pth")


def test_operators_that_the_model_defines_itself_are_none_of_anybody_else(tmp_path: Path) -> None:
    function = helper.make_function(
        "mine", "Double", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], [helper.make_opsetid("", 17)]
    )
    graph = helper.make_graph(
        [helper.make_node("Double", ["image"], ["result"], domain="mine")],
        "tiny",
        [models.value("image", PICTURE)],
        [models.value("result", PICTURE)],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    model = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=8)
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    userfile.check(path)
    model.functions[0].node[0].domain = "evil.example"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"evil\.example\.Add"):
        userfile.check(path)
