"""How JPEG's traces are removed: a network is told how coarse the compression was, which the pixels show if need be.

The network's change keeps the mean over a distance, see `editor.imaging.change`: JPEG rounds it to either side alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editor.imaging import change, jpeg
from editor.sdk.context import Context
from editor.sdk.errors import ModelError
from editor.sdk.i18n import N_, _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, Result

if TYPE_CHECKING:
    from plugins.jpeg_repair import Params

# The network halves the picture three times, and sees the same grid in every tile and under every mask.
_GRID_PX = 8
_MOST_COARSE = 0.3


def prepared(inputs: Inputs, params: Params, ctx: Context) -> int:
    """The quality: as typed, or as found in the whole picture; 0 if it has no traces of JPEG."""
    ctx.check()
    if params.jpeg_quality > 0:
        return params.jpeg_quality
    image = inputs.image
    if inputs.alpha is not None:
        # In black nothing is looked for; nor shall it be in what is invisible.
        image = np.where(inputs.alpha[..., None] > 0, image, np.float32(0))
    return jpeg.find(image, ctx.check) or 0


def repair(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.jpeg_repair.run`. The report says the quality that was used or found."""
    quality = inputs.prepared if isinstance(inputs.prepared, int) else prepared(inputs, params, ctx)
    ctx.progress(0.0, _("Repairing JPEG"))
    facts = ctx.model(params.model)
    _check(facts)
    report: dict[str, float | str] = {N_("JPEG quality"): str(quality) if quality else _("none found")}
    if quality == 0 or params.strength == 0:
        return Result(inputs.image.copy(), report)
    coarse = min(_MOST_COARSE, jpeg.coarseness(quality) * params.strength / 100)
    seen = np.clip(inputs.image, 0, 1)
    repaired = _repaired(facts, seen, coarse, ctx)
    ctx.check()
    wanted = change.wanted(change.without_drift(repaired - seen), params.luminance / 100, params.colour / 100)
    result = change.applied(inputs.image, wanted)
    ctx.check()
    return Result(result, report)


def _repaired(facts: ModelFacts, image: Image, coarse: float, ctx: Context) -> Image:
    """What the network makes of a picture, H x W x 3 float32 RGB 0..1."""
    left, top = (place % _GRID_PX for place in ctx.origin)
    framed = np.pad(image, ((top, 0), (left, 0), (0, 0)), mode="symmetric")
    tensor: NDArray[np.float32] = np.empty((1, 4, *framed.shape[:2]), np.float32)
    tensor[0, :3] = framed.transpose(2, 0, 1)
    tensor[0, 3] = coarse
    results = ctx.infer(facts.id, {facts.inputs[0].name: tensor})
    return facts.outputs[0].to_picture(results[facts.outputs[0].name])[top:, left:]


def _check(facts: ModelFacts) -> None:
    fits = len(facts.inputs) == 1 and len(facts.outputs) == 1 and facts.scale == 1
    if not fits or (facts.inputs[0].colour, facts.inputs[0].channels, facts.outputs[0].colour) != ("planes", 4, "RGB"):
        raise ModelError(_("{model} can't be used to repair JPEG: choose another model.").format(model=facts.title))
