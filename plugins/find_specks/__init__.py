"""Find specks: makes a mask of wrong pixels and dust, to be corrected by hand before they are repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.plugin import Inputs, Makes, MaskResult, Plugin
from editor.sdk.specks import KIND, LARGEST_PX, SENSITIVITY, Kind, LargestPx, Sensitivity


@dataclass(frozen=True, slots=True)
class Params:
    kind: Kind = KIND
    sensitivity: Sensitivity = SENSITIVITY
    largest_px: LargestPx = LARGEST_PX


def prepare(inputs: Inputs, params: Params, ctx: Context) -> Any:
    """How dense the specks are, by what the method that repairs them sees, too: so both find the same."""
    from plugins.find_specks import method  # OpenCV must not be imported when plugins are listed

    return method.density(inputs, params, ctx)


def run(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """Masks the specks of the whole picture; where there are none, nothing. Raises Cancelled."""
    from plugins.find_specks import method

    return method.find(inputs, params, ctx)


PLUGIN = Plugin(
    id="find_specks",
    version=1,
    title=N_("Find specks"),
    summary=N_("Masks wrong pixels and dust. Correct the mask with brush and eraser, then choose Repair specks."),
    params=Params,
    prepare=prepare,
    run=run,
    makes=Makes.MASK,
    random=False,
)
