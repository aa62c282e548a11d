from __future__ import annotations

from collections.abc import Sequence

import pytest

from editor.runtime.providers import NvidiaProbe, Provider, choose, mismatch, probe_nvidia, wanted

GPU_BUILD = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
WINDOWS_BUILD = ("DmlExecutionProvider", "CPUExecutionProvider")
MAC_BUILD = ("CoreMLExecutionProvider", "CPUExecutionProvider")
ONE_GPU = NvidiaProbe(("RTX",))
NO_DRIVER = NvidiaProbe(problem="no NVIDIA driver found")
CUDA, TENSORRT, DIRECTML, COREML, CPU = (
    Provider.CUDA,
    Provider.TENSORRT,
    Provider.DIRECTML,
    Provider.COREML,
    Provider.CPU,
)


@pytest.mark.parametrize(
    ("available", "platform", "only", "tensorrt", "probe", "expected", "status"),
    [
        (GPU_BUILD, "linux", None, False, ONE_GPU, (CUDA, CPU), "RTX (CUDA)"),
        (GPU_BUILD, "linux", None, True, ONE_GPU, (TENSORRT, CUDA, CPU), "RTX (TensorRT)"),
        (GPU_BUILD, "linux", TENSORRT, False, ONE_GPU, (TENSORRT, CUDA, CPU), "RTX (TensorRT)"),
        (GPU_BUILD, "linux", None, True, NO_DRIVER, (CPU,), "CPU — no NVIDIA driver found"),
        (GPU_BUILD, "linux", CUDA, False, NO_DRIVER, (CPU,), "CPU — no NVIDIA driver found"),
        (GPU_BUILD, "linux", CPU, False, ONE_GPU, (CPU,), "CPU — chosen in the settings"),
        (MAC_BUILD[1:], "linux", None, False, ONE_GPU, (CPU,), "CPU — this ONNX Runtime has no CUDA"),
        (WINDOWS_BUILD, "win32", None, False, NO_DRIVER, (DIRECTML, CPU), "DirectML"),
        (GPU_BUILD, "win32", None, False, ONE_GPU, (CUDA, CPU), "RTX (CUDA)"),
        (GPU_BUILD, "win32", None, False, NO_DRIVER, (CPU,), "CPU — no NVIDIA driver found"),
        (MAC_BUILD, "darwin", None, True, ONE_GPU, (COREML, CPU), "Core ML"),
        (MAC_BUILD[1:], "darwin", None, False, ONE_GPU, (CPU,), "CPU — this ONNX Runtime has no Core ML"),
    ],
)
def test_choice(
    available: Sequence[str],
    platform: str,
    only: Provider | None,
    tensorrt: bool,
    probe: NvidiaProbe,
    expected: tuple[Provider, ...],
    status: str,
) -> None:
    choice = choose(available, only=only, tensorrt=tensorrt, platform=platform, probe=lambda: probe)
    assert choice.providers == expected
    assert str(choice.report) == status


def test_a_gpu_number_that_does_not_exist() -> None:
    choice = choose(GPU_BUILD, device_id=1, platform="linux", probe=lambda: ONE_GPU)
    assert str(choice.report) == "CPU — there is no NVIDIA GPU number 1"


def test_direct_ml_stays_behind_cuda_on_windows() -> None:
    assert wanted("win32") == (CUDA, DIRECTML)


def test_mismatch_names_both() -> None:
    assert mismatch(CUDA, [CUDA.value, CPU.value]) == ""
    assert "CUDA was asked for, but ONNX Runtime gave CPU" in mismatch(CUDA, [CPU.value])
    assert "gave OtherExecutionProvider" in mismatch(CUDA, ["OtherExecutionProvider"])


def test_the_driver_of_this_machine_answers_or_is_said_to_be_missing() -> None:
    found = probe_nvidia()
    assert bool(found.names) != bool(found.problem)


def test_no_driver_library_is_no_crash() -> None:
    assert probe_nvidia("win32").problem == "no NVIDIA driver found" or probe_nvidia("win32").names
