"""Removes noise with a network that is told how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.models import TensorSpec
from editor.sdk.params import Doc, ModelOf, Range
from editor.sdk.plugin import Inputs, Local, Needs, Plugin, Result
from editor.sdk.recipe import Export, Loss, Recipe

_OVERLAP_PX = 48


@dataclass(frozen=True, slots=True)
class Params:
    model: Annotated[str, ModelOf("denoise"), Doc(N_("Model"), N_("Which network removes the noise."))] = "denoise"
    level: Annotated[
        float,
        Range(0, 75),
        Doc(N_("Noise level"), N_("Standard deviation of the noise, of 255 levels.")),
    ] = 10.0


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The picture without its noise: K. Zhang, W. Zuo, L. Zhang: FFDNet, 2018, with a level for every pixel."""
    level = np.full((*inputs.image.shape[:2], 1), params.level / 255, np.float32)
    planes = np.concatenate([inputs.image, level], axis=2)
    (result,) = ctx.infer(params.model, {"planes": planes}).values()
    return Result(np.clip(result, 0, 1))


_RECIPE = Recipe(
    net="plugins.denoise.net",
    version=1,
    patch_px=64,
    batch=8,
    losses=(Loss("charbonnier"),),
    rate=1e-3,
    fine_rate=2e-4,
    lifts_noise=True,
    export=Export(
        role="denoise",
        input=TensorSpec("planes", "NCHW", "float32", (0.0, 1.0), "planes", 4),
        output=TensorSpec("picture", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        multiple_of=8,
        minimum=16,
        overlap_px=_OVERLAP_PX,
        memory_mb_per_mp=300,
    ),
)

PLUGIN = Plugin(
    id="denoise",
    version=1,
    title=N_("Denoise"),
    summary=N_("Removes noise, by a network that has learned what photos look like without it."),
    params=Params,
    run=run,
    needs=Needs(scope=Local(_OVERLAP_PX)),
    random=False,
    recipe=_RECIPE,
)
