"""GAN fill: what was painted over is filled by patches, and the fill repaired by a network that learned against a
critic; or a model invents all of it, and gets the photo's own detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.models import TensorSpec
from editor.sdk.params import Doc, ModelOf, Range
from editor.sdk.plugin import Holes, Inputs, Needs, Plugin, Result
from editor.sdk.recipe import Export, Loss, Recipe


@dataclass(frozen=True, slots=True)
class Params:
    repair: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(
            N_("Repair"),
            N_(
                "How far the editor's own network may change what was copied from elsewhere; 0 leaves the copy as is. "
                "Other models copy nothing, so this means nothing to them."
            ),
        ),
    ] = 100
    model: Annotated[
        str,
        ModelOf("fill"),
        Doc(N_("Model"), N_("Which network repairs the fill, or invents all of it.")),
    ] = "gan_inpaint"


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """Fills all of `inputs.mask` above 0, see `plugins.gan_inpaint.method`.

    Raises:
        MaskError: there is nothing to copy from.
        ModelError: the model is not installed, neither fills nor repairs fills, or failed.
        Cancelled: the user cancelled.
    """
    from plugins.gan_inpaint import method  # OpenCV must not be imported when plugins are listed

    return method.fill(inputs, params, ctx)


def _offered(params: Params) -> bool:
    # The own network mends what Content-aware fill made, which eyes prefer no more often than that as it is.
    return params.model != Params().model


_RECIPE = Recipe(
    net="plugins.gan_inpaint.net",
    version=1,
    patch_px=256,
    batch=6,
    losses=(Loss("l1", 12.0), Loss("sharpness", 20.0), Loss("perceptual", 2.0, optional=True), Loss("hinge", 0.01)),
    rate=1e-3,
    fine_rate=5e-4,
    critic_penalty=1e-4,
    cell_px=256,
    prepares="plugins.gan_inpaint.holes",
    export=Export(
        role="fill",
        input=TensorSpec("planes", "NCHW", "float32", (0.0, 1.0), "planes", 7),
        output=TensorSpec("picture", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        multiple_of=8,
        minimum=64,
        overlap_px=96,
        memory_mb_per_mp=500,
    ),
)

PLUGIN = Plugin(
    id="gan_inpaint",
    version=1,
    title=N_("GAN fill"),
    summary=N_(
        "Fills the painted area as Content-aware fill does, then mends thin lines and the fill's rim by a network; or "
        "a model invents the fill, and gets the photo's own detail."
    ),
    params=Params,
    run=run,
    needs=Needs(mask=True, source=True, scope=Holes(context_px=256, context_ratio=1.0)),
    task="fill",
    offered=_offered,
    candidates=1,
    recipe=_RECIPE,
)
