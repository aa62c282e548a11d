"""How GAN fill works, in the hole alone: by patches from the rest of the photo, then repaired by a network; or by a
model that invents all of it, see `plugins.gan_inpaint.fillers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editor.imaging.blend import hole_box
from editor.imaging.measures import texture_ratio
from editor.sdk.context import Context
from editor.sdk.errors import ModelError
from editor.sdk.i18n import _
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, Result
from plugins.gan_inpaint import fillers

if TYPE_CHECKING:
    from plugins.gan_inpaint import Params

Bool = NDArray[np.bool_]

# The network halves the picture three times, and sees the same grid whatever is cut out.
_GRID_PX = 8
_RING_PX = 16


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.gan_inpaint.run`. The report says how much texture the fill has."""
    facts = ctx.model(params.model)
    hole = inputs.mask > 0
    if fillers.takes(facts):
        invented = fillers.fill(inputs, facts, ctx)
        ctx.progress(1.0)
        return Result(invented, {"texture": _texture(invented, hole)})
    _check(facts)
    filled = ctx.sub(0.0, 0.7).run("content_fill", inputs).image
    result = filled.copy()
    if hole.any() and params.repair > 0:
        ctx.progress(0.7, _("Repairing the fill"))
        box = _around(hole, facts.overlap_px or 0, ctx.origin)
        repaired = _repaired(filled[box], hole[box], facts, ctx.sub(0.7, 1.0))
        share = np.float32(params.repair / 100)
        result[box][hole[box]] += share * (repaired - filled[box])[hole[box]]
    return Result(np.clip(result, 0, 1, out=result), {"texture": _texture(result, hole)})


def _check(facts: ModelFacts) -> None:
    fits = len(facts.inputs) == 1 and len(facts.outputs) == 1 and facts.scale == 1
    if not fits or (facts.inputs[0].colour, facts.inputs[0].channels, facts.outputs[0].colour) != ("planes", 4, "RGB"):
        raise ModelError(_("{model} can't be used to repair fills: choose another model.").format(model=facts.title))


def _around(hole: Bool, reach: int, origin: tuple[int, int]) -> tuple[slice, slice]:
    """The box of the hole and `reach` pixels more, as far as there are, from a line of the document's grid on."""
    spans = []
    for side, length, start in zip(hole_box(hole), hole.shape, reversed(origin), strict=True):
        first = max(0, side.start - reach)
        on_grid = first - (start + first) % _GRID_PX
        spans.append(slice(on_grid if on_grid >= 0 else first, min(length, side.stop + reach)))
    return spans[0], spans[1]


def _repaired(filled: Image, hole: Bool, facts: ModelFacts, ctx: Context) -> Image:
    """What the network makes of a filled picture."""
    planes = np.dstack((np.clip(filled, 0, 1), hole.astype(np.float32)))
    tensor = np.ascontiguousarray(planes.transpose(2, 0, 1))[None]
    results = ctx.infer(facts.id, {facts.inputs[0].name: tensor})
    return facts.outputs[0].to_picture(results[facts.outputs[0].name])


def _texture(result: Image, hole: Bool) -> float:
    return round(texture_ratio(result, hole, _RING_PX), 3) if hole.any() else 1.0
