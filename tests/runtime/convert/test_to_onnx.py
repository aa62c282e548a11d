"""That each kind of files finds its converter, and that other files are an error for the user."""

from __future__ import annotations

import onnx
import pytest

from editor.core.errors import ModelError
from editor.runtime.convert import to_onnx
from editor.runtime.manifest import CONVERTERS
from tests.runtime.convert import test_free_size as free_size
from tests.runtime.convert.openvino_nets import chain


@pytest.mark.parametrize("kind", CONVERTERS)
@pytest.mark.parametrize("files", [[], [b"", b"", b""], [b"\xff\xfe", b""]])
def test_files_of_another_kind(kind: str, files: list[bytes]) -> None:
    with pytest.raises(ModelError, match=f"not those of {kind}"):
        to_onnx(kind, files)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_damaged_files(kind: str) -> None:
    count = 2 if kind in ("ncnn", "openvino") else 1
    with pytest.raises(ModelError):
        to_onnx(kind, [b"nothing of this kind"] * count)


def test_openvino() -> None:
    net = chain()
    model = onnx.load_model_from_string(to_onnx("openvino", [net.xml.encode(), net.weights]))
    assert [value.name for value in model.graph.output] == ["output"]


def test_free_size() -> None:
    model = free_size.fixed(free_size.NETWORK, "map", (2, 2, 8, 8)).SerializeToString()
    freed = onnx.load_model_from_string(to_onnx("free_size", [model]))
    assert freed.graph.input[0].type.tensor_type.shape.dim[2].dim_param
