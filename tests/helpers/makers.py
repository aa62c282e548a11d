"""Methods that make masks and pictures, and a model for a use, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from editor.runtime.infer import InferenceEngine
from editor.runtime.providers import DeviceReport
from editor.runtime.store import ModelStore
from editor.sdk.context import Context
from editor.sdk.params import Doc, ModelOf
from editor.sdk.plugin import Inputs, Makes, MaskResult, Output, PictureResult, Plugin, Strip
from tests.helpers.documents import Level
from tests.runtime.models import conv_net, describe

Run = Callable[[Inputs, Any, Context], Output]


def bright(inputs: Inputs, params: Level, ctx: Context) -> MaskResult:
    """Selects what is brighter than the level."""
    ctx.progress(0.5)
    selected = (inputs.image.mean(axis=2) > params.level).astype(np.float32)
    return MaskResult(selected, {"selected": float(selected.mean())})


def double(inputs: Inputs, params: Level, ctx: Context) -> PictureResult:
    """Every pixel four times, in strips of 10 rows."""
    height, width = inputs.image.shape[:2]

    def strips() -> Iterator[Strip]:
        for top in range(0, height, 5):
            ctx.check()
            image, alpha = inputs.image[top : top + 5], inputs.alpha
            yield Strip(
                image.repeat(2, 0).repeat(2, 1),
                None if alpha is None else alpha[top : top + 5].repeat(2, 0).repeat(2, 1),
            )

    return PictureResult(2 * height, 2 * width, strips())


def mask_maker(run: Run = bright, **changes: Any) -> Plugin:
    return _maker(run, "pick_bright", "Pick bright", Makes.MASK, changes)


def picture_maker(run: Run = double, **changes: Any) -> Plugin:
    return _maker(run, "double_size", "Double", Makes.PICTURE, changes)


def _maker(run: Run, plugin_id: str, title: str, makes: Makes, changes: dict[str, Any]) -> Plugin:
    declared: dict[str, Any] = {
        "id": plugin_id,
        "version": 1,
        "title": title,
        "summary": "For tests.",
        "params": Level,
        "makes": makes,
    }
    return Plugin(run=run, **(declared | changes))


@dataclass(frozen=True, slots=True)
class Named:
    """Parameters that name a model, as `install_model` makes them."""

    model: Annotated[str, ModelOf("upscale"), Doc("Model", "What does it.")] = "first"


def know_model(folder: Path, model_id: str, *, installed: bool = True, layers: int = 1, **changes: Any) -> None:
    """A model for upscaling in a folder of models, with or without its file; more layers make it larger."""
    folder.mkdir(parents=True, exist_ok=True)
    path = conv_net(folder / f"{model_id}.onnx", layers=layers)
    describe(path, **({"role": "upscale", "url": "https://example.org/model.onnx"} | changes))
    if not installed:
        path.unlink()


class Idle(InferenceEngine):
    """Knows models and runs none."""

    def __init__(self, *folders: Path) -> None:
        self._store = ModelStore(folders)

    def device_report(self) -> DeviceReport:
        return DeviceReport("CPU")
