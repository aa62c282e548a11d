"""A method that can learn, and a training that learns only what a test tells it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from editor.host.library import library
from editor.host.places import Places
from editor.host.training import Run
from editor.runtime.manifest import ModelManifest, Trained
from editor.runtime.tuning.events import Event, Failed, Finished, Learned, Measured, Started
from editor.runtime.tuning.task import Task
from editor.sdk.context import Context
from editor.sdk.params import Doc, ModelOf
from editor.sdk.plugin import Inputs, Plugin, Result
from tests.helpers.documents import method
from tests.helpers.trainers import RECIPE

METHOD = "learner"
STARTED = Started(200, 8, 8, "cpu")


@dataclass(frozen=True, slots=True)
class Params:
    model: Annotated[str, ModelOf("denoise"), Doc("Model", "What does it.")] = "base"


def fill(inputs: Inputs, params: Params, _ctx: Context) -> Result:
    """With a grey that depends on the model."""
    return Result(np.full_like(inputs.image, zlib.crc32(params.model.encode()) % 200 / 255))


def learner(**changes: Any) -> Plugin:
    declared = {"id": METHOD, "title": "Learner", "params": Params, "recipe": RECIPE, "random": False}
    return method(fill, **(declared | changes))


def add_model(folder: Path, title: str, base: str = "") -> ModelManifest:
    """Installs a model of the learner's into the user's folder."""
    path = folder / "weights.onnx"
    path.write_bytes(title.encode())
    return library(Places.default()).add_trained(
        path, title, "For tests.", RECIPE.export, Trained(METHOD, 1, base), "# Card"
    )


def measured(step: int, value: float) -> Measured:
    """With pictures of 32 x 32 pixels whose brightness is the step."""
    before, after, wanted = (np.full((32, 32, 3), (step, 0, which), np.uint8) for which in range(3))
    return Measured(step, value, (before, after, wanted))


class FakeTraining:
    """In place of `editor.host.training.Training`. told: the commands that it was given."""

    def __init__(self, run: Run, task: Task, on_event: Callable[[Event], None], *_more: object) -> None:
        self.run = run
        self.task = task
        self.told: list[str] = []
        self._on_event = on_event

    def tell(self, *events: Event) -> None:
        """Tells events from another thread, as the real one does."""
        for event in events:
            if isinstance(event, (Learned, Measured)):
                self.run.folder.add(event)

        def work() -> None:
            for event in events:
                self._on_event(event)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    def end(self, *values: float) -> None:
        """Learns until these were measured, and finishes."""
        self.run.folder.checkpoint.write_bytes(b"state")
        self.run.folder.write_plan({"steps": STARTED.steps, "device": "cpu"})
        self.run.folder.model.write_bytes(b"new weights")
        self.tell(STARTED, *(measured(100 * index, value) for index, value in enumerate(values)))
        self.tell(Finished(100 * (len(values) - 1), 1e-6))

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def finish(self) -> None:
        self.told.append("keep")

    def rest(self) -> None:
        self.told.append("rest")

    def close(self) -> None:
        self.told.append("close")

    def kill(self) -> None:
        self.told.append("kill")
        self.tell(Failed("The trainer ended by itself."))


def curve(item: Any) -> list[tuple[float, float]]:
    """The points of a drawn line."""
    xs, ys = item.getOriginalDataset()
    return [] if xs is None else list(zip(xs.tolist(), ys.tolist(), strict=True))
