"""A method that can learn, and a trainer that only says so: for what is around a training."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editor.host.training_data import Photo
from editor.runtime.tuning.events import Event, Finished, Learned, Measured, Rested, Started
from editor.runtime.tuning.folder import RunFolder
from editor.runtime.tuning.task import Task
from editor.sdk.models import TensorSpec
from editor.sdk.plugin import Inputs, Plugin, Result
from editor.sdk.recipe import Export, Loss, Recipe
from tests.runtime import models

RECIPE = Recipe(
    net="tests.nothing",
    version=1,
    patch_px=64,
    batch=4,
    losses=(Loss("l1"),),
    rate=1e-3,
    fine_rate=1e-4,
    export=Export(
        role="denoise",
        input=TensorSpec("image", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        output=TensorSpec("result", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        multiple_of=8,
        minimum=16,
        overlap_px=8,
        memory_mb_per_mp=100,
    ),
)


@dataclass(frozen=True)
class Params:
    pass


def _run(inputs: Inputs, _params: Params, _ctx: object) -> Result:
    return Result(inputs.image)


LEARNER = Plugin(
    id="learner", version=1, title="Learner", summary="Learns.", params=Params, run=_run, recipe=RECIPE, random=False
)


def photo(seed: int, side_px: int = 512) -> Photo:
    """Blotches in colours, other ones for each seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (side_px // 16, side_px // 16, 3), np.uint8)
    pixels = np.repeat(np.repeat(coarse, 16, 0), 16, 1)
    return Photo(f"photo{seed}.jpg", lambda: pixels)


class FakeProcess:
    """Says at once what a training would, as far as `measures` go; then waits for what it is told.

    interrupted: raises KeyboardInterrupt in whoever listens, once, before its end.
    """

    measures: Sequence[float] = (30.0, 30.4, 30.6)
    waits = False

    def __init__(self, task: Task, on_event: Callable[[Event], None]) -> None:
        self._folder = RunFolder(task.folder)
        self._on_event = on_event
        self.told: list[str] = []
        on_event(Started(len(self.measures) - 1, task.recipe.batch, task.recipe.batch, "cpu"))
        self._folder.write_plan({"steps": len(self.measures) - 1, "device": "cpu"})
        for step, value in enumerate(self.measures):
            if step:
                self._add(Learned(step, 0.1 / step, 2.0))
            self._add(Measured(step, value))
        self._folder.checkpoint.touch()
        if not self.waits:
            self.tell("keep")

    def _add(self, point: Learned | Measured) -> None:
        self._folder.add(point)
        self._on_event(point)

    def tell(self, command: str) -> None:
        self.told.append(command)
        if command == "keep":
            models.conv_net(self._folder.model)
            self._on_event(Finished(len(self.measures) - 1, 1e-7))
        if command == "rest":
            self._on_event(Rested(len(self.measures) - 1))

    def close(self) -> None:
        pass


def lasting(measures: Sequence[float]) -> type[FakeProcess]:
    """A trainer that measures this and goes on until it is told to stop."""
    return type("Lasting", (FakeProcess,), {"measures": measures, "waits": True})


def measuring(measures: Sequence[float]) -> type[FakeProcess]:
    return type("Measuring", (FakeProcess,), {"measures": measures})


def other_version(plugin: Plugin) -> Plugin:
    assert plugin.recipe is not None
    return dataclasses.replace(plugin, recipe=dataclasses.replace(plugin.recipe, version=plugin.recipe.version + 1))


def write_photos(folder: Path, count: int) -> Path:
    """So many photos as PNG files in a folder, which is made."""
    import cv2

    folder.mkdir()
    for seed in range(count):
        cv2.imwrite(str(folder / f"photo{seed}.png"), photo(seed).pixels()[..., ::-1])
    return folder
