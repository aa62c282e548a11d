"""How fast a model runs on this machine: measured when asked, and remembered."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from editor.core.i18n import _
from editor.host.places import Places
from editor.runtime.infer import Inference
from editor.runtime.manifest import ModelManifest
from editor.runtime.selftest import sample_inputs
from editor.runtime.sessions import Tensors

log = logging.getLogger("kintsugi.models")

_SIDE_PX = 256
_LONG_ENOUGH_S = 1.0


class Engine(Protocol):
    """What runs a model; `editor.runtime.infer.InferenceEngine` is the real one."""

    def infer(self, model_id: str, inputs: Tensors, *, cancel: Callable[[], bool]) -> Inference: ...


@dataclass(frozen=True, slots=True)
class Speed:
    """rate: megapixels of input in a second where `megapixels`, runs in a second otherwise."""

    rate: float
    megapixels: bool
    device: str

    def __str__(self) -> str:
        if self.megapixels:
            return _("{rate} MP/s on {device}").format(rate=_rounded(self.rate), device=self.device)
        if self.rate < 1:
            return _("{seconds} s a run on {device}").format(seconds=_rounded(1 / self.rate), device=self.device)
        return _("{rate} runs/s on {device}").format(rate=_rounded(self.rate), device=self.device)


class Speeds:
    """The speeds measured so far, in a JSON file. One that cannot be read or written only costs a measurement more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = self._read()

    def get(self, manifest: ModelManifest) -> Speed | None:
        """What was measured last of a model's files, on whichever device that was."""
        with self._lock:
            found = [speed for key, speed in self._known.items() if key.startswith(f"{manifest.sha256} ")]
        return found[-1] if found else None

    def put(self, manifest: ModelManifest, speed: Speed) -> None:
        """Remembers what was measured of a model's files on a device."""
        key = f"{manifest.sha256} {speed.device}"
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = speed
            text = json.dumps({key: asdict(speed) for key, speed in self._known.items()}, indent=1)
            part = self._path.with_suffix(".part")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(text, encoding="utf-8")
                part.replace(self._path)
            except OSError as error:
                log.warning("The speeds of models could not be written to %s: %s", self._path, error)

    def _read(self) -> dict[str, Speed]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                str(key): Speed(float(value["rate"]), bool(value["megapixels"]), str(value["device"]))
                for key, value in stored.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("The speeds of models in %s are not readable, measuring anew: %s", self._path, error)
            return {}


def speeds(places: Places) -> Speeds:
    """Those of this machine."""
    return Speeds(places.cache / "speed.json")


def measure(
    engine: Engine,
    manifest: ModelManifest,
    cancel: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Runs an installed model on a sample of a modest size, once to warm up and then for about a second.

    Of a model that always sees the whole photo at one size, what counts is the number of runs.

    Raises:
        ModelError, OutOfMemory: it does not run.
        Cancelled: `cancel` became true.
    """
    inputs = sample_inputs(manifest, _SIDE_PX)
    device = engine.infer(manifest.id, inputs, cancel=cancel).device
    began_s = clock()
    runs, took_s = 0, 0.0
    while took_s < _LONG_ENOUGH_S:
        device = engine.infer(manifest.id, inputs, cancel=cancel).device
        runs += 1
        took_s = clock() - began_s
    pictures = [spec for spec in manifest.inputs if spec.is_picture]
    if not pictures or (manifest.overlap_px is None and manifest.size.fixed is not None):
        return Speed(runs / took_s, megapixels=False, device=device)
    height, width = (inputs[pictures[0].name].shape[axis] for axis in pictures[0].axes)
    return Speed(runs * height * width / 1e6 / took_s, megapixels=True, device=device)


def _rounded(rate: float) -> str:
    """Two digits that count: more would only be noise."""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"
