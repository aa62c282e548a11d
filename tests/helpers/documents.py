"""Small documents and methods for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.made import Made, Patch
from editor.sdk.context import Context
from editor.sdk.params import Doc, Range
from editor.sdk.plugin import Holes, Inputs, Local, Needs, Plugin, Result


@dataclass(frozen=True, slots=True)
class Level:
    level: Annotated[float, Range(0, 1), Doc("Level", "The grey that the hole is filled with.")] = 0.5


def flat_fill(inputs: Inputs, params: Level, ctx: Context) -> Result:
    """Everything becomes one grey, the seed's own where the level is 0.5."""
    ctx.progress(0.5, "filling")
    level = params.level if params.level != 0.5 else 0.5 + 0.01 * ctx.seed
    return Result(np.full_like(inputs.image, level), {"level": float(level)})


def method(run: Callable[[Inputs, Any, Context], Result] = flat_fill, **changes: Any) -> Plugin:
    """A method that fills holes, with `run` as its work."""
    declared: dict[str, Any] = {
        "id": "flat_fill",
        "version": 1,
        "title": "Flat fill",
        "summary": "Fills with one grey.",
        "params": Level,
        "needs": Needs(mask=True, source=True, scope=Holes(context_px=16)),
    }
    return Plugin(run=run, **(declared | changes))


def softened(inputs: Inputs, params: Level, ctx: Context) -> Result:
    """Each pixel goes a part of the way, the level, to the mean of the 9 x 9 around it."""
    ctx.progress(0.5, "softening")
    mean = np.asarray(cv2.blur(inputs.image, (9, 9), borderType=cv2.BORDER_REFLECT), np.float32)
    return Result(np.clip(inputs.image + np.float32(params.level) * (mean - inputs.image), 0, 1))


def local_method(run: Callable[[Inputs, Any, Context], Result] = softened, **changes: Any) -> Plugin:
    """A method that works on each pixel by its neighbours, with or without a mask."""
    needs = Needs(scope=Local(4))
    return method(run, **({"id": "soften", "title": "Soften", "needs": needs, "random": False} | changes))


def noise(width: int, height: int, channels: int = 3, dtype: DTypeLike = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Pixels in which every value is likely to differ from its neighbours, over the whole range of the dtype."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.random((height, width, channels)).astype(kind)
    return rng.integers(0, np.iinfo(kind).max, (height, width, channels), dtype=kind, endpoint=True)


def document(
    width: int = 300, height: int = 280, channels: int = 3, dtype: DTypeLike = np.uint8, hole: Rect | None = None
) -> DocumentState:
    """A document of noise, with `hole` masked."""
    state = DocumentState.from_pixels(noise(width, height, channels, dtype), Metadata(), "noise")
    return state if hole is None else mask_edits.fill_rect(state, "mask", hole)


def session(hole: Rect | None = None, **size: Any) -> Session:
    return Session.open(document(hole=hole, **size), None, "Open noise")


def patch(made: Made) -> Patch:
    """A candidate that is pixels."""
    assert isinstance(made, Patch)
    return made
