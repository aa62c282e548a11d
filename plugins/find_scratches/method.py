"""Hands the picture's brightness to the search for lines, and draws what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editor.imaging import scratches
from editor.imaging.bands import Band, bands, checked
from editor.imaging.measures import BRIGHTNESS
from editor.sdk.context import Context
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Inputs, MaskResult

if TYPE_CHECKING:
    from plugins.find_scratches import Params


def find(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """See `plugins.find_scratches.run`."""
    ctx.progress(0.0, _("Looking for scratches"))
    high, wide = inputs.mask.shape
    light = np.empty((high, wide), np.float32)

    each = checked(ctx.map, ctx.check)

    def brightness(rows: Band) -> None:
        np.clip(inputs.image[slice(*rows)] @ BRIGHTNESS, 0, 1, out=light[slice(*rows)])

    each(brightness, bands(high, wide))
    sought = scratches.Sought(params.sensitivity, params.widest_px, params.tone)
    found = scratches.find(light, sought, each, ctx.progress)
    mask = scratches.drawn(found, (high, wide), params.grow_px).astype(np.float32)
    if inputs.alpha is not None:
        mask[inputs.alpha == 0] = 0
    ctx.progress(1.0)
    px = int(np.count_nonzero(mask))
    if not px:
        return MaskResult(
            mask, note=_("No scratches were found: raise the sensitivity, or the widest that is looked for.")
        )
    # Not how many: where they cross, nobody knows which goes on as which.
    covered = _("{px:,} px, {share:.2f} % of the picture").format(px=px, share=100 * px / mask.size)
    return MaskResult(mask, {N_("scratches cover"): covered})


def warm_up() -> None:
    """Runs every kernel once on a few pixels."""
    light = np.full((80, 80), 0.5, np.float32)
    light[:, 40] = 1
    scratches.find(light, scratches.Sought())
