"""What an unknown model is, as its runs on small pictures show it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from editor.core.errors import Cancelled, ModelError
from editor.runtime.manifest import SizeRule
from editor.runtime.probe import Finding, memory, probe
from tests.runtime import models

PICTURE = (1, 3, "h", "w")


@pytest.mark.parametrize("block", [1, 2, 4, 8, 16, 32, 64])
def test_multiples_of_the_side_are_told_apart(tmp_path: Path, block: int) -> None:
    finding = probe(models.pooled(tmp_path / "net.onnx", block))
    assert finding.size == SizeRule(multiple_of=block, minimum=block)


def test_the_smallest_side_is_found(tmp_path: Path) -> None:
    picture = models.value("image", PICTURE)
    path = models.one_step(tmp_path / "net.onnx", "AveragePool", picture, kernel_shape=[21, 21])
    model = onnx.load(path)
    model.graph.node[0].output[0] = "inner"
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 0, 10, 10, 0, 0, 10, 10]), "border"))
    model.graph.node.append(helper.make_node("Pad", ["inner", "border"], ["result"], mode="edge"))
    path.write_bytes(model.SerializeToString())
    assert probe(path).size == SizeRule(multiple_of=1, minimum=32)


def test_a_fixed_size_is_taken_from_the_model(tmp_path: Path) -> None:
    finding = probe(models.spread(tmp_path / "net.onnx", (4, 6), size=(96, 112)))
    assert finding.size == SizeRule(fixed=(96, 112))
    assert finding.overlap_px == 6


def test_a_fixed_size_that_the_model_does_not_tell_is_found(tmp_path: Path) -> None:
    shape = numpy_helper.from_array(np.array([1, 3, 320, 320]), "shape")
    node = helper.make_node("Reshape", ["image", "shape"], ["result"])
    ends = [models.value("image", PICTURE)], [models.value("result", PICTURE)]
    assert probe(models.save(tmp_path / "net.onnx", [node], *ends, [shape])).size == SizeRule(fixed=(320, 320))


def test_an_enlarger_in_the_other_layout(tmp_path: Path) -> None:
    finding = probe(models.doubler_nhwc(tmp_path / "net.onnx"))
    (output,) = finding.outputs
    assert (output.scale, output.spec.layout, finding.inputs.picture.layout) == (2, "NHWC", "NHWC")
    assert finding.inputs.picture.colour == output.spec.colour == "RGB"


def test_a_layout_that_the_model_leaves_open_is_found_by_running(tmp_path: Path) -> None:
    """Three weights for the channels fit the last axis only."""
    path = models.inverter_u8(tmp_path / "net.onnx")
    weights = numpy_helper.from_array(np.array([0.9, 1, 1], np.float32), "w")
    node = helper.make_node("Mul", ["image", "w"], ["result"])
    ends = models.value("image", ["a", "b", "c", "d"]), models.value("result", ["a", "b", "c", "d"])
    models.save(path, [node], [ends[0]], [ends[1]], [weights])
    assert probe(path).inputs.picture.layout == "NHWC"


def test_bytes_are_taken_and_given_as_they_are(tmp_path: Path) -> None:
    finding = probe(models.inverter_u8(tmp_path / "net.onnx"))
    for spec in (finding.inputs.picture, finding.outputs[0].spec):
        assert (spec.dtype, spec.range) == ("uint8", (0, 255))


def test_half_floats_are_taken(tmp_path: Path) -> None:
    kind = TensorProto.FLOAT16
    node = helper.make_node("Abs", ["image"], ["result"])
    ends = [models.value("image", PICTURE, kind)], [models.value("result", PICTURE, kind)]
    finding = probe(models.save(tmp_path / "net.onnx", [node], *ends))
    assert (finding.inputs.picture.dtype, finding.outputs[0].spec.dtype) == ("float16", "float16")


RANGES = [(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)]


@pytest.mark.parametrize("given", RANGES)
@pytest.mark.parametrize("taken", RANGES)
def test_ranges_are_those_in_which_the_picture_stays_alike(
    tmp_path: Path, taken: tuple[float, float], given: tuple[float, float]
) -> None:
    finding = probe(models.ranged(tmp_path / "net.onnx", taken, given))
    assert (finding.inputs.picture.range, finding.outputs[0].spec.range) == (taken, given)


@pytest.mark.parametrize("reach", [(1, 1), (3, 1), (1, 20), (20, 1), (1, 150)])
def test_the_overlap_is_how_far_the_model_looks(tmp_path: Path, reach: tuple[int, int]) -> None:
    assert probe(models.spread(tmp_path / "net.onnx", reach)).overlap_px == max(reach)


def test_what_depends_on_the_mean_of_all_must_see_the_whole(tmp_path: Path) -> None:
    picture = models.value("image", PICTURE)
    path = models.one_step(tmp_path / "net.onnx", "GlobalAveragePool", picture)
    model = onnx.load(path)
    model.graph.node[0].output[0] = "mean"
    model.graph.node.append(helper.make_node("Sub", ["image", "mean"], ["result"]))
    path.write_bytes(model.SerializeToString())
    assert probe(path).overlap_px is None


def test_what_looks_farther_than_its_fixed_tile_allows_must_see_the_whole(tmp_path: Path) -> None:
    assert probe(models.spread(tmp_path / "net.onnx", (1, 30), size=(64, 128))).overlap_px is None


@pytest.mark.parametrize("keep", [False, True])
def test_a_mask_is_recognised_and_which_way_round_it_is(tmp_path: Path, keep: bool) -> None:
    finding = probe(models.filler(tmp_path / "net.onnx", keep=keep))
    assert finding.inputs.mask is not None
    assert (finding.inputs.picture.name, finding.inputs.mask.name) == ("image", "mask")
    assert finding.inputs.mask.colour == ("keep" if keep else "mask")
    assert finding.overlap_px is None


def test_what_is_found_in_a_picture_has_the_range_that_it_shows(tmp_path: Path) -> None:
    (output,) = probe(models.finder(tmp_path / "net.onnx")).outputs
    assert (output.spec.channels, output.spec.range, output.resemblance) == (1, (0, 1), None)
    (output,) = probe(models.finder(tmp_path / "logits.onnx", logits=True)).outputs
    assert output.spec.range is not None
    assert output.spec.range[0] < -1
    assert output.spec.range[1] > 10


def test_a_finder_gets_deviations_from_the_mean_unless_it_wants_something_else(tmp_path: Path) -> None:
    picture = probe(models.finder_of_deviations(tmp_path / "net.onnx")).inputs.picture
    assert picture.mean == (0.485, 0.456, 0.406)
    assert picture.deviation == (0.229, 0.224, 0.225)
    plain = probe(models.finder_of_bytes(tmp_path / "other.onnx")).inputs.picture
    assert (plain.mean, plain.range) == ((), (0, 255))


def test_a_model_that_takes_any_range_gets_the_usual_one(tmp_path: Path) -> None:
    finding = probe(models.spread(tmp_path / "net.onnx"))
    assert (finding.inputs.picture.range, finding.outputs[0].spec.range) == ((0, 1), (0, 1))


def wide(tmp_path: Path) -> Finding:
    """Of a model that holds 64 channels at once: 256 bytes a pixel, and again for the next layer."""
    return probe(models.conv_net(tmp_path / "net.onnx", layers=4, width=64))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_memory_is_measured(tmp_path: Path) -> None:
    measured = wide(tmp_path).memory_mb_per_mp
    assert measured is not None
    assert 256 < measured < 2560


def test_memory_is_not_made_up_where_nobody_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_RESET", tmp_path / "missing" / "clear_refs")
    assert wide(tmp_path).memory_mb_per_mp is None


REFUSED = {
    "takes 3 pictures": ("Sum", [models.value(name, PICTURE) for name in "abc"]),
    "takes 2 pictures": ("Sum", [models.value(name, PICTURE) for name in "ab"]),
    "takes 10 pictures at once": ("Abs", [models.value("a", (10, 3, 32, 32))]),
    "neither 1 nor 3 channels: its shape is 1 x 4 x ": ("Abs", [models.value("a", (1, 4, "h", "w"))]),
    "w is no picture: it has the shape 26": ("Max", [models.value("a", (1, 3, 26, 26)), models.value("w", (26,))]),
    "a is of the type float64": ("Abs", [models.value("a", PICTURE, TensorProto.DOUBLE)]),
    "no mask of the picture's size": ("Sum", [models.value("a", (1, 3, 64, 64)), models.value("b", (1, 1, 1, 1))]),
    "what it gives is no picture": ("GlobalAveragePool", [models.value("a", PICTURE)]),
    "did not run on pictures of any usual size": (
        "MatMul",
        [models.value("a", PICTURE), models.value("b", (1, 1, 7, 9))],
    ),
    "gives values that are no numbers": ("Log", [models.value("a", PICTURE)]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_not_understood_is_said_in_a_line(tmp_path: Path, reason: str) -> None:
    kind, inputs = REFUSED[reason]
    path = models.one_step(tmp_path / "net.onnx", kind, *inputs)
    if kind == "Log":
        model = onnx.load(path)
        model.graph.initializer.append(numpy_helper.from_array(np.array(-300, np.float32), "shift"))
        model.graph.node[0].input[0] = "negative"
        model.graph.node.insert(0, helper.make_node("Add", ["a", "shift"], ["negative"]))
        path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=reason) as caught:
        probe(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("net.onnx can't be used as a model: ")


def test_a_model_that_never_ends_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="takes too long"):
        probe(models.endless_picture(tmp_path / "net.onnx"), limit_s=0.1)


def test_a_probe_can_be_cancelled(tmp_path: Path) -> None:
    polled = 0

    def cancel() -> bool:
        nonlocal polled
        polled += 1
        return polled > 3

    with pytest.raises(Cancelled):
        probe(models.endless_picture(tmp_path / "net.onnx"), cancel=cancel)


def test_progress_goes_from_start_to_end(tmp_path: Path) -> None:
    shares: list[float] = []
    probe(models.conv_net(tmp_path / "net.onnx"), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
