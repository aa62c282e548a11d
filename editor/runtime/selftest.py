"""Whether an accelerator computes a model as the CPU does; found out once and remembered."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.runtime.manifest import ModelManifest
from editor.runtime.sessions import Session
from editor.sdk.models import TensorSpec

log = logging.getLogger("kintsugi.runtime")

# Of the output's range, at the worst pixel. Reduced precision on a GPU stays below it; a wrong result does not.
TOLERANCE = 0.01

_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a self-test found: the largest difference as a part of the output's range, and whether it passes."""

    trusted: bool
    difference: float


class Verdicts:
    """The verdicts so far, in a JSON file. A file that cannot be read or written only costs a test more.

    Args:
        path: of the file; its folder is made when needed.
        runtime: the version of what runs the models: with another one, every model is tested anew.
    """

    def __init__(self, path: Path, runtime: str) -> None:
        self._path = path
        self._runtime = runtime
        self._lock = threading.Lock()
        self._known = self._read()

    def get(self, sha256: str, device: str) -> Verdict | None:
        """What is known of a model's file on a device."""
        with self._lock:
            return self._known.get(self._key(sha256, device))

    def put(self, sha256: str, device: str, verdict: Verdict) -> None:
        """Remembers what was found of a model's file on a device."""
        with self._lock:
            self._known[self._key(sha256, device)] = verdict
            text = json.dumps({key: asdict(verdict) for key, verdict in self._known.items()}, indent=1)
            part = self._path.with_suffix(".part")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(text, encoding="utf-8")
                part.replace(self._path)
            except OSError as error:
                log.warning("The self-test's verdicts could not be written to %s: %s", self._path, error)

    def _key(self, sha256: str, device: str) -> str:
        return f"{sha256} {device} {self._runtime}"

    def _read(self) -> dict[str, Verdict]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                str(key): Verdict(bool(value["trusted"]), float(value["difference"])) for key, value in stored.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("The self-test's verdicts in %s are not readable, testing anew: %s", self._path, error)
            return {}


def compare(manifest: ModelManifest, accelerated: Session, cpu: Session, cancel: Callable[[], bool]) -> Verdict:
    """Runs a small input on both and compares.

    Raises:
        ModelError, OutOfMemory: one of them did not run.
        Cancelled: `cancel` became true.
    """
    inputs = sample_inputs(manifest)
    reference = cpu.run(inputs, cancel)
    result = accelerated.run(inputs, cancel)
    difference = max(_difference(spec, result[spec.name], reference[spec.name]) for spec in manifest.outputs)
    return Verdict(bool(difference <= TOLERANCE), difference)


def sample_inputs(manifest: ModelManifest, side_px: int = _SIDE_PX) -> dict[str, NDArray[Any]]:
    """Waves with a little grain over each picture's range, noise for what is no picture; the same each time.

    Pictures are of about `side_px`, but of a size that the model takes; of noise, some networks make anything.
    """
    rng = np.random.default_rng(0)
    height, width = manifest.size.fixed or manifest.size.padded(side_px, side_px)
    sample = {}
    for spec in manifest.inputs:
        low, high = spec.range or (0.0, 1.0)
        values = _waves(spec, height, width, rng) if spec.is_picture else rng.random(spec.shape)
        dtype = np.dtype(spec.dtype)
        values = low + (high - low) * values
        sample[spec.name] = (values if dtype.kind == "f" else np.rint(values)).astype(dtype)
    return sample


def _waves(spec: TensorSpec, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """0..1, in the tensor's layout; each channel has its own phase."""
    y, x = np.arange(height)[:, None, None] / height, np.arange(width)[:, None] / width
    phase = np.arange(spec.channels) / spec.channels
    values = 0.5 + 0.3 * np.sin(2 * np.pi * (1.5 * x + 0.5 * y + phase)) + 0.16 * np.cos(2 * np.pi * (3 * y - 2 * x))
    values = values + rng.uniform(-0.04, 0.04, values.shape)
    return (values.transpose(2, 0, 1) if spec.layout == "NCHW" else values)[None]


def _difference(spec: TensorSpec, result: NDArray[Any], reference: NDArray[Any]) -> float:
    """The largest difference as a part of the output's range; infinite where one is no number or the shapes differ."""
    if result.shape != reference.shape or result.size == 0:
        return float("inf")
    one, other = result.astype(np.float64), reference.astype(np.float64)
    low, high = spec.range or (float(other.min()), float(other.max()))
    extent = high - low or 1.0
    worst = float(np.abs(one - other).max()) / extent
    return worst if np.isfinite(worst) else float("inf")
