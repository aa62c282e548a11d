"""Models run on pictures of any size, in tiles that cannot be seen, and only on what fits them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.errors import Cancelled, ModelError
from editor.runtime import onnx as runtime
from editor.runtime.providers import Provider
from editor.runtime.sessions import Tensors
from editor.runtime.tiled import check_session
from tests.runtime import models
from tests.runtime.engines import CPU, Bench, Devices, negative, stub


@pytest.mark.parametrize("layers", [1, 4])
def test_tiled_is_untiled_bit_for_bit_when_the_overlap_covers_the_receptive_field(tmp_path: Path, layers: int) -> None:
    path = models.conv_net(tmp_path / "net.onnx", layers=layers)
    models.describe(path, overlap_px=layers)
    image = models.picture(301, 457)
    whole = Bench(tmp_path).image("net", image)
    progress: list[float] = []
    tiles = Bench(tmp_path, budget_mb=100e-6 * 90**2).engine.infer("net", {"image": image}, progress=progress.append)
    assert len(progress) > 20
    assert progress == sorted(progress)
    assert progress[-1] == 1
    np.testing.assert_array_equal(tiles.outputs["result"], whole)
    np.testing.assert_array_equal(
        whole, runtime.load(path, CPU.providers).run({"image": image}, lambda: False)["result"]
    )


def test_too_small_an_overlap_is_not_exact(tmp_path: Path) -> None:
    """The counterpart: the test above would notice missing context."""
    models.describe(models.conv_net(tmp_path / "net.onnx", layers=12), overlap_px=1)
    image = models.picture(301, 457)
    whole = Bench(tmp_path).image("net", image)
    tiles = Bench(tmp_path, budget_mb=100e-6 * 90**2).image("net", image)
    assert (tiles != whole).any()
    assert np.abs(tiles - whole).max() < 0.5


def test_tiles_stay_on_the_grid_of_a_strided_model(tmp_path: Path) -> None:
    models.describe(models.pooled(tmp_path / "net.onnx"), overlap_px=3, size={"multiple_of": 8, "minimum": 16})
    image = models.picture(205, 333)
    whole = Bench(tmp_path).image("net", image)
    assert whole.shape == image.shape
    np.testing.assert_allclose(whole[0, :, 8, 8], image[0, :, 8:16, 8:16].mean((1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(Bench(tmp_path, budget_mb=100e-6 * 80**2).image("net", image), whole)


@pytest.mark.parametrize("size", [(30, 50), (64, 64), (200, 70), (1, 1)])
def test_fixed_size_model_takes_any_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    fixed = models.conv_net(tmp_path / "fixed.onnx", layers=2, size=(64, 64))
    models.describe(fixed, overlap_px=2, size={"fixed": [64, 64]})
    models.describe(models.conv_net(tmp_path / "free.onnx", layers=2), overlap_px=2)
    image = models.picture(*size)
    padded = np.pad(image, [(0, 0), (0, 0), (0, max(0, 64 - size[0])), (0, max(0, 64 - size[1]))], mode="reflect")
    bench = Bench(tmp_path)
    expected = bench.image("free", padded)[:, :, : size[0], : size[1]]
    np.testing.assert_array_equal(bench.image("fixed", image), expected)


def test_upscaling_nhwc_model(tmp_path: Path) -> None:
    tensor = {**models.PICTURE, "layout": "NHWC"}
    models.describe(
        models.doubler_nhwc(tmp_path / "net.onnx"),
        scale=2,
        inputs=[{"name": "image", **tensor}],
        outputs=[{"name": "result", **tensor}],
    )
    image = np.ascontiguousarray(models.picture(150, 211).transpose(0, 2, 3, 1))
    result = Bench(tmp_path, budget_mb=100e-6 * 70**2).image("net", image)
    np.testing.assert_array_equal(result, image.repeat(2, axis=1).repeat(2, axis=2))


def test_uint8_model_is_tiled_without_rounding_errors(tmp_path: Path) -> None:
    tensor = {"layout": "NHWC", "dtype": "uint8", "range": [0, 255], "colour": "BGR"}
    models.describe(
        models.inverter_u8(tmp_path / "net.onnx"),
        inputs=[{"name": "image", **tensor}],
        outputs=[{"name": "result", **tensor}],
    )
    image = np.random.default_rng(0).integers(0, 256, (1, 150, 211, 3), np.uint8)
    np.testing.assert_array_equal(Bench(tmp_path, budget_mb=100e-6 * 70**2).image("net", image), 255 - image)


def test_cancel_in_mid_run(tmp_path: Path) -> None:
    models.describe(
        models.endless(tmp_path / "net.onnx"),
        overlap_px=None,
        whole=True,
        inputs=[
            {"name": "turns", "layout": "plain", "dtype": "int64", "shape": [1]},
            {"name": "x", "layout": "plain", "dtype": "float32", "shape": [64, 64]},
        ],
        outputs=[{"name": "y", "layout": "plain", "dtype": "float32", "shape": [64, 64]}],
    )
    engine = Bench(tmp_path).engine
    x = np.eye(64, dtype=np.float32)
    asked = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(Cancelled):
        engine.infer("net", {"turns": np.array([2**62]), "x": x}, cancel=cancel)
    result = engine.infer("net", {"turns": np.array([3]), "x": x}).outputs["y"]
    np.testing.assert_allclose(result @ result.T, x, atol=1e-4)


def test_missing_model_says_what_to_do(tmp_path: Path) -> None:
    path = models.conv_net(tmp_path / "net.onnx")
    models.describe(path)
    path.unlink()
    with pytest.raises(ModelError, match=r"not installed: put the file net\.onnx"):
        Bench(tmp_path).image("net", models.picture(8, 8))


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": [{"name": "image", **models.PICTURE, "dtype": "float16"}]},
        {"outputs": [{"name": "result", **models.PICTURE, "dtype": "uint8"}]},
        {"inputs": [{"name": "image", **models.PICTURE, "layout": "NHWC"}]},
        {"inputs": [{"name": "image", **models.PICTURE, "colour": "grey"}]},
        {"inputs": [{"name": "image", "layout": "plain", "dtype": "float32", "shape": [3, 8, 8]}], "whole": True},
    ],
    ids=["type of an input", "type of an output", "layout", "channels", "dimensions"],
)
def test_a_model_of_other_types_or_channels_is_found_out_when_it_is_loaded(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    net = models.conv_net(tmp_path / "net.onnx", size=(8, 7))
    if "whole" in changes:
        changes = {**changes, "overlap_px": None}
    manifest = models.read(net, **changes)
    with pytest.raises(ModelError, match=r"does not match its description: (image|result) came as float32"):
        check_session(manifest, runtime.load(net, [Provider.CPU]))


def test_model_that_does_not_match_its_manifest(tmp_path: Path) -> None:
    models.describe(models.conv_net(tmp_path / "net.onnx"), outputs=[{"name": "mask", **models.PICTURE}])
    with pytest.raises(ModelError, match="does not match its description"):
        Bench(tmp_path).image("net", models.picture(8, 8))
    models.describe(tmp_path / "net.onnx", scale=2)
    with pytest.raises(ModelError, match="does not match its description"):
        Bench(tmp_path).image("net", models.picture(8, 8))


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"photo": models.picture(8, 8)}, "takes image, not photo"),
        ({"image": models.picture(8, 8).astype(np.float64)}, "float32, not float64"),
        ({"image": models.picture(8, 8)[0]}, "NCHW with 3 channels"),
        ({"image": models.picture(8, 8)[:, :1]}, "NCHW with 3 channels"),
        ({"image": models.picture(8, 8)[:, :, :0]}, "of one size"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path: Path, inputs: Tensors, problem: str) -> None:
    stub(tmp_path)
    with pytest.raises(ModelError, match=problem):
        Bench(tmp_path, Devices(negative, negative)).engine.infer("net", inputs)


@pytest.mark.parametrize(
    ("mask", "factors", "problem"),
    [
        ((1, 3, 8, 9), (1, 26), "of one size"),
        ((1, 3, 8, 8), (26,), r"shape \(1, 26\), not \(26,\)"),
    ],
)
def test_several_inputs_must_fit_together(
    tmp_path: Path, mask: tuple[int, ...], factors: tuple[int, ...], problem: str
) -> None:
    names = ("image", "mask")
    plain = {"name": "factors", "layout": "plain", "dtype": "float32", "shape": [1, 26]}
    stub(tmp_path, inputs=[*({"name": name, **models.PICTURE} for name in names), plain])
    inputs = {
        "image": models.picture(8, 8),
        "mask": np.zeros(mask, np.float32),
        "factors": np.zeros(factors, np.float32),
    }
    with pytest.raises(ModelError, match=problem):
        Bench(tmp_path, Devices(negative, negative)).engine.infer("net", inputs)


@pytest.mark.parametrize("output", [models.picture(8, 8).astype(np.float64), models.picture(8, 8)[:, :2]])
def test_output_of_another_type_or_with_other_channels(tmp_path: Path, output: NDArray[Any]) -> None:
    stub(tmp_path)
    with pytest.raises(ModelError, match="does not match its description"):
        Bench(tmp_path, Devices(lambda inputs: {"result": output}, negative)).image("net", models.picture(8, 8))


def test_whole_picture_model_of_fixed_size_refuses_another_one(tmp_path: Path) -> None:
    stub(tmp_path, overlap_px=None, whole=True, size={"fixed": [32, 32]})
    bench = Bench(tmp_path, Devices(negative, negative))
    assert bench.image("net", models.picture(32, 32)).shape == (1, 3, 32, 32)
    with pytest.raises(ModelError, match=r"\(32, 32\)"):
        bench.image("net", models.picture(64, 64))


# --- memory -----------------------------------------------------------------------------------------------------------


def test_a_coarse_output_covers_the_picture_and_no_padding(tmp_path: Path) -> None:
    path = models.means(tmp_path / "net.onnx")
    whole: dict[str, Any] = {"whole": True, "overlap_px": None, "size": {"multiple_of": 8}}
    models.describe(path, **whole, outputs=[{"name": "result", **models.PICTURE, "step": 4}])
    image = models.picture(21, 18)
    result = Bench(tmp_path).image("net", image)
    assert result.shape == (1, 3, 6, 5)
    np.testing.assert_allclose(result[..., 1, 2], image[..., 4:8, 8:12].mean((2, 3)), atol=1e-6)
    models.describe(path, **whole, outputs=[{"name": "result", **models.PICTURE, "step": 2}])
    with pytest.raises(ModelError, match="does not match its description"):
        Bench(tmp_path).image("net", image)
