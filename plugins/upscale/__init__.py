"""Enlarging: a network draws the new detail, the photo keeps its colours and its grain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Doc, ModelOf, Range
from editor.sdk.plugin import Inputs, Makes, PictureResult, Plugin


@dataclass(frozen=True, slots=True)
class Params:
    scale: Annotated[
        float,
        Range(1, 8, step=0.01),
        Doc(N_("Scale"), N_("How many times as wide and as high the picture gets.")),
    ] = 2.0
    model: Annotated[
        str,
        ModelOf("upscale"),
        Doc(N_("Model"), N_("The network that draws the new detail.")),
    ] = "span_x2"
    detail: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(
            N_("Detail"),
            N_("How much of the network's detail is taken. 0 enlarges smoothly; colours stay the same in any case."),
        ),
    ] = 100
    grain: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(N_("Grain"), N_("How much of the photo's own grain that the network smoothed away is made anew.")),
    ] = 50


def run(inputs: Inputs, params: Params, ctx: Context) -> PictureResult:
    """Enlarges the whole picture to round(scale * side) pixels; see `plugins.upscale.method`.

    Raises:
        ModelError: the model is not installed, or failed.
        Cancelled: the user cancelled.
    """
    from plugins.upscale import method  # numba must not be imported when plugins are listed

    return method.enlarge(inputs, params, ctx)


def warm_up() -> None:
    """Compiles all kernels into numba's cache on disk, so that the first run does not wait for them (some seconds)."""
    from plugins.upscale import method

    method.warm_up()


PLUGIN = Plugin(
    id="upscale",
    version=1,
    title=N_("Upscale"),
    summary=N_("Enlarges the photo to any scale with a network that draws fine detail."),
    params=Params,
    run=run,
    makes=Makes.PICTURE,
    random=False,
)
