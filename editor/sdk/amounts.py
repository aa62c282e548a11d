"""Parameters that say how much of removed noise is meant: the same for all methods that remove it."""

from __future__ import annotations

from typing import Annotated

from editor.core.i18n import N_
from editor.sdk.params import Doc, Range

Luminance = Annotated[
    int,
    Range(0, 100, step=5, unit="%"),
    Doc(N_("Luminance"), N_("How much of the noise in brightness is removed.")),
]
Colour = Annotated[
    int,
    Range(0, 100, step=5, unit="%"),
    Doc(N_("Colour"), N_("How much of the noise in colour is removed.")),
]
Grain = Annotated[
    int,
    Range(0, 100, step=5, unit="%"),
    Doc(
        N_("Grain"),
        N_("How much of the finest grain is put back, without colour and blotches, so that skin and sky look real."),
    ),
]
