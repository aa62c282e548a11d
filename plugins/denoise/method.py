"""How noise is removed: what the network takes away, divided into brightness and colour, without a shift of either.

A network that is told the noise level (K. Zhang, W. Zuo, L. Zhang: FFDNet, 2018, https://arxiv.org/abs/1710.04026)
makes N of the picture S. Its change C = N - S is noise, which has a mean of 0 wherever there is enough of it: so
C - G(C), with G a wide Gaussian, is what is applied, and whatever the network did to colours over a distance is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import noise
from editor.sdk.context import Context
from editor.sdk.errors import MaskError
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Image, Inputs, Mask, Result
from plugins.denoise import networks

if TYPE_CHECKING:
    from plugins.denoise import Params

_STRONGEST = 75.0
# Networks that halve the picture see the same grid in every tile and under every mask.
_GRID_PX = 8
_DRIFT_SIGMA = 12.0
_DRIFT_TAPS = 65
_BLOTCH_SIGMA = 1.5
_BLOTCH_TAPS = 11


def level(inputs: Inputs, params: Params, ctx: Context) -> float:
    """The noise level of the picture in 255 levels, at most 75; see `plugins.denoise.prepare`."""
    ctx.check()
    return params.level if params.level > 0 else _level(inputs, None)


def measured(inputs: Inputs, ctx: Context) -> float:
    """The noise level of what is under the mask, in 255 levels, at most 75, to the tenth.

    Raises:
        MaskError: there is no noise, or too little to measure is under the mask, or it is black or white.
    """
    ctx.check()
    found = round(_level(inputs, inputs.mask >= 0.5), 1)
    if found == 0:
        raise MaskError(
            _("No noise was found: mark a flat patch, at least 32 pixels wide, that is neither black nor white.")
        )
    return found


def _level(inputs: Inputs, where: NDArray[np.bool_] | None) -> float:
    image = inputs.image
    if inputs.alpha is not None:
        # Black is not measured; what is invisible shall not be, either.
        image = np.where(inputs.alpha[..., None] > 0, image, np.float32(0))
    return min(_STRONGEST, 255 * noise.level(np.clip(image, 0, 1), where))


def denoise(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.denoise.run`. The report says the noise level that was used or found."""
    found = inputs.prepared if isinstance(inputs.prepared, float) else level(inputs, params, ctx)
    ctx.progress(0.0, _("Removing noise"))
    facts = ctx.model(params.model)
    told = networks.takes_level(facts)
    strength = params.strength / 100
    report = {N_("level"): round(found, 2)}
    if strength == 0 or (told and found == 0):
        return Result(inputs.image.copy(), report)
    seen = np.clip(inputs.image, 0, 1)
    padded, top, left = _on_grid(seen, ctx.origin)
    cleaned = networks.clean(facts, padded, min(_STRONGEST, found * strength) / 255, ctx)
    ctx.check()
    change = cleaned[top:, left:] - seen
    if not told:
        change *= np.float32(min(1.0, strength))
    result = inputs.image + _wanted(change, params)
    # What a float document has beyond 0..1 stays.
    np.clip(result, min(0.0, float(inputs.image.min())), max(1.0, float(inputs.image.max())), out=result)
    ctx.check()
    return Result(result, report)


def _on_grid(image: Image, origin: tuple[int, int]) -> tuple[Image, int, int]:
    """The picture with reflected rows and columns before it, so that it begins where the document's grid does."""
    left, top = (place % _GRID_PX for place in origin)
    return np.pad(image, ((top, 0), (left, 0), (0, 0)), mode="symmetric"), top, left


def _wanted(change: Image, params: Params) -> Image:
    """The part of a change that is applied."""
    change = change - cv2.GaussianBlur(change, (_DRIFT_TAPS, _DRIFT_TAPS), _DRIFT_SIGMA, borderType=cv2.BORDER_REFLECT)
    light: Mask = change.mean(axis=2)
    colour = change - light[..., None]
    light = light * np.float32(params.luminance / 100)
    if params.grain:
        blotches = cv2.GaussianBlur(light, (_BLOTCH_TAPS, _BLOTCH_TAPS), _BLOTCH_SIGMA, borderType=cv2.BORDER_REFLECT)
        light = light - np.float32(params.grain / 100) * (light - blotches)
    return np.asarray(colour * np.float32(params.colour / 100) + light[..., None], np.float32)
