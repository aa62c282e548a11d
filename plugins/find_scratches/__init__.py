"""Find scratches: makes a mask of scratches, hairs and folds on scans of old photos, to be corrected by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Choice, Doc, Range
from editor.sdk.plugin import Inputs, Makes, MaskResult, Plugin


@dataclass(frozen=True, slots=True)
class Params:
    tone: Annotated[
        str,
        Choice((("both", N_("Bright and dark")), ("bright", N_("Bright")), ("dark", N_("Dark")))),
        Doc(N_("Tone"), N_("Whether scratches are brighter or darker than what is around them.")),
    ] = "both"
    sensitivity: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(
            N_("Sensitivity"),
            N_("More finds fainter and shorter scratches, and takes more lines of the photo itself for scratches."),
        ),
    ] = 50
    widest_px: Annotated[
        int,
        Range(2, 14, unit="px"),
        Doc(N_("Widest"), N_("Lines up to about this width are found; folds are wider than scratches.")),
    ] = 7
    grow_px: Annotated[
        int,
        Range(0, 10, unit="px"),
        Doc(N_("Grow"), N_("How far the mask goes beyond the scratch on each side, so that its soft edge goes, too.")),
    ] = 2


def run(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """Masks the scratches of the whole picture; where there are none, nothing, and says so. Raises Cancelled."""
    from plugins.find_scratches import method  # numba must not be imported when plugins are listed

    return method.find(inputs, params, ctx)


def warm_up() -> None:
    """Compiles all kernels into numba's cache on disk, so that the first run does not wait for them (some seconds)."""
    from plugins.find_scratches import method

    method.warm_up()


PLUGIN = Plugin(
    id="find_scratches",
    version=1,
    title=N_("Find scratches"),
    summary=N_(
        "Masks scratches, hairs and folds of old photos. Correct the mask with brush and eraser, then choose a fill, "
        "such as GAN fill."
    ),
    params=Params,
    run=run,
    makes=Makes.MASK,
    random=False,
)
