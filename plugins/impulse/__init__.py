"""Repairs specks: salt and pepper, pixels of any wrong value, hot and dead pixels, dust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Choice, Doc, ModelOf, OnlyWith
from editor.sdk.plugin import Inputs, Local, Needs, Plugin, Result
from editor.sdk.recipe import Loss, Recipe, planes_export
from editor.sdk.specks import KIND, LARGEST_PX, SENSITIVITY, Kind, LargestPx, Sensitivity

_OVERLAP_PX = 48
# What is looked at to find the largest specks, and to mend them without the network, see `plugins.impulse.method`.
_CLASSICAL_PX = 280
_SEARCHED = OnlyWith("repair", ("found",))


@dataclass(frozen=True, slots=True)
class Params:
    repair: Annotated[
        str,
        Choice((("mask", N_("All that is masked")), ("found", N_("Specks that it finds")))),
        Doc(
            N_("Repair"),
            N_(
                "All that is masked is made anew as it is. Or specks are looked for, within the mask or without one "
                "everywhere, and nothing else changes."
            ),
        ),
    ] = "mask"
    kind: Annotated[Kind, _SEARCHED] = KIND
    sensitivity: Annotated[Sensitivity, _SEARCHED] = SENSITIVITY
    largest_px: Annotated[LargestPx, _SEARCHED] = LARGEST_PX
    learned: Annotated[
        bool,
        Doc(N_("Use the network"), N_("Refines the repair by a network. Without it, it is faster and smoother.")),
    ] = True
    model: Annotated[
        str, ModelOf("impulse"), OnlyWith("learned"), Doc(N_("Model"), N_("Which network refines the repair."))
    ] = "impulse"


def prepare(inputs: Inputs, params: Params, ctx: Context) -> Any:
    """What must be the same in all parts of the picture: whether specks are looked for, and how dense they are."""
    from plugins.impulse import method  # OpenCV must not be imported when plugins are listed

    return method.prepared(inputs, params, ctx)


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The picture without its specks; see `plugins.impulse.method`.

    Raises:
        MaskError: nothing is masked, or there is nothing clean to repair from.
        ModelError: the model is not installed, is not one that repairs specks, or failed.
        Cancelled: the user cancelled.
    """
    from plugins.impulse import method

    return method.repair(inputs, params, ctx)


_RECIPE = Recipe(
    net="plugins.impulse.net",
    network="planes_unet",
    starts_from=(("denoise", 1),),
    version=1,
    patch_px=64,
    batch=8,
    losses=(Loss("charbonnier"),),
    rate=1e-3,
    fine_rate=6e-4,
    export=planes_export("impulse", _OVERLAP_PX),
)

PLUGIN = Plugin(
    id="impulse",
    version=1,
    title=N_("Repair specks"),
    summary=N_("Repairs wrong pixels and dust from the clean pixels around them, and touches nothing else."),
    params=Params,
    prepare=prepare,
    prepares_from=("repair", "kind", "sensitivity", "largest_px"),
    run=run,
    needs=Needs(scope=Local(_OVERLAP_PX + _CLASSICAL_PX)),
    random=False,
    keeps_mean=False,
    recipe=_RECIPE,
)
