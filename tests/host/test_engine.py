from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from editor.core.geometry import Rect
from editor.host import engine
from editor.host.jobs import CancelToken
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Result
from tests.helpers.documents import Level, document, method, patch

MANIFEST = """
id = "negative"
title = "Negative"
summary = "Turns a picture into its negative."
authors = ["This test"]
scale = 1
overlap_px = 0
memory_mb_per_mp = 100

[licence]
name = "Apache-2.0"
link = "https://www.apache.org/licenses/LICENSE-2.0"
commercial = true

[[files]]
name = "negative.onnx"
size_bytes = {size}
sha256 = "{sha256}"

[[inputs]]
name = "image"
layout = "NCHW"
dtype = "float32"
range = [0.0, 1.0]
colour = "RGB"

[[outputs]]
name = "result"
layout = "NCHW"
dtype = "float32"
range = [0.0, 1.0]
colour = "RGB"

[size]
multiple_of = 1
minimum = 1
"""


def install(folder: Path) -> str:
    """A model of one subtraction, installed by the user; returns its SHA-256."""
    shape: list[str | int | None] = [1, 3, "height", "width"]
    graph = helper.make_graph(
        [helper.make_node("Sub", ["one", "image"], ["result"])],
        "negative",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, shape)],
        [helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])],
    )
    folder.mkdir(parents=True)
    path = folder / "negative.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "negative.toml").write_text(MANIFEST.format(size=path.stat().st_size, sha256=sha256))
    return sha256


def test_a_method_runs_an_installed_model_and_its_record_names_it(tmp_path: Path) -> None:
    places = Places(*(tmp_path / name for name in ("data", "config", "state", "cache")))
    sha256 = install(places.models)

    def negative(inputs: Inputs, params: Level, ctx: Context) -> Result:
        tensor = np.ascontiguousarray(inputs.image.transpose(2, 0, 1)[None])
        return Result(ctx.infer("negative", {"image": tensor})["result"][0].transpose(1, 2, 0))

    hole = Rect(40, 30, 90, 70)
    state = document(hole=hole)
    runner = Runner(Registry({}), engine.set_up(places, lambda line: None))
    made = patch(runner.run(state, Request(method(negative), Level()), CancelToken(), lambda _part, _text: None))
    np.testing.assert_array_equal(made.pixels.read(hole), 255 - state.read(hole))
    assert made.record.models == {"negative": sha256}
    assert made.record.provider == "CPU"
