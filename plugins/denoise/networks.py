"""The networks that remove noise, told apart by what is known of them, and what each is asked."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.sdk.context import Context
from editor.sdk.errors import ModelError
from editor.sdk.i18n import _
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Image

# What SRMD wants to know of the blur: that there is none (a single pixel, in its authors' basis).
_SHARP = (
    *(-1.12360956e-08, -1.36899159e-08, 1.85637958e-02, 2.86066886e-08, 3.35292965e-02),
    *(8.37272935e-08, -2.54424009e-07, -3.16234976e-02, -1.35169253e-02, -1.10466090e-08),
    *(3.84753793e-02, 3.79465739e-08, -2.44916752e-01, -8.02213490e-01, -5.40549755e-01),
)
_COLOURS = ("RGB", "BGR")


def takes_level(facts: ModelFacts) -> bool:
    """Whether the model is told how strong the noise is.

    Raises:
        ModelError: it is none that this method can use.
    """
    if len(facts.inputs) == 1 and facts.outputs:
        taken, given = facts.inputs[0], facts.outputs[0]
        planes = taken.colour == "planes" and taken.layout == "NCHW" and taken.dtype == "float32"
        if planes and given.colour in _COLOURS and (taken.channels, facts.scale) in ((4, 1), (4 + len(_SHARP), 2)):
            return True
        if facts.scale == 1 and any(taken.colour in kind and given.colour in kind for kind in (_COLOURS, ("grey",))):
            return False
    raise ModelError(
        _(
            "{model} can't be used to remove noise: it must turn a picture into one of the same size. "
            "Choose another model."
        ).format(model=facts.title)
    )


def clean(facts: ModelFacts, image: Image, level: float, ctx: Context) -> Image:
    """What the model makes of a picture: H x W x 3 float32 RGB 0..1.

    Args:
        facts: of a model of which `takes_level` said something.
        image: H x W x 3 float32 RGB 0..1; noise may go beyond where the model is told its level.
        level: standard deviation of the noise, 0..1; of no effect where the model is not told.
    """
    taken, given = facts.inputs[0], facts.outputs[0]
    if taken.colour == "planes":
        result = given.to_picture(_infer(facts, _planes(taken, image, level), ctx))
        if facts.scale > 1:
            # Each pixel is the mean of those that were made of it.
            return np.asarray(cv2.resize(result, image.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
        return result
    if taken.colour == "grey":
        channels = [taken.from_picture(image[..., channel : channel + 1]) for channel in range(3)]
        return np.concatenate([given.to_picture(_infer(facts, channel, ctx)) for channel in channels], axis=2)
    return given.to_picture(_infer(facts, taken.from_picture(image), ctx))


def _planes(taken: TensorSpec, image: Image, level: float) -> NDArray[np.float32]:
    known = (*(_SHARP if taken.channels > 4 else ()), level)
    tensor = np.empty((1, taken.channels, *image.shape[:2]), np.float32)
    tensor[0, :3] = image.transpose(2, 0, 1)
    tensor[0, 3:] = np.array(known, np.float32)[:, None, None]
    return tensor


def _infer(facts: ModelFacts, tensor: NDArray[np.generic], ctx: Context) -> NDArray[np.generic]:
    return ctx.infer(facts.id, {facts.inputs[0].name: tensor})[facts.outputs[0].name]
