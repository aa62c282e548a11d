"""Removes noise with a network that is told how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from editor.sdk.amounts import Colour, Grain, Luminance
from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.noise_level import measured
from editor.sdk.params import Doc, Measured, ModelOf, Range
from editor.sdk.plugin import Inputs, Local, Needs, Plugin, Result
from editor.sdk.recipe import Loss, Recipe, planes_export

_OVERLAP_PX = 48
# What the method itself looks at around a result pixel, see `plugins.denoise.method`.
_SMOOTHING_PX = 40

STRONGEST = 75.0
"""The highest noise level, in 255 levels."""


@dataclass(frozen=True, slots=True)
class Params:
    model: Annotated[str, ModelOf("denoise"), Doc(N_("Model"), N_("Which network removes the noise."))] = "denoise"
    level: Annotated[
        float,
        Range(0, STRONGEST, step=0.5, lowest=N_("auto")),
        Measured(partial(measured, strongest=STRONGEST)),
        Doc(
            N_("Noise level"),
            N_("How strong the noise is, as a standard deviation in 255 levels. 0 (auto) measures it in each photo."),
        ),
    ] = 0.0
    strength: Annotated[
        int,
        Range(0, 150, step=5, unit="%"),
        Doc(
            N_("Strength"),
            N_("How strong the network takes the noise to be. More is smoother, less keeps more texture."),
        ),
    ] = 100
    luminance: Luminance = 100
    colour: Colour = 100
    grain: Grain = 0


def prepare(inputs: Inputs, params: Params, ctx: Context) -> Any:
    """The noise level of the whole picture, as typed, or measured where 0 was, and whether noise was cut off."""
    from plugins.denoise import method  # OpenCV must not be imported when plugins are listed

    return method.prepared(inputs, params, ctx)


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The picture without its noise; see `plugins.denoise.method`.

    Raises:
        ModelError: the model is not installed, is not one that removes noise, or failed.
        Cancelled: the user cancelled.
    """
    from plugins.denoise import method

    return method.denoise(inputs, params, ctx)


_RECIPE = Recipe(
    net="plugins.denoise.net",
    network="planes_unet",
    version=1,
    patch_px=64,
    batch=8,
    losses=(Loss("charbonnier"),),
    rate=1e-3,
    fine_rate=2e-4,
    lifts_noise=True,
    export=planes_export("denoise", _OVERLAP_PX),
)

PLUGIN = Plugin(
    id="denoise",
    version=1,
    title=N_("Denoise"),
    summary=N_("Removes noise, by a network that has learned what photos look like without it."),
    params=Params,
    prepare=prepare,
    prepares_from=("level",),
    run=run,
    needs=Needs(scope=Local(_OVERLAP_PX + _SMOOTHING_PX)),
    random=False,
    recipe=_RECIPE,
)
