"""Models of other formats: converted once, checked against numbers of the original, never used damaged."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editor.core.errors import ModelError
from editor.runtime import convert
from editor.runtime.converted import check, spread
from editor.runtime.library import Availability, ModelLibrary
from editor.runtime.selftest import sample_inputs
from editor.runtime.store import ModelStore
from tests.runtime import models

# Twice the picture, as a network of ncnn: one convolution of 1 x 1.
PARAM = b"7767517\n2 2\nInput in 0 1 image 2=3\nConvolution twice 1 1 image result 0=3 1=1 6=9\n"
WEIGHTS = bytes(4) + (2 * np.eye(3, dtype="<f4")).tobytes()


def library(tmp_path: Path, **changes: Any) -> ModelLibrary:
    """A library that knows one model of two files, which lie in `tmp_path` and are not installed."""
    (tmp_path / "shipped").mkdir()
    files = []
    for name, content in (("net.param", PARAM), ("net.bin", WEIGHTS)):
        (tmp_path / name).write_bytes(content)
        files.append(models.file_entry(tmp_path / name))
    values: dict[str, Any] = {"convert": "ncnn", "files": files, "overlap_px": 0}
    described = models.describe(tmp_path / "net.param", **values | changes)
    described.rename(tmp_path / "shipped" / "net.toml")
    return ModelLibrary(ModelStore([tmp_path / "shipped", tmp_path / "user"], tmp_path / "cache"), tmp_path / "user")


def output(reference: list[float]) -> list[dict[str, Any]]:
    return [{"name": "result", **models.PICTURE, "reference": reference}]


def expected(models_here: ModelLibrary) -> list[float]:
    (picture,) = sample_inputs(models_here.store.manifest("net")).values()
    return [round(2 * float(value), 4) for value in spread(picture, 5)]


def install(models_here: ModelLibrary, tmp_path: Path) -> Path:
    for name in ("net.param", "net.bin"):
        models_here.install(tmp_path / name)
    return models_here.store.locate("net")


def test_a_model_of_two_files_is_installed_by_the_second_and_converted_once(tmp_path: Path) -> None:
    models_here = library(tmp_path)
    models_here.install(tmp_path / "net.bin")
    assert models_here.availability("net") is Availability.NEEDS_FILE
    models_here.install(tmp_path / "net.param")
    assert models_here.availability("net") is Availability.INSTALLED
    (made,) = (tmp_path / "cache").iterdir()
    written = made.stat().st_mtime_ns
    assert models_here.store.locate("net") == made
    assert made.stat().st_mtime_ns == written


def test_a_converted_model_that_gives_the_originals_numbers_is_used(tmp_path: Path) -> None:
    probe = library(tmp_path)
    numbers = expected(probe)
    (tmp_path / "again").mkdir()
    install(library(tmp_path / "again", outputs=output(numbers)), tmp_path / "again")


def test_a_converted_model_that_gives_other_numbers_is_not_installed(tmp_path: Path) -> None:
    probe = library(tmp_path)
    numbers = expected(probe)
    numbers[2] += 0.05
    (tmp_path / "again").mkdir()
    wrong = library(tmp_path / "again", outputs=output(numbers))
    with pytest.raises(ModelError, match="other pictures than the original"):
        install(wrong, tmp_path / "again")
    assert list((tmp_path / "again" / "cache").iterdir()) == []
    assert list((tmp_path / "again" / "user").iterdir()) == []


def test_a_damaged_converted_model_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    models_here = library(tmp_path)
    made = install(models_here, tmp_path)
    content = made.read_bytes()
    made.write_bytes(content[:-20])
    with caplog.at_level(logging.ERROR):
        again = models_here.store.locate("net")
    assert again.read_bytes() == content


def test_what_was_converted_goes_with_the_model(tmp_path: Path) -> None:
    models_here = library(tmp_path)
    install(models_here, tmp_path)
    models_here.remove("net")
    assert list((tmp_path / "cache").iterdir()) == []


def test_files_that_cannot_be_converted_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models_here = library(tmp_path)

    def broken(kind: str, files: object) -> bytes:
        raise ModelError("The model cannot be converted: line 3 is damaged.")

    monkeypatch.setattr(convert, "to_onnx", broken)
    with pytest.raises(ModelError, match="cannot be converted"):
        install(models_here, tmp_path)
    assert list((tmp_path / "user").iterdir()) == []


def test_files_of_another_kind_are_an_error_for_the_user() -> None:
    with pytest.raises(ModelError, match="not those of ncnn"):
        convert.to_onnx("ncnn", [PARAM])
    with pytest.raises(ModelError, match="not those of ncnn"):
        convert.to_onnx("ncnn", [b"\xff\xfe", b""])


def test_outputs_that_are_not_in_the_manifest_are_found_out(tmp_path: Path) -> None:
    net = models.conv_net(tmp_path / "net.onnx")
    manifest = models.read(net, outputs=[{"name": "other", **models.PICTURE}])
    with pytest.raises(ModelError, match="does not match its description"):
        check(manifest, net)
