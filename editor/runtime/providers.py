"""Which device to run models on: what is wanted, what this machine has, and what was got in the end."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from editor.core.i18n import _


class Provider(StrEnum):
    """The ways to run a model, by the names that ONNX Runtime gives them."""

    TENSORRT = "TensorrtExecutionProvider"
    CUDA = "CUDAExecutionProvider"
    DIRECTML = "DmlExecutionProvider"
    COREML = "CoreMLExecutionProvider"
    CPU = "CPUExecutionProvider"

    @property
    def label(self) -> str:
        """The name a user knows."""
        return _LABELS[self]


_LABELS = {
    Provider.TENSORRT: "TensorRT",
    Provider.CUDA: "CUDA",
    Provider.DIRECTML: "DirectML",
    Provider.COREML: "Core ML",
    Provider.CPU: "CPU",
}

_NEEDS_NVIDIA = (Provider.TENSORRT, Provider.CUDA)


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What models run on, and why it is that (empty if it is just what was wanted), for the status line."""

    device: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.device} — {self.reason}" if self.reason else self.device


@dataclass(frozen=True, slots=True)
class NvidiaProbe:
    """The NVIDIA GPUs that the driver shows, by name, or why there are none."""

    names: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to ask for: the first provider that works is taken; the CPU is always the last.

    reason: why it is not the best one that could be wished for; empty if it is.
    gpu: the NVIDIA GPU's name, if one is asked for.
    """

    providers: tuple[Provider, ...]
    reason: str = ""
    gpu: str = ""

    def device(self, provider: Provider) -> str:
        """The name that a user knows a provider's device by."""
        return f"{self.gpu} ({provider.label})" if provider in _NEEDS_NVIDIA and self.gpu else provider.label

    @property
    def report(self) -> DeviceReport:
        return DeviceReport(self.device(self.providers[0]), self.reason)


def wanted(platform: str, *, tensorrt: bool = False) -> tuple[Provider, ...]:
    """The accelerators worth asking for on a platform (as `sys.platform`), best first.

    TensorRT only on request: it builds an engine for minutes before a model's first run.
    """
    if platform == "darwin":
        return (Provider.COREML,)
    nvidia = (Provider.TENSORRT, Provider.CUDA) if tensorrt else (Provider.CUDA,)
    return (*nvidia, Provider.DIRECTML) if platform == "win32" else nvidia


def probe_nvidia(platform: str = sys.platform) -> NvidiaProbe:
    """Asks the NVIDIA driver itself: onnxruntime-gpu lists CUDA on machines that have no such GPU, too."""
    try:
        # ctypes.CDLL on both: the driver's interface is __stdcall only on 32-bit Windows.
        driver = ctypes.CDLL("nvcuda.dll" if platform == "win32" else "libcuda.so.1")
    except OSError:
        return NvidiaProbe(problem=_("no NVIDIA driver found"))
    status = driver.cuInit(0)
    if status != 0:
        return NvidiaProbe(problem=_("the NVIDIA driver does not start (error {status})").format(status=status))
    count = ctypes.c_int()
    if driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value < 1:
        return NvidiaProbe(problem=_("the NVIDIA driver shows no GPU"))
    return NvidiaProbe(tuple(_gpu_name(driver, ordinal) for ordinal in range(count.value)))


def _gpu_name(driver: ctypes.CDLL, ordinal: int) -> str:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(128)
    if driver.cuDeviceGet(ctypes.byref(device), ordinal) != 0 or driver.cuDeviceGetName(name, 128, device) != 0:
        return f"NVIDIA GPU {ordinal}"
    return name.value.decode("utf-8", "replace")


def choose(
    available: Sequence[str],
    *,
    only: Provider | None = None,
    tensorrt: bool = False,
    device_id: int = 0,
    platform: str = sys.platform,
    probe: Callable[[], NvidiaProbe] = probe_nvidia,
) -> Choice:
    """What to ask ONNX Runtime for.

    Args:
        available: what the installed ONNX Runtime was built with.
        only: what the user chose; None for the best there is.
        tensorrt: whether to try TensorRT before CUDA.
        device_id: which GPU, for the name in the report.
        platform: as `sys.platform`.
        probe: finds NVIDIA GPUs; asked only if it matters.
    """
    if only is Provider.CPU:
        return Choice((Provider.CPU,), _("chosen in the settings"))
    asked = wanted(platform, tensorrt=tensorrt) if only is None else (only,)
    if only is Provider.TENSORRT:
        asked = (Provider.TENSORRT, Provider.CUDA)
    built = [provider for provider in asked if provider in available]
    missing = _(" or ").join(provider.label for provider in asked)
    problem = _("this ONNX Runtime has no {missing}").format(missing=missing)
    gpu = ""
    if any(provider in _NEEDS_NVIDIA for provider in built):
        found = probe()
        if device_id < len(found.names):
            gpu = found.names[device_id]
        else:
            built = [provider for provider in built if provider not in _NEEDS_NVIDIA]
            problem = found.problem or _("there is no NVIDIA GPU number {number}").format(number=device_id)
    if not built:
        return Choice((Provider.CPU,), problem)
    return Choice((*built, Provider.CPU), gpu=gpu)


def mismatch(asked: Provider, obtained: Sequence[str]) -> str:
    """Why a session is not what was asked for, or "" if it is: `obtained` is what the session says it runs on."""
    if obtained and obtained[0] == asked:
        return ""
    known = {provider.value: provider.label for provider in Provider}
    got = known.get(obtained[0], obtained[0]) if obtained else _("nothing")
    return _(
        "{asked} was asked for, but ONNX Runtime gave {got}; its libraries or the driver may be missing or old"
    ).format(asked=asked.label, got=got)
