from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editor.core.errors import ModelError
from editor.runtime.manifest import ModelManifest, Package, SizeRule
from editor.runtime.selftest import sample_inputs
from editor.sdk.models import TensorSpec
from tests.runtime import models

MASK = {"name": "mask", "layout": "NHWC", "dtype": "uint8", "range": [0, 255], "colour": "mask"}
FACTORS = {"name": "factors", "layout": "plain", "dtype": "float32", "shape": [1, 26]}
NOISE = {"name": "noise", "layout": "NCHW", "dtype": "float32", "colour": "planes", "channels": 19}
GOOD_PACKAGE = {"name": "tiny-net", "version": "1.0", "sha256": "0" * 64, "members": ["tiny/net.onnx"]}
GOOD_FILE = {"name": "net.onnx", "size_bytes": 1, "sha256": "0" * 64}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    return path


def test_every_field_is_read(net: Path) -> None:
    manifest = models.read(
        net,
        paper="https://example.org/paper",
        role="denoise",
        convert="ncnn",
        package={**GOOD_PACKAGE, "platform": "win_amd64"},
        scale=2,
        overlap_px=12,
        size={"multiple_of": 8, "minimum": 64},
        inputs=[{"name": "image", **models.PICTURE}, MASK, FACTORS, NOISE],
    )
    assert (manifest.id, manifest.title, manifest.summary) == ("net", "Net", "For tests.")
    assert (manifest.licence.name, manifest.licence.commercial) == ("Apache-2.0", True)
    assert (manifest.authors, manifest.paper) == (("The tests",), "https://example.org/paper")
    assert (manifest.scale, manifest.overlap_px, manifest.memory_mb_per_mp) == (2, 12, 100)
    assert (manifest.role, manifest.convert) == ("denoise", "ncnn")
    assert manifest.package == Package("tiny-net", "1.0", "0" * 64, ("tiny/net.onnx",), "win_amd64")
    assert manifest.size == SizeRule(multiple_of=8, minimum=64)
    assert manifest.size_bytes == 7
    assert manifest.inputs == (
        TensorSpec("image", "NCHW", "float32", (0, 1), "RGB", 3),
        TensorSpec("mask", "NHWC", "uint8", (0, 255), "mask", 1),
        TensorSpec("factors", "plain", "float32", None, "", 0, (1, 26)),
        TensorSpec("noise", "NCHW", "float32", None, "planes", 19),
    )
    shapes = {name: array.shape for name, array in sample_inputs(manifest).items()}
    assert shapes == {"image": (1, 3, 64, 64), "mask": (1, 64, 64, 1), "factors": (1, 26), "noise": (1, 19, 64, 64)}
    mask = sample_inputs(manifest)["mask"]
    assert mask.dtype == np.uint8
    assert mask.max() > 200


def test_model_that_must_see_all_has_no_overlap(net: Path) -> None:
    assert models.read(net, overlap_px=None, whole=True, size={"fixed": [320, 256]}).overlap_px is None


def test_what_is_not_measured_need_not_be_said_of_a_model_that_must_see_all(net: Path) -> None:
    assert models.read(net, overlap_px=None, whole=True, memory_mb_per_mp=None).memory_mb_per_mp is None
    with pytest.raises(ModelError, match="memory_mb_per_mp is missing"):
        models.read(net, memory_mb_per_mp=None)


def test_hash_of_several_files_depends_on_each(net: Path) -> None:
    both = models.read(net, files=[GOOD_FILE, {**GOOD_FILE, "name": "net.onnx.data", "sha256": "1" * 64}])
    one = models.read(net, files=[GOOD_FILE])
    assert one.sha256 == "0" * 64
    assert both.sha256 not in ("0" * 64, "1" * 64)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title is missing"),
        ({"title": 3}, "title must be a text"),
        ({"title": " "}, "title is empty"),
        ({"id": "Net 1"}, "id must be lower-case"),
        ({"colour": "RGB"}, "colour is not a known field"),
        ({"role": "magic"}, "role must be one of upscale"),
        ({"convert": "caffe"}, "convert must be one of ncnn"),
        ({"files": [GOOD_FILE, GOOD_FILE]}, "files names one file twice"),
        ({"package": {**GOOD_PACKAGE, "platform": "--pre"}}, r"package\.platform must be letters"),
        ({"authors": []}, "authors must be a list of names"),
        ({"scale": 0}, "scale must be at least 1"),
        ({"scale": 1.5}, "scale must be a whole number"),
        ({"overlap_px": True}, "overlap_px must be a whole number"),
        ({"overlap_px": None}, "overlap_px is missing"),
        ({"whole": True}, "overlap_px makes no sense"),
        ({"memory_mb_per_mp": 0}, "memory_mb_per_mp must be above 0"),
        ({"licence": "MIT"}, "licence must be a table"),
        ({"licence": {"name": "MIT", "link": "x", "commercial": "yes"}}, r"licence\.commercial must be true or false"),
        ({"size": {"fixed": [512]}}, r"size\.fixed must be height and width"),
        ({"size": {"fixed": [512, 0]}}, r"size\.fixed must be height and width"),
        ({"size": {"fixed": [16, 16]}}, "overlap_px must leave 16 px"),
        ({"size": {"multiple": 8}}, r"size\.multiple is not a known field"),
        ({"files": []}, "files must be a list of tables"),
        ({"files": [{**GOOD_FILE, "sha256": "0" * 63}]}, r"files\[0\]\.sha256 must be 64"),
        ({"url": "http://example.org/net.onnx"}, r"url must begin with https"),
        ({"package": {**GOOD_PACKAGE, "name": "--index-url"}}, r"package\.name must be letters"),
        ({"package": {**GOOD_PACKAGE, "version": "1 x"}}, r"package\.version must be letters"),
        ({"package": {**GOOD_PACKAGE, "sha256": "0" * 63}}, r"package\.sha256 must be 64"),
        (
            {"package": GOOD_PACKAGE, "files": [GOOD_FILE, {**GOOD_FILE, "name": "b"}]},
            "gives 1 files, but there are 2",
        ),
        ({"files": [{**GOOD_FILE, "name": "../net.onnx"}]}, r"files\[0\]\.name must be a file name"),
        ({"files": [{**GOOD_FILE, "name": "a\\net.onnx"}]}, r"files\[0\]\.name must be a file name"),
        ({"files": [{**GOOD_FILE, "name": "/net.onnx"}]}, r"files\[0\]\.name must be a file name"),
        ({"files": [{**GOOD_FILE, "name": ".."}]}, r"files\[0\]\.name must be a file name"),
        ({"inputs": [{"name": "image", **models.PICTURE}, {**MASK, "layout": "HWC"}]}, r"inputs\[1\]\.layout must be"),
        ({"inputs": [{**MASK, "dtype": "float"}]}, r"inputs\[0\]\.dtype must be one of"),
        ({"inputs": [{**MASK, "range": [1, 0]}]}, r"inputs\[0\]\.range must be a lower and a higher"),
        ({"inputs": [{**MASK, "colour": "CMYK"}]}, r"inputs\[0\]\.colour must be one of"),
        ({"inputs": [{**MASK, "channels": 3}]}, r"inputs\[0\]\.channels is not a known field"),
        ({"inputs": [{**MASK, "mean": [0.5]}]}, r"inputs\[0\]\.deviation is missing"),
        (
            {"inputs": [{**MASK, "mean": [0, 0], "deviation": [1]}]},
            r"inputs\[0\]\.mean must have a number for each of 1",
        ),
        ({"inputs": [{**MASK, "mean": [0], "deviation": [0]}]}, r"inputs\[0\]\.deviation must be above 0"),
        ({"inputs": [MASK, MASK]}, "inputs names one tensor twice"),
        ({"outputs": [{**MASK, "step": 2}]}, "outputs with a step need whole"),
        ({"outputs": [FACTORS]}, "overlap_px is for models from pictures to pictures"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(net: Path, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ModelError, match=field) as caught:
        models.read(net, **changes)
    assert str(net.with_suffix(".toml")) in str(caught.value)


@pytest.mark.parametrize("content", [b"id = ", b"\xff\xfe\x00"], ids=["no TOML", "no text"])
def test_what_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.toml is not valid TOML"):
        ModelManifest.read(path)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        ModelManifest.read(tmp_path / "net.toml")
