"""Repairs what JPEG compression did: blocks, ringing along edges, smeared colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Doc, ModelOf, Range
from editor.sdk.plugin import Inputs, Local, Needs, Plugin, Result
from editor.sdk.recipe import Loss, Recipe, planes_export

_OVERLAP_PX = 48
# What the method itself looks at around a result pixel, see `editor.imaging.change`.
_SMOOTHING_PX = 32


@dataclass(frozen=True, slots=True)
class Params:
    model: Annotated[str, ModelOf("jpeg"), Doc(N_("Model"), N_("Which network repairs the picture."))] = "jpeg"
    jpeg_quality: Annotated[
        int,
        Range(0, 100, lowest=N_("auto")),
        Doc(
            N_("Quality"),
            N_(
                "The JPEG quality that the photo was once saved with, 1 to 100. 0 (auto) finds it in the pixels, and "
                "leaves a photo without traces of JPEG as it is."
            ),
        ),
    ] = 0
    strength: Annotated[
        int,
        Range(0, 150, step=5, unit="%"),
        Doc(N_("Strength"), N_("How strong the network takes the compression to be. More is smoother.")),
    ] = 100
    luminance: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(N_("Luminance"), N_("How much of the repair is applied to brightness: blocks and ringing.")),
    ] = 100
    colour: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(N_("Colour"), N_("How much of the repair is applied to colour: smears and coloured blocks.")),
    ] = 100


def prepare(inputs: Inputs, params: Params, ctx: Context) -> Any:
    """How strongly the whole picture was compressed; see `plugins.jpeg_repair.method.prepared`."""
    from plugins.jpeg_repair import method  # OpenCV must not be imported when plugins are listed

    return method.prepared(inputs, params, ctx)


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The picture as it was before JPEG, as far as that can be guessed; see `plugins.jpeg_repair.method`.

    Raises:
        ModelError: the model is not installed, is not one that repairs JPEG, or failed.
        Cancelled: the user cancelled.
    """
    from plugins.jpeg_repair import method

    return method.repair(inputs, params, ctx)


_RECIPE = Recipe(
    net="plugins.jpeg_repair.net",
    network="planes_unet",
    starts_from=(("denoise", 1),),
    version=1,
    patch_px=64,
    batch=8,
    losses=(Loss("charbonnier"),),
    rate=1e-3,
    fine_rate=6e-4,
    export=planes_export("jpeg", _OVERLAP_PX),
)

PLUGIN = Plugin(
    id="jpeg_repair",
    version=1,
    title=N_("Repair JPEG"),
    summary=N_("Takes away the blocks, rings and smeared colours that strong JPEG compression leaves."),
    params=Params,
    prepare=prepare,
    prepares_from=("jpeg_quality",),
    run=run,
    needs=Needs(scope=Local(_OVERLAP_PX + _SMOOTHING_PX)),
    random=False,
    recipe=_RECIPE,
)
