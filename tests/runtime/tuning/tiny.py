"""A method that learns within a second: a small network that takes noise away, and the folder of a run of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from editor.runtime.tuning.folder import Order
from editor.runtime.tuning.task import Task
from editor.sdk.models import TensorSpec
from editor.sdk.recipe import Export, Loss, Recipe

BATCH = 4
CELL_PX = 16
# Not as many as a batch: so that who makes examples knows what for.
HELD_OUT = 6


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        noise: Tensor = self.last(torch.relu(self.first(picture)))
        return picture - noise


def network() -> nn.Module:
    return Tiny()


def examples(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
    return clean + 0.2 * torch.randn(clean.shape, generator=generator), clean


def recipe(**changes: Any) -> Recipe:
    picture = TensorSpec("picture", "NCHW", "float32", (0.0, 1.0), "RGB", 3)
    standard = Recipe(
        net=__name__,
        version=1,
        patch_px=8,
        batch=BATCH,
        losses=(Loss("l1"),),
        rate=1e-2,
        fine_rate=1e-3,
        export=Export("tiny", picture, replace(picture, name="result"), 4, 8, 2, 100.0),
    )
    return replace(standard, **changes)


def write_cells(folder: Path) -> None:
    """Soft pictures to learn from, and some to measure on."""
    rng = np.random.default_rng(5)
    for name, count in (("train", 12), ("validation", HELD_OUT)):
        coarse = rng.integers(30, 226, (count, 4, 4, 3), np.uint8)
        np.save(folder / f"{name}.npy", coarse.repeat(CELL_PX // 4, 1).repeat(CELL_PX // 4, 2))


def task(folder: Path, steps: int | None = 30, *, minutes: float | None = None, **changes: Any) -> Task:
    """What a trainer is given, with its files in a new folder."""
    folder.mkdir(exist_ok=True)
    if not (folder / "train.npy").exists():
        write_cells(folder)
    return replace(Task(recipe(), folder, Order(steps, minutes, "cpu"), checkpoint_s=1e9), **changes)
