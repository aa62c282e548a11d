from __future__ import annotations

import ctypes.util
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from editor.core.errors import Cancelled, ModelError, OutOfMemory
from editor.runtime import onnx as runtime
from editor.runtime.providers import Provider, mismatch
from editor.runtime.sessions import TensorInfo, Tensors
from tests.runtime import models

CPU = (Provider.CPU,)


def never() -> bool:
    return False


def test_runtime_modules_do_not_import_onnxruntime() -> None:
    code = (
        "import importlib, pkgutil, sys, editor.runtime as room\n"
        "for module in pkgutil.iter_modules(room.__path__): importlib.import_module('editor.runtime.' + module.name)\n"
        "assert 'editor.runtime.onnx' in sys.modules\n"
        "sys.exit(int(any(name.split('.')[0] in ('onnxruntime', 'torch', 'PySide6') for name in sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize("size", [("h", "w"), (24, 40)], ids=["dynamic", "fixed"])
def test_float_model_runs(tmp_path: Path, size: tuple[models.Dim, models.Dim]) -> None:
    session = runtime.load(models.conv_net(tmp_path / "net.onnx", size=size), CPU)
    assert session.providers == (Provider.CPU.value,)
    assert (session.input_names, session.output_names) == (("image",), ("result",))
    result = session.run({"image": models.picture(24, 40)}, never)["result"]
    assert result.shape == (1, 3, 24, 40)
    assert result.dtype == np.float32
    assert result.std() > 0


def test_uint8_nhwc_model_runs(tmp_path: Path) -> None:
    session = runtime.load(models.inverter_u8(tmp_path / "net.onnx"), CPU)
    image = np.random.default_rng(0).integers(0, 256, (1, 5, 7, 3), np.uint8)
    np.testing.assert_array_equal(session.run({"image": image}, never)["result"], 255 - image)


def test_a_session_tells_shapes_and_types(tmp_path: Path) -> None:
    session = runtime.load(models.conv_net(tmp_path / "net.onnx", size=("h", 40)), CPU)
    assert session.inputs == (TensorInfo("image", (1, 3, None, 40), "float32"),)
    assert session.outputs == (TensorInfo("result", (1, 3, None, 40), "float32"),)
    turns, _x = runtime.load(models.endless(tmp_path / "loop.onnx"), CPU).inputs
    assert turns == TensorInfo("turns", (), "int64")


def test_cancel_stops_a_run_in_the_middle_and_leaves_the_session_usable(tmp_path: Path) -> None:
    session = runtime.load(models.endless(tmp_path / "net.onnx"), CPU)
    polled = 0

    def cancel() -> bool:
        nonlocal polled
        polled += 1
        return polled > 3  # not before the run, but soon after it began

    x = np.eye(64, dtype=np.float32)
    with pytest.raises(Cancelled):
        session.run({"turns": np.array(2**62), "x": x}, cancel)  # for ever, if it were not stopped
    again = session.run({"turns": np.array(2), "x": x}, never)["y"]
    np.testing.assert_allclose(again @ again.T, x, atol=1e-4)


def test_a_cancelled_run_does_not_start(tmp_path: Path) -> None:
    session = runtime.load(models.conv_net(tmp_path / "net.onnx"), CPU)
    with pytest.raises(Cancelled):
        session.run({"image": models.picture(8, 8)}, lambda: True)


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    session = runtime.load(models.conv_net(tmp_path / "net.onnx"), CPU)
    before = threading.active_count()
    session.run({"image": models.picture(8, 8)}, never)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"this is no model", b"\x08\x08\x12\x00" * 100],
    ids=["empty", "text", "protobuf of something else"],
)
def test_corrupt_file_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx") as caught:
        runtime.load(path, CPU)
    assert caught.value.__cause__ is not None


def test_truncated_model_is_a_model_error(tmp_path: Path) -> None:
    path = models.conv_net(tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ModelError, match=r"net\.onnx"):
        runtime.load(path, CPU)


def test_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        runtime.load(tmp_path / "gone.onnx", CPU)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"photo": models.picture(8, 8)},
        {"image": models.picture(8, 8)[:, :2]},
        {"image": models.picture(8, 8).astype(np.float64)},
    ],
    ids=["none", "wrong name", "wrong channels", "wrong type"],
)
def test_inputs_that_do_not_fit_are_a_model_error(tmp_path: Path, inputs: Tensors) -> None:
    session = runtime.load(models.conv_net(tmp_path / "net.onnx"), CPU)
    with pytest.raises(ModelError, match=r"net\.onnx"):
        session.run(inputs, never)


def test_running_out_of_memory_is_told_apart(tmp_path: Path) -> None:
    session = runtime.load(models.glutton(tmp_path / "net.onnx"), CPU)
    one = np.ones(1, np.float32)
    with pytest.raises(OutOfMemory):
        session.run({"x": one, "count": np.array([2**46])}, never)
    assert session.run({"x": one, "count": np.array([100])}, never)["sum"] == 100


def test_missing_accelerator_is_seen_in_what_was_obtained(tmp_path: Path) -> None:
    """ONNX Runtime gives a CPU session for CUDA; only the session's providers show it, and nothing is printed."""
    if Provider.CUDA not in runtime.available_providers():
        pytest.skip("this ONNX Runtime was built without CUDA")
    path = models.conv_net(tmp_path / "net.onnx")
    session = runtime.load(path, (Provider.CUDA, Provider.CPU))
    if session.providers[0] == Provider.CUDA:
        pytest.skip("this machine has a working CUDA")
    assert "ONNX Runtime gave CPU" in mismatch(Provider.CUDA, session.providers)
    code = (
        "import pathlib, sys; from editor.runtime import onnx; from editor.runtime.providers import Provider\n"
        "onnx.load(pathlib.Path(sys.argv[1]), (Provider.CUDA, Provider.CPU))"
    )
    root = Path(__file__).parents[2]
    fresh = subprocess.run([sys.executable, "-c", code, path], check=True, cwd=root, capture_output=True)
    assert (fresh.stdout, fresh.stderr) == (b"", b"")


def test_an_accelerator_that_cannot_start_is_not_replaced_in_silence(tmp_path: Path) -> None:
    if Provider.TENSORRT not in runtime.available_providers():
        pytest.skip("this ONNX Runtime was built without TensorRT")
    path = models.conv_net(tmp_path / "net.onnx")
    # On a machine with TensorRT there is nothing to see here; elsewhere the attempt must not become a CPU session.
    if ctypes.util.find_library("nvinfer") is not None:
        pytest.skip("this machine has TensorRT")
    with pytest.raises(ModelError, match="TensorRT could not be started"):
        runtime.load(path, (Provider.TENSORRT, Provider.CPU))
