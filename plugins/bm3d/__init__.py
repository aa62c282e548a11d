"""Removes noise by filtering blocks together that look alike, from wherever near by: BM3D."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from editor.sdk.amounts import Colour, Grain, Luminance
from editor.sdk.context import Context
from editor.sdk.i18n import N_
from editor.sdk.noise_level import measured
from editor.sdk.params import Choice, Doc, Measured, Range
from editor.sdk.plugin import Inputs, Local, Needs, Plugin, Result

if TYPE_CHECKING:
    from plugins.bm3d.strength import Noise

# What the method looks at around a result pixel: its two steps, see `plugins.bm3d.core.Profile.halo_px`, and what it
# smooths over in what it took away, see `plugins.bm3d.method`.
_HALO_PX = 104 + 32

STRONGEST = 100.0
"""The highest noise level, in 255 levels."""


@dataclass(frozen=True, slots=True)
class Params:
    profile: Annotated[
        str,
        Choice((("fast", N_("Fast")), ("normal", N_("Normal")), ("high", N_("High")))),
        Doc(N_("Quality"), N_("How thoroughly alike blocks are looked for. Fast takes half of Normal's time.")),
    ] = "normal"
    level: Annotated[
        float,
        Range(0, STRONGEST, step=0.5, lowest=N_("auto")),
        Measured(partial(measured, strongest=STRONGEST)),
        Doc(
            N_("Noise level"),
            N_("How strong the noise is, as a standard deviation in 255 levels. 0 (auto) measures it in each photo."),
        ),
    ] = 0.0
    kind: Annotated[
        str,
        Choice((("camera", N_("As in the photo")), ("white", N_("White")))),
        Doc(
            N_("Kind of noise"),
            N_(
                "Most cameras leave blotches two or three pixels wide: as in the photo measures how coarse they are. "
                "White is for fine, even noise, such as that of scans."
            ),
        ),
    ] = "camera"
    by_light: Annotated[
        bool,
        Doc(
            N_("Grows with light"),
            N_("For photos straight from the sensor, where bright parts are noisier than dark ones."),
        ),
    ] = False
    strength: Annotated[
        int,
        Range(0, 200, step=5, unit="%"),
        Doc(
            N_("Strength"),
            N_("How strong the noise is taken to be. More is smoother, less keeps more texture."),
        ),
    ] = 100
    luminance: Luminance = 100
    colour: Colour = 100
    detail: Annotated[
        int,
        Range(0, 100, step=5, unit="%"),
        Doc(
            N_("Detail"),
            N_("How much is given back where more was taken away than noise, as in fine texture."),
        ),
    ] = 0
    grain: Grain = 0


def prepare(inputs: Inputs, params: Params, ctx: Context) -> Noise:
    """The noise of the whole picture; see `plugins.bm3d.strength`."""
    from plugins.bm3d import strength

    return strength.find(inputs, params, ctx)


def run(inputs: Inputs, params: Params, ctx: Context) -> Result:
    """The picture without its noise; see `plugins.bm3d.method`. The report says the noise level used or found.

    Raises:
        Cancelled: the user cancelled.
    """
    from plugins.bm3d import method

    return method.denoise(inputs, params, ctx)


def warm_up() -> None:
    """Compiles all kernels into numba's cache on disk, so that the first run does not wait for them (some seconds)."""
    from plugins.bm3d import core

    core.warm_up()


PLUGIN = Plugin(
    id="bm3d",
    version=1,
    title=N_("Denoise (BM3D)"),
    summary=N_("Removes noise by averaging what looks alike near by: invents nothing, and keeps texture that repeats."),
    params=Params,
    prepare=prepare,
    prepares_from=("level", "kind", "by_light"),
    run=run,
    needs=Needs(scope=Local(_HALO_PX)),
    random=False,
)
