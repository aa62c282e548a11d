"""The speed of a model: what is counted, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editor.core.errors import Cancelled
from editor.host.speed import Speed, Speeds, measure
from editor.runtime.infer import Inference
from editor.runtime.manifest import ModelManifest
from editor.runtime.sessions import Tensors
from tests.runtime import models


class Counting:
    """An engine that takes half a second of its own clock for a run."""

    def __init__(self) -> None:
        self.runs = 0
        self.shape: tuple[int, ...] = ()

    def infer(self, model_id: str, inputs: Tensors, *, cancel: Callable[[], bool]) -> Inference:
        assert model_id == "net"
        if cancel():
            raise Cancelled
        self.runs += 1
        self.shape = inputs["image"].shape
        return Inference({"result": np.zeros(1)}, "CPU", "")

    def clock(self) -> float:
        return self.runs / 2


def manifest(tmp_path: Path, **changes: Any) -> ModelManifest:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    return models.read(path, **changes)


@pytest.mark.parametrize(
    ("changes", "shape", "rate", "megapixels"),
    [
        ({}, (1, 3, 256, 256), 2 * 256 * 256 / 1e6, True),
        ({"size": {"multiple_of": 100}}, (1, 3, 300, 300), 2 * 0.09, True),
        ({"size": {"fixed": [128, 64]}}, (1, 3, 128, 64), 2 * 128 * 64 / 1e6, True),
        ({"size": {"fixed": [320, 320]}, "whole": True, "overlap_px": None}, (1, 3, 320, 320), 2, False),
    ],
)
def test_pixels_count_but_for_models_that_see_every_photo_at_one_size(
    tmp_path: Path, changes: dict[str, Any], shape: tuple[int, ...], rate: float, megapixels: bool
) -> None:
    engine = Counting()
    speed = measure(engine, manifest(tmp_path, **changes), lambda: False, engine.clock)
    assert engine.shape == shape
    assert speed.rate == pytest.approx(rate)
    assert speed.megapixels is megapixels
    assert engine.runs == 3, "the first run only loads the model"


def test_measuring_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    engine = Counting()
    answers: Iterator[bool] = iter((False, True))
    with pytest.raises(Cancelled):
        measure(engine, manifest(tmp_path), lambda: next(answers), engine.clock)
    assert engine.runs == 1


def test_what_was_measured_last_is_remembered_for_these_files(tmp_path: Path) -> None:
    net, path = manifest(tmp_path), tmp_path / "cache" / "speed.json"
    speeds = Speeds(path)
    assert speeds.get(net) is None
    for speed in (Speed(0.8, True, "CPU"), Speed(25.3, True, "CUDA"), Speed(0.7, True, "CPU")):
        speeds.put(net, speed)
    assert str(Speeds(path).get(net)) == "0.7 MP/s on CPU"
    (tmp_path / "net.onnx").write_bytes(b"other weights")
    assert Speeds(path).get(models.read(tmp_path / "net.onnx")) is None


def test_speeds_that_can_not_be_read_are_measured_anew(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    path.write_text('{"x": {"rate": "fast"}}')
    assert Speeds(path).get(manifest(tmp_path)) is None


@pytest.mark.parametrize(
    ("rate", "megapixels", "text"),
    [
        (0.0123, True, "0.012 MP/s on CPU"),
        (2.06, True, "2.1 MP/s on CPU"),
        (123.4, False, "123 runs/s on CPU"),
        (0.27, False, "3.7 s a run on CPU"),
    ],
)
def test_two_digits_are_shown(rate: float, megapixels: bool, text: str) -> None:
    assert str(Speed(rate, megapixels, "CPU")) == text
