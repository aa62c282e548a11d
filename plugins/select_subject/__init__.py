"""Select subject: finds what a photo is of, and makes a mask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.params import Doc, ModelOf, Range
from editor.sdk.plugin import Inputs, Makes, MaskResult, Plugin


@dataclass(frozen=True, slots=True)
class Params:
    model: Annotated[str, ModelOf("subject"), Doc("Model", "The network that finds the subject.")] = "u2netp"
    threshold: Annotated[
        int,
        Range(1, 99, unit="%"),
        Doc("Certainty", "How sure the network must be. Lower it where parts of the subject are missing."),
    ] = 50
    softness: Annotated[
        int,
        Range(0, 100, unit="%"),
        Doc("Softness", "0 makes a hard edge; 100 keeps hair and feathers as faint as they were found."),
    ] = 60
    reach: Annotated[
        float,
        Range(0.2, 4, step=0.1, unit="%"),
        Doc(
            "Edge reach",
            "How far around the found edge the photo's own edges are looked for, in parts of the subject's size. "
            "More catches hair that stands off, less keeps the background out.",
        ),
    ] = 1.0
    detail: Annotated[
        int,
        Range(0, 100, unit="%"),
        Doc("Edge detail", "How closely the mask follows the photo's edges. Less is smoother."),
    ] = 60


def run(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """Selects the subject of the whole picture.

    Raises:
        MaskError: nothing stands out.
        ModelError: the model is not installed or failed.
        Cancelled: the user cancelled.
    """
    from plugins.select_subject import method  # OpenCV must not be imported when plugins are listed

    return method.select(inputs, params, ctx)


PLUGIN = Plugin(
    id="select_subject",
    version=1,
    title="Select subject",
    summary="Masks what the photo is of, along its edges.",
    params=Params,
    run=run,
    makes=Makes.MASK,
    random=False,
)
