"""Networks that are functions, with what a method is told of them, and a run of the plugin from end to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs, PictureResult
from editor.sdk.testing import FakeContext
from plugins.upscale import Params, run
from tests.imaging.pictures import F32

Net = Callable[[F32], F32]


def facts(scale: int, overlap_px: int | None = 0) -> ModelFacts:
    image = TensorSpec("image", "NCHW", "float32", (0.0, 1.0), "RGB", 3)
    result = TensorSpec("result", "NCHW", "float32", (0.0, 1.0), "RGB", 3)
    return ModelFacts("net", "Net", scale, None, overlap_px, (image,), (result,))


def nearest(scale: int) -> Net:
    return lambda image: image.repeat(scale, axis=0).repeat(scale, axis=1)


def linear(scale: int) -> Net:
    return lambda image: np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.float32).reshape(
        image.shape[0] * scale, image.shape[1] * scale, 3
    )


class Fake:
    """A context whose model is a function of the picture; `seen` holds the sizes that it was given."""

    def __init__(self, net: Net, known: ModelFacts, threads: int = 1, cancel_after: int | None = None) -> None:
        self.seen: list[tuple[int, ...]] = []

        def infer(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            assert model == known.id
            self.seen.append(inputs["image"].shape[2:])
            result = net(np.ascontiguousarray(inputs["image"][0].transpose(1, 2, 0)))
            return {"result": np.ascontiguousarray(result.transpose(2, 0, 1))[None]}

        self.context = FakeContext(3, threads, cancel_after=cancel_after, infer=infer, models=[known])


def to_inputs(image: F32, alpha: F32 | None = None) -> Inputs:
    size = image.shape[:2]
    inputs = Inputs(image, np.ones(size, np.float32), np.ones(size, np.bool_), alpha)
    for array in (inputs.image, inputs.mask, inputs.source):
        array.flags.writeable = False
    return inputs


def start(context: FakeContext, image: F32, alpha: F32 | None = None, **params: Any) -> PictureResult:
    return run(to_inputs(image, alpha), Params(model="net", **params), context)


def whole(result: PictureResult) -> tuple[F32, F32 | None]:
    """All strips put together, with every promise about them checked."""
    strips = list(result.strips)
    image = np.concatenate([strip.image for strip in strips])
    assert image.shape == (result.height, result.width, 3)
    assert image.dtype == np.float32
    assert np.isfinite(image).all()
    parts = [strip.alpha for strip in strips if strip.alpha is not None]
    if not parts:
        return image, None
    alpha = np.concatenate(parts)
    assert alpha.shape == image.shape[:2]
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    return image, alpha


def enlarged(net: Net, factor: int, image: F32, **params: Any) -> F32:
    return whole(start(Fake(net, facts(factor)).context, image, **params))[0]
