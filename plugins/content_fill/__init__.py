"""Content-aware fill: what was painted over is filled with pixels copied from the rest of the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from editor.sdk.context import Context
from editor.sdk.params import Doc, Range
from editor.sdk.plugin import Holes, Inputs, Needs, Plugin, Result


@dataclass(frozen=True, slots=True)
class Params:
    patch_px: Annotated[
        int,
        Range(3, 15, step=2, unit="px"),
        Doc(
            "Patch size",
            "How large a piece of texture is compared at a time. Larger keeps bigger structures whole, "
            "smaller follows fine and irregular texture.",
        ),
    ] = 7
    search: Annotated[
        int,
        Range(25, 400, step=25, unit="%"),
        Doc(
            "Search area",
            "How far around the hole texture is looked for. Less stays with what lies next to it, "
            "more finds repeats that are farther away.",
        ),
    ] = 100
    color_match: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(
            "Colour match",
            "How far into the hole brightness and colour are fitted to its surroundings. "
            "0 leaves the copied pixels exactly as they were.",
        ),
    ] = 100


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """Fills all of `inputs.mask` above 0 from `inputs.source`.

    Raises:
        MaskError: there is nothing to copy from.
        Cancelled: the user cancelled.
    """
    from plugins.content_fill import method  # numba must not be imported when plugins are listed

    return method.fill(inputs, params, ctx)


def warm_up() -> None:
    """Compiles all kernels into numba's cache on disk, so that the first fill does not wait for them (some seconds)."""
    from plugins.content_fill import method

    method.warm_up(Params())


PLUGIN = Plugin(
    id="content_fill",
    version=1,
    title="Content-aware fill",
    summary="Fills the painted area with texture copied from the rest of the photo.",
    params=Params,
    run=run,
    needs=Needs(mask=True, source=True, scope=Holes(context_px=256, context_ratio=1.0)),
    candidates=3,
    task="fill",
)
