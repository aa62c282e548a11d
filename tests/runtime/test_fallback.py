"""What happens when memory does not suffice or a device fails: smaller tiles, the next device, and a message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.errors import Cancelled, ModelError, OutOfMemory
from editor.runtime import onnx as runtime
from editor.runtime.providers import Provider
from editor.runtime.sessions import Tensors
from tests.runtime import models
from tests.runtime.engines import CUDA, Bench, Devices, limited, negative, no_numbers, one_colour, stub, wrong


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


def test_a_model_loaded_ahead_is_not_loaded_again(tmp_path: Path) -> None:
    stub(tmp_path)
    image = models.picture(8, 8)
    devices = Devices(negative, negative)
    bench = Bench(tmp_path, devices, CUDA)
    bench.engine.load("net")
    ahead = [provider for provider, _session in devices.loaded]
    assert ahead[0] is Provider.CUDA
    bench.image("net", image)
    assert [provider for provider, _session in devices.loaded] == ahead


def test_what_is_wrong_with_a_device_is_not_told_while_a_model_is_loaded_ahead(tmp_path: Path) -> None:
    stub(tmp_path)
    image = models.picture(8, 8)
    devices = Devices(negative, wrong)
    bench = Bench(tmp_path, devices, CUDA)
    bench.engine.load("net")
    assert bench.messages == []
    np.testing.assert_array_equal(bench.image("net", image), 1 - image)
    assert len(bench.messages) == 1


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
