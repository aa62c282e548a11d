"""BM3D on a photo: in brightness and two colours, and only as much of what it takes away as the user wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editor.imaging import change
from editor.sdk.context import Context
from editor.sdk.i18n import N_, _
from editor.sdk.plugin import Image, Inputs, Mask, Result
from plugins.bm3d import core, strength
from plugins.bm3d.strength import OPPONENT, Noise

if TYPE_CHECKING:
    from plugins.bm3d import Params

_DETAIL_TAPS, _DETAIL_SIGMA = 13, 2.0


def denoise(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.bm3d.run`."""
    found = inputs.prepared if isinstance(inputs.prepared, Noise) else strength.find(inputs, params, ctx)
    ctx.progress(0.0, _("Removing noise"))
    report = {N_("level"): round(found.level, 2)}
    if params.strength == 0 or found.level == 0 or not (inputs.mask > 0).any():
        return Result(inputs.image.copy(), report)
    variances = found.variances(params.strength / 100)
    filtered = _filtered(found.stabiliser.forward(inputs.image), variances, found.grey, inputs, params, ctx)
    clean = found.stabiliser.back(filtered)
    ctx.check()
    taken = clean - inputs.image
    taken[:] = change.wanted(taken, params.luminance / 100, params.colour / 100, params.grain / 100)
    if params.detail:
        taken *= 1 - np.float32(params.detail / 100) * _excess(taken, float(found.variances(1.0).mean()))[..., None]
    return Result(change.applied(inputs.image, taken), report)


def _filtered(image: Image, variances: Image, grey: bool, inputs: Inputs, params: Params, ctx: Context) -> Image:
    """The picture without noise where the mask is; elsewhere as it was."""
    high, wide = image.shape[:2]
    # What is smaller than a block is mirrored up to one.
    below, right = max(0, core.SIDE - high), max(0, core.SIDE - wide)
    padded = np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric") if below or right else image
    # Seen in all of the picture, so that tiles agree; and looked at again, as not all of a large one was seen.
    grey = grey and strength.is_grey(image)
    profile = core.PROFILES[params.profile][0 if grey else 1]
    area = _area(inputs.mask)
    around = area.grown(profile.halo_px, *padded.shape[:2])
    cut = padded[around.top : around.bottom, around.left : around.right]
    planes = np.ascontiguousarray((cut @ OPPONENT[:1].T if grey else cut @ OPPONENT.T).transpose(2, 0, 1))
    inside = core.Box(
        area.top - around.top, area.left - around.left, area.bottom - around.top, area.right - around.left
    )
    origin = (ctx.origin[0] + around.left, ctx.origin[1] + around.top)
    result = core.denoise(planes, variances[: len(planes)], profile, inside, origin, ctx)
    here = result[:, inside.top : inside.bottom, inside.left : inside.right].transpose(1, 2, 0)
    clean = image.copy()
    clean[area.top : area.bottom, area.left : area.right] = here @ OPPONENT[: len(planes)]
    return clean


def _area(mask: Mask) -> core.Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return core.Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _excess(taken: Image, variance: float) -> Mask:
    """H x W, 0..1: the share of what was taken away that is more than noise has, by Wiener's rule."""
    energy = cv2.GaussianBlur(np.square(taken).mean(axis=2), (_DETAIL_TAPS, _DETAIL_TAPS), _DETAIL_SIGMA)
    return np.asarray(np.clip(1 - variance / np.maximum(energy, 1e-12), 0, 1), np.float32)
