"""How strong a picture's noise is, as all methods that remove it measure it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import MaskError
from editor.core.i18n import _
from editor.imaging import noise
from editor.sdk.context import Context
from editor.sdk.plugin import Image, Inputs


def visible(inputs: Inputs) -> Image:
    """The picture, H x W x 3 float32 RGB, held to 0..1, and black where nothing shows: black is not measured."""
    image: Image = np.clip(inputs.image, 0, 1)
    return image if inputs.alpha is None else np.where(inputs.alpha[..., None] > 0, image, np.float32(0))


def level(inputs: Inputs, strongest: float, where: NDArray[np.bool_] | None = None) -> float:
    """The noise level in 255 levels, at most `strongest`: of all of the picture, or of a part (H x W bool)."""
    image = visible(inputs)
    found = noise.whole_level(image) if where is None or where.all() else noise.level(image, where)
    return min(strongest, 255 * found)


def measured(inputs: Inputs, ctx: Context, strongest: float) -> float:
    """The noise level of what is under the mask, to the tenth, for `editor.sdk.params.Measured`.

    Raises:
        MaskError: there is no noise, or too little to measure is under the mask, or it is black or white.
    """
    ctx.check()
    found = round(level(inputs, strongest, inputs.mask >= 0.5), 1)
    if found == 0:
        raise MaskError(
            _("No noise was found: mark a flat patch, at least 32 pixels wide, that is neither black nor white.")
        )
    return found
