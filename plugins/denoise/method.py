"""How noise is removed: what the network takes away, divided into brightness and colour, without a shift of either.

A network that is told the noise level (K. Zhang, W. Zuo, L. Zhang: FFDNet, 2018, https://arxiv.org/abs/1710.04026)
makes N of the picture S. Its change C = N - S is noise: what it did to colours over a distance is taken back, see
`editor.imaging.change`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import change
from editor.sdk import noise_level
from editor.sdk.context import Context
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Image, Inputs, Result
from plugins.denoise import STRONGEST, networks

if TYPE_CHECKING:
    from plugins.denoise import Params

# Networks that halve the picture see the same grid in every tile and under every mask.
_GRID_PX = 8
# Noise of floats goes beyond black and white by so many standard deviations; what goes farther is light.
_FARTHEST_NOISE = 4.0
_EXCESS_SIGMA = 2.0
_EXCESS_TAPS = 13


@dataclass(frozen=True, slots=True)
class Prepared:
    """level: of the noise, in 255 levels, at most 75. clipped: whether it is cut off at black and white."""

    level: float
    clipped: bool


def prepared(inputs: Inputs, params: Params, ctx: Context) -> Prepared:
    """See `plugins.denoise.prepare`."""
    ctx.check()
    clipped = bool(inputs.image.min() >= 0 and inputs.image.max() <= 1)
    return Prepared(params.level if params.level > 0 else noise_level.level(inputs, STRONGEST), clipped)


def denoise(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.denoise.run`. The report says the noise level that was used or found."""
    known = inputs.prepared if isinstance(inputs.prepared, Prepared) else prepared(inputs, params, ctx)
    found = known.level
    ctx.progress(0.0, _("Removing noise"))
    facts = ctx.model(params.model)
    told = networks.takes_level(facts)
    strength = params.strength / 100
    report = {N_("level"): round(found, 2)}
    if strength == 0 or (told and found == 0):
        return Result(inputs.image.copy(), report)
    seen, noisy = _seen(inputs.image, found / 255 if told else 0)
    padded, top, left = _on_grid(seen, ctx.origin)
    cleaned = networks.clean(facts, padded, min(STRONGEST, found * strength) / 255, ctx)[top:, left:]
    ctx.check()
    removed = (cleaned - seen) * noisy
    if not told:
        removed *= np.float32(min(1.0, strength))
    removed = change.without_drift(removed, cleaned if known.clipped else None, found / 255)
    ctx.check()
    shares = (params.luminance / 100, params.colour / 100, params.grain / 100)
    result = change.applied(inputs.image, change.wanted(removed, *shares))
    ctx.check()
    return Result(result, report)


def _seen(image: Image, level: float) -> tuple[Image, NDArray[np.bool_]]:
    """What a network that knows 0..1 is given of a picture, and where that is all there is: H x W x 3 both.

    Noise of floats goes beyond 0..1, and a network that learned from such must see it, or it takes dark places for
    brighter. Light beyond 0..1 is kept from it: that of a neighbourhood is taken off, that of single pixels is cut off.
    """
    if image.min() >= 0 and image.max() <= 1:
        return image, np.ones(image.shape, np.bool_)
    around = np.asarray(cv2.GaussianBlur(image, (_EXCESS_TAPS, _EXCESS_TAPS), _EXCESS_SIGMA), np.float32)
    within = image - (around - np.clip(around, 0, 1))
    margin = np.float32(_FARTHEST_NOISE * level)
    seen = np.clip(within, -margin, 1 + margin)
    return seen, seen == within


def _on_grid(image: Image, origin: tuple[int, int]) -> tuple[Image, int, int]:
    """The picture with reflected rows and columns before it, so that it begins where the document's grid does."""
    left, top = (place % _GRID_PX for place in origin)
    return np.pad(image, ((top, 0), (left, 0), (0, 0)), mode="symmetric"), top, left
