"""Grows the borders that are found, and says how much of the picture they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editor.imaging import borders, masks
from editor.sdk.context import Context
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Inputs, MaskResult

if TYPE_CHECKING:
    from plugins.find_borders import Params


def find(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """See `plugins.find_borders.run`."""
    ctx.progress(0.0, _("Looking for empty borders"))
    # Half a level more, for values that are rounded.
    found = borders.find(inputs.image, inputs.alpha, (params.tolerance + 0.5) / 255, ctx.check)
    ctx.progress(0.9)
    if not found.any() or found.all():
        note = _("No empty borders were found: raise the tolerance, or paint them.")
        return MaskResult(np.zeros(found.shape, np.float32), note=note)
    grown = masks.grow(found.astype(np.uint8), params.grow_px) if params.grow_px else found.astype(np.uint8)
    ctx.progress(1.0)
    px = int(np.count_nonzero(grown))
    covered = _("{px:,} px, {share:.2f} % of the picture").format(px=px, share=100 * px / grown.size)
    return MaskResult(grown.astype(np.float32), {N_("empty borders cover"): covered})
