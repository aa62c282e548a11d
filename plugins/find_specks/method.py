"""Looks for specks strip by strip, so that a large picture takes little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editor.imaging import specks
from editor.sdk.context import Context
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Inputs, MaskResult

if TYPE_CHECKING:
    from plugins.find_specks import Params

_ROWS = 512


def density(inputs: Inputs, params: Params, ctx: Context) -> specks.Density:
    """See `plugins.find_specks.prepare`."""
    return specks.density(inputs.image, _sought(params), ctx.check)


def find(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """See `plugins.find_specks.run`."""
    ctx.progress(0.0, _("Looking for specks"))
    sought = _sought(params)
    dense = inputs.prepared if isinstance(inputs.prepared, specks.Density) else density(inputs, params, ctx)
    mask = np.zeros(inputs.mask.shape, np.float32)
    height = len(mask)
    done: list[int] = []

    def work(top: int) -> None:
        ctx.check()
        above = max(0, top - sought.reach_px)
        below = min(height, top + _ROWS + sought.reach_px)
        found = np.any(
            specks.find(inputs.image[above:below], sought, dense, (0, above), ctx.check), axis=2, keepdims=True
        )
        mask[top : top + _ROWS] = found[top - above :, :, 0][:_ROWS]
        done.append(top)
        ctx.progress(min(1.0, len(done) * _ROWS / height))

    ctx.map(work, range(0, height, _ROWS))
    if inputs.alpha is not None:
        mask[inputs.alpha == 0] = 0
    ctx.progress(1.0)
    count, _labels = cv2.connectedComponents((mask > 0).view(np.uint8), connectivity=8)
    # What is left is not a speck but the ground that they lie on.
    found = {N_("specks found"): count - 1, N_("px found"): int(np.count_nonzero(mask))}
    if count > 1:
        return MaskResult(mask, found)
    return MaskResult(mask, {**found, N_("to find more"): _("raise the sensitivity or choose another kind")})


def _sought(params: Params) -> specks.Sought:
    return specks.Sought(params.kind, params.sensitivity, params.largest_px)
