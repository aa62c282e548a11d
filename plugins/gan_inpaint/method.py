"""How GAN fill works, in the hole alone: by patches from the rest of the photo, then repaired by a network, see
`plugins.gan_inpaint.repair`; or by a model that invents all of it, see `plugins.gan_inpaint.fillers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editor.imaging.measures import texture_ratio
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Result
from plugins.gan_inpaint import fillers, repair

if TYPE_CHECKING:
    from plugins.gan_inpaint import Params


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The run of the plugin, see `plugins.gan_inpaint.run`. The report says how much texture the fill has."""
    facts = ctx.model(params.model)
    if fillers.takes(facts):
        filled = fillers.fill(inputs, facts, ctx)
        # What is invented hides nothing.
        alpha = None if inputs.alpha is None else np.where(inputs.mask > 0, np.float32(1), inputs.alpha)
    else:
        filled, alpha = repair.fill(inputs, params.repair / 100, facts, ctx)
    ctx.progress(1.0)
    hole = inputs.mask > 0
    texture = round(texture_ratio(filled, hole), 3) if hole.any() else 1.0
    return Result(filled, {"texture (1 = as around it)": texture}, alpha)
