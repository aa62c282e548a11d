"""Extend the picture: a new document with more on its sides, made from the photo by Content-aware fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.params import Doc, Range
from editor.sdk.plugin import Inputs, Makes, Needs, PictureResult, Plugin

_SIDE = Range(0, 25, unit="%")


@dataclass(frozen=True, slots=True)
class Params:
    left: Annotated[int, _SIDE, Doc(N_("Left"), N_("How much is added on the left, in parts of the width."))] = 10
    right: Annotated[int, _SIDE, Doc(N_("Right"), N_("How much is added on the right, in parts of the width."))] = 10
    top: Annotated[int, _SIDE, Doc(N_("Top"), N_("How much is added at the top, in parts of the height."))] = 10
    bottom: Annotated[int, _SIDE, Doc(N_("Bottom"), N_("How much is added at the bottom, in parts of the height."))] = (
        10
    )


def run(inputs: Inputs, params: Params, ctx: Context) -> PictureResult:
    """The picture with what is added around it; see `plugins.extend_canvas.method`.

    Raises:
        ParamError: nothing is to be added.
        MaskError: there is nothing to copy from.
        Cancelled: the user cancelled.
    """
    from plugins.extend_canvas import method

    return method.extend(inputs, params, ctx)


PLUGIN = Plugin(
    id="extend_canvas",
    version=1,
    title=N_("Extend the picture"),
    summary=N_("Opens the photo with more on its sides, made of texture copied from it."),
    params=Params,
    run=run,
    needs=Needs(source=True),
    makes=Makes.PICTURE,
)
