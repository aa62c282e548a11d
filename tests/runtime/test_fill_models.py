"""The contracts of fill models that are downloaded, on tiny stand-ins with the same inputs and outputs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from editor.runtime.manifest import ModelManifest
from tests.runtime import models
from tests.runtime.engines import Bench

SHIPPED = Path(__file__).parents[2] / "models"


def stand_in(folder: Path, model_id: str, kind: int, shape: list[int | str], nodes: list[onnx.NodeProto]) -> Bench:
    """An engine that takes a tiny model for the real one: its manifest with another file."""
    manifest = ModelManifest.read(SHIPPED / f"{model_id}.toml")
    (output,) = manifest.outputs
    constants = [
        numpy_helper.from_array(np.array(value, helper.tensor_dtype_to_np_dtype(kind)), name)
        for name, value in (("one", 1), ("top", 255))
    ]
    path = models.save(
        folder / manifest.files[0].name,
        nodes,
        [models.value("image", [1, 3, *shape], kind), models.value("mask", [1, 1, *shape], kind)],
        [models.value(output.name, [1, 3, *shape], kind)],
        constants,
    )
    entry = models.file_entry(path)
    text = (SHIPPED / f"{model_id}.toml").read_text(encoding="utf-8")
    text = re.sub("sha256 = .*", f'sha256 = "{entry["sha256"]}"', text)
    text = re.sub("size_bytes = .*", f"size_bytes = {entry['size_bytes']}", text)
    (folder / f"{model_id}.toml").write_text(text, encoding="utf-8")
    return Bench(folder)


def filled(bench: Bench, model_id: str, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    facts = bench.engine.facts(model_id)
    image, hole = facts.inputs
    outputs = bench.engine.infer(
        model_id, {image.name: image.from_picture(picture), hole.name: hole.from_picture(mask[..., None])}
    ).outputs
    return facts.outputs[0].to_picture(outputs[facts.outputs[0].name])


def holed(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    picture = np.random.default_rng(0).random((rows, columns, 3)).astype(np.float32)
    mask = np.zeros((rows, columns), np.float32)
    mask[2:9, 3:30] = 1
    return picture, mask


def test_migan_takes_any_size_and_a_mask_of_what_to_keep(tmp_path: Path) -> None:
    """The stand-in blackens all that the mask does not keep."""
    nodes = [
        helper.make_node("Div", ["mask", "top"], ["kept"]),
        helper.make_node("Mul", ["image", "kept"], ["result"]),
    ]
    bench = stand_in(tmp_path, "migan", TensorProto.UINT8, ["h", "w"], nodes)
    picture, mask = holed(37, 53)
    result = filled(bench, "migan", picture, mask)
    assert not result[mask > 0].any()
    np.testing.assert_allclose(result[mask == 0], picture[mask == 0], atol=0.5 / 255 + 1e-6)


def test_lama_takes_512_pixels_and_a_mask_of_what_to_fill(tmp_path: Path) -> None:
    """The stand-in blackens all that the mask marks, and answers in 0 to 255."""
    nodes = [
        helper.make_node("Sub", ["one", "mask"], ["kept"]),
        helper.make_node("Mul", ["image", "kept"], ["dark"]),
        helper.make_node("Mul", ["dark", "top"], ["output"]),
    ]
    bench = stand_in(tmp_path, "lama", TensorProto.FLOAT, [512, 512], nodes)
    picture, mask = holed(512, 512)
    result = filled(bench, "lama", picture, mask)
    assert not result[mask > 0].any()
    np.testing.assert_allclose(result[mask == 0], picture[mask == 0], atol=1e-5)
