"""What a trainer's process is given; no torch here, so that whoever starts it needs none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from editor.runtime.tuning.folder import Order
from editor.sdk.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Task:
    """recipe: how to learn. folder: of the run, with what was cut. base: the ONNX file of the model that it goes on
    from, None to begin with nothing. features: a state dict of the network by whose features pictures are compared, if
    a loss of the recipe does so. checkpoint_s: how often it is saved how far it is.
    """

    recipe: Recipe
    folder: Path
    order: Order
    base: Path | None = None
    features: Path | None = None
    checkpoint_s: float = 60.0
