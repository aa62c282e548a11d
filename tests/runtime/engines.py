"""Engines on tiny models, with stand-ins for devices that compute wrongly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import OutOfMemory
from editor.runtime import onnx as runtime
from editor.runtime.infer import InferenceEngine, Load
from editor.runtime.providers import Choice, Provider
from editor.runtime.selftest import Verdicts
from editor.runtime.sessions import SessionPool, Tensors
from editor.runtime.store import ModelStore
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
        path: Path,  # noqa: ARG002 - what a loader is given
        providers: Sequence[Provider],
        *,
        device_id: int,  # noqa: ARG002 - as above
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
