"""With a small network of convolutions in the engine, cut into tiles and bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from editor.sdk.testing import FakeContext
from plugins.upscale import method, network
from tests.imaging.pictures import F32, textured
from tests.plugins.upscale.stand_ins import start, whole
from tests.runtime import models
from tests.runtime.engines import Bench

LAYERS = 3


def _doubler(path: Path) -> Path:
    """3 x 3 convolutions, then four channels of each colour become 2 x 2 pixels."""
    nodes, constants, last = [], [], "image"
    for i, (before, after) in enumerate([(3, 8), (8, 8), (8, 12)]):
        constants.append(models.weights((after, before, 3, 3), f"w{i}", i))
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
    nodes.append(helper.make_node("DepthToSpace", [last], ["result"], blocksize=2, mode="CRD"))
    inputs = [models.value("image", (1, 3, "h", "w"))]
    return models.save(path, nodes, inputs, [models.value("result", (1, 3, "hh", "ww"))], constants)


def _run(bench: Bench, image: F32, alpha: F32 | None, scale: float) -> tuple[F32, F32 | None]:
    known = bench.engine.facts("net")
    context = FakeContext(5, 2, infer=lambda model, inputs: bench.engine.infer(model, inputs).outputs, models=[known])
    return whole(start(context, image, alpha, scale=scale))


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.37, 2.0, 3.3])
def test_strips_are_the_whole_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: float, transparent: bool
) -> None:
    models.describe(_doubler(tmp_path / "net.onnx"), scale=2, overlap_px=LAYERS)
    image, alpha = textured(301, 173), None
    if transparent:
        alpha = np.clip(textured(301, 173, seed=1)[..., 0] * 4 - 1, 0, 1)
    expected, shown = _run(Bench(tmp_path), image, alpha, scale)
    monkeypatch.setattr(method, "_BAND_BYTES", 0)
    for module in (method, network):
        monkeypatch.setattr(module, "_PIECE_PX", 3000)
    result, shown_in_strips = _run(Bench(tmp_path, budget_mb=100e-6 * 70**2), image, alpha, scale)
    np.testing.assert_array_equal(result, expected)
    if transparent:
        assert shown is not None
        np.testing.assert_array_equal(shown_in_strips, shown)
