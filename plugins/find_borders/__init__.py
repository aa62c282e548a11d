"""Find empty borders: makes a mask of the wedges and strips that straightening and stitching leave at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Doc, Range
from editor.sdk.plugin import Inputs, Makes, MaskResult, Plugin


@dataclass(frozen=True, slots=True)
class Params:
    tolerance: Annotated[
        int,
        Range(0, 32),
        Doc(
            N_("Tolerance"),
            N_(
                "By how many of 255 levels an empty border may differ from its one colour: some for a JPEG. What is "
                "transparent is found in any case."
            ),
        ),
    ] = 6
    grow_px: Annotated[
        int,
        Range(0, 20, unit="px"),
        Doc(N_("Grow"), N_("How far the mask goes into the photo, so that the mixed pixels along the border go, too.")),
    ] = 3


def run(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """Masks the empty borders of the whole picture; where there are none, nothing, and says so. Raises Cancelled."""
    from plugins.find_borders import method  # OpenCV must not be imported when plugins are listed

    return method.find(inputs, params, ctx)


PLUGIN = Plugin(
    id="find_borders",
    version=1,
    title=N_("Find empty borders"),
    summary=N_(
        "Masks what is transparent or of one colour along the edge of straightened, stitched and framed photos. Then "
        "choose a fill, such as Content-aware fill."
    ),
    params=Params,
    run=run,
    makes=Makes.MASK,
    random=False,
)
