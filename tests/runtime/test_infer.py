from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.errors import Cancelled, ModelError, OutOfMemory
from editor.runtime import onnx as runtime
from editor.runtime.infer import InferenceEngine, Load
from editor.runtime.providers import Choice, Provider
from editor.runtime.selftest import Verdicts
from editor.runtime.sessions import SessionPool, Tensors
from editor.runtime.store import ModelStore
from editor.runtime.tiled import check_session
from tests.runtime import models

CPU = Choice((Provider.CPU,), "no NVIDIA driver found")
CUDA = Choice((Provider.CUDA, Provider.CPU), gpu="Test GPU")

Compute = Callable[[Tensors], dict[str, NDArray[Any]]]


class Bench:
    """An engine on the models in a folder, with all that it told the user."""

    def __init__(self, folder: Path, load: Load = runtime.load, choice: Choice = CPU, budget_mb: float = 1000) -> None:
        self.messages: list[str] = []
        self.engine = InferenceEngine(
            ModelStore([folder]),
            SessionPool(10**9),
            load,
            choice,
            Verdicts(folder / "cache" / "verdicts.json", "1.0"),
            on_message=self.messages.append,
            tile_budget_bytes=int(budget_mb * 1e6),
        )

    def image(self, model_id: str, image: NDArray[Any]) -> NDArray[Any]:
        return self.engine.infer(model_id, {"image": image}).outputs["result"]


class Devices:
    """A loader whose sessions compute with one function on the GPU and with another on the CPU."""

    def __init__(self, cpu: Compute, gpu: Compute, obtained: Sequence[str] | None = None) -> None:
        self._compute = {Provider.CPU: cpu, Provider.CUDA: gpu}
        self._obtained = obtained
        self.loaded: list[tuple[Provider, models.FakeSession]] = []

    def __call__(
        self,
        path: Path,  # noqa: ARG002
        providers: Sequence[Provider],
        *,
        device_id: int,  # noqa: ARG002
    ) -> models.FakeSession:
        obtained = self._obtained if self._obtained and providers[0] is Provider.CUDA else providers
        session = models.FakeSession(self._compute[providers[0]], obtained)
        self.loaded.append((providers[0], session))
        return session

    def runs(self, provider: Provider) -> int:
        return sum(session.runs for asked, session in self.loaded if asked is provider)


def negative(inputs: Tensors) -> dict[str, NDArray[Any]]:
    return {"result": np.float32(1) - inputs["image"]}


def wrong(inputs: Tensors) -> dict[str, NDArray[Any]]:
    return {"result": np.zeros_like(inputs["image"])}


def no_numbers(inputs: Tensors) -> dict[str, NDArray[Any]]:
    return {"result": np.full_like(inputs["image"], np.nan)}


def one_colour(inputs: Tensors) -> dict[str, NDArray[Any]]:
    return {"result": np.full_like(inputs["image"], 0.25)}


def limited(max_side_px: int) -> Compute:
    """The negative, as long as a tile is not larger than memory allows."""

    def compute(inputs: Tensors) -> dict[str, NDArray[Any]]:
        if max(inputs["image"].shape) > max_side_px:
            raise OutOfMemory("There is not enough memory.")
        return negative(inputs)

    return compute


def stub(folder: Path, **changes: Any) -> None:
    """A model that only fake sessions run: a manifest and some bytes."""
    path = folder / "net.onnx"
    path.write_bytes(b"weights")
    models.describe(path, **changes)


# --- real models ------------------------------------------------------------------------------------------------------


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


def test_tiles_are_halved_until_they_fit_and_the_size_is_remembered(tmp_path: Path) -> None:
    stub(tmp_path)
    devices = Devices(limited(150), negative)
    bench = Bench(tmp_path, devices)
    image = models.picture(500, 400)
    np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    first = devices.runs(Provider.CPU)
    bench.image("net", image)
    assert devices.runs(Provider.CPU) < 2 * first  # no more failing attempts with large tiles
    assert bench.messages == []


def test_out_of_memory_even_in_small_pieces(tmp_path: Path) -> None:
    stub(tmp_path)
    with pytest.raises(OutOfMemory):
        Bench(tmp_path, Devices(limited(10), negative)).image("net", models.picture(500, 400))


def test_out_of_memory_on_the_gpu_goes_to_the_cpu_and_says_so(tmp_path: Path) -> None:
    image = models.picture(500, 400)
    stub(tmp_path, overlap_px=40)  # so that the smallest tile is above what the GPU can take
    bench = Bench(tmp_path, Devices(negative, limited(64)), CUDA)
    np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    assert len(bench.messages) == 1
    assert "Net does not run on Test GPU (CUDA): There is not enough memory" in bench.messages[0]
    assert "CPU" in bench.messages[0]


# --- devices ----------------------------------------------------------------------------------------------------------


def test_report_before_and_after_a_run(tmp_path: Path) -> None:
    stub(tmp_path)
    bench = Bench(tmp_path, Devices(negative, negative))
    assert str(bench.engine.device_report()) == "CPU — no NVIDIA driver found"
    bench.image("net", models.picture(8, 8))
    assert str(bench.engine.device_report()) == "CPU — no NVIDIA driver found"


def test_good_accelerator_is_tested_once_and_used(tmp_path: Path) -> None:
    stub(tmp_path)
    image = models.picture(8, 8)
    devices = Devices(negative, negative)
    bench = Bench(tmp_path, devices, CUDA)
    np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    assert (devices.runs(Provider.CPU), devices.runs(Provider.CUDA)) == (1, 2)
    again = Devices(negative, negative)
    bench = Bench(tmp_path, again, CUDA)
    bench.image("net", image)
    assert (again.runs(Provider.CPU), again.runs(Provider.CUDA)) == (0, 1)
    assert bench.messages == []
    assert str(bench.engine.device_report()) == "Test GPU (CUDA)"


def test_accelerator_that_computes_wrongly_is_not_trusted_and_that_is_remembered(tmp_path: Path) -> None:
    stub(tmp_path)
    image = models.picture(8, 8)
    for first in (True, False):
        devices = Devices(negative, wrong)
        bench = Bench(tmp_path, devices, CUDA)
        for _ in range(2):
            np.testing.assert_array_equal(bench.image("net", image), 1 - image)
        assert len(bench.messages) == 1
        assert "self-test" in bench.messages[0]
        assert devices.runs(Provider.CUDA) == first
        assert "CPU — its self-test" in str(bench.engine.device_report())


def test_accelerator_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    stub(tmp_path)
    image = models.picture(8, 8)
    devices = Devices(negative, negative, obtained=["CPUExecutionProvider"])
    bench = Bench(tmp_path, devices, CUDA)
    for _ in range(2):
        np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    assert len(bench.messages) == 1
    assert "CUDA was asked for, but ONNX Runtime gave CPU" in bench.messages[0]
    assert "CPU — CUDA was asked for" in str(bench.engine.device_report())
    assert devices.runs(Provider.CUDA) == 0


def test_real_missing_cuda_falls_back_with_a_message(tmp_path: Path) -> None:
    if Provider.CUDA not in runtime.available_providers():
        pytest.skip("this ONNX Runtime was built without CUDA")
    path = models.conv_net(tmp_path / "net.onnx")
    models.describe(path)
    if runtime.load(path, CUDA.providers).providers[0] == Provider.CUDA:
        pytest.skip("this machine has a working CUDA")
    bench = Bench(tmp_path, choice=CUDA)
    assert bench.image("net", models.picture(8, 8)).shape == (1, 3, 8, 8)
    assert len(bench.messages) == 1
    assert "CUDA was asked for" in bench.messages[0]


def test_accelerator_that_fails_in_a_run_is_replaced_every_time_with_a_message(tmp_path: Path) -> None:
    stub(tmp_path)

    def fails_at_work(inputs: Tensors) -> dict[str, NDArray[Any]]:
        return no_numbers(inputs) if inputs["image"].shape[2] == 8 else negative(inputs)

    devices = Devices(negative, fails_at_work)
    bench = Bench(tmp_path, devices, CUDA)
    image = models.picture(8, 8)
    for run in (1, 2):
        np.testing.assert_array_equal(bench.image("net", image), 1 - image)
        assert len(bench.messages) == run
        assert "no numbers" in bench.messages[-1]
    # A session that failed once is not used again: a lost device does not come back by itself.
    assert [provider for provider, _ in devices.loaded].count(Provider.CUDA) == 2


def test_values_that_are_no_numbers_on_the_cpu_are_an_error(tmp_path: Path) -> None:
    stub(tmp_path)
    with pytest.raises(ModelError, match="no numbers"):
        Bench(tmp_path, Devices(no_numbers, negative)).image("net", models.picture(8, 8))


def test_a_single_colour_for_a_picture_with_detail_is_made_again_on_the_cpu(tmp_path: Path) -> None:
    stub(tmp_path)

    def black_tile(inputs: Tensors) -> dict[str, NDArray[Any]]:
        return one_colour(inputs) if inputs["image"].shape[2] == 8 else negative(inputs)

    bench = Bench(tmp_path, Devices(negative, black_tile), CUDA)
    image = models.picture(8, 8)
    np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    assert "single colour" in bench.messages[-1]
    with pytest.raises(ModelError, match="single colour"):
        Bench(tmp_path, Devices(one_colour, negative)).image("net", image)


def test_a_flat_picture_may_stay_flat(tmp_path: Path) -> None:
    stub(tmp_path)
    sky = np.full((1, 3, 8, 8), 0.6, np.float32)
    assert np.ptp(Bench(tmp_path, Devices(one_colour, negative)).image("net", sky)) == 0


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


def test_damaged_verdicts_only_cost_a_test(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stub(tmp_path)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "verdicts.json").write_text('{"half a fi')
    devices = Devices(negative, negative)
    Bench(tmp_path, devices, CUDA).image("net", models.picture(8, 8))
    assert devices.runs(Provider.CUDA) == 2
    assert "not readable" in caplog.text


def test_cancel_is_not_taken_for_a_failing_device(tmp_path: Path) -> None:
    stub(tmp_path)
    bench = Bench(tmp_path, Devices(negative, negative), CUDA)
    with pytest.raises(Cancelled):
        bench.engine.infer("net", {"image": models.picture(8, 8)}, cancel=lambda: True)
    assert bench.messages == []
