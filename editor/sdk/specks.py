"""Parameters that say which specks are meant: the same for the method that shows them and the one that repairs them."""

from __future__ import annotations

from typing import Annotated

from editor.core.i18n import N_
from editor.sdk.params import Choice, Doc, OnlyWith, Range

Kind = Annotated[
    str,
    Choice(
        (
            ("salt_pepper", N_("Salt and pepper")),
            ("random", N_("Pixels of any value")),
            ("hot", N_("Hot and dead pixels")),
            ("dust", N_("Dust")),
        )
    ),
    Doc(
        N_("Kind"),
        N_(
            "What is looked for: pure white and black pixels, at any density; pixels of any wrong value; single pixels "
            "that stand out from all around them; dark and bright specks and short hairs, as on scans."
        ),
    ),
]
Sensitivity = Annotated[
    int,
    Range(0, 100, step=5, unit="%"),
    Doc(N_("Sensitivity"), N_("More finds fainter specks, and takes more of the photo itself for specks.")),
]
LargestPx = Annotated[
    int,
    Range(2, 40, unit="px"),
    OnlyWith("kind", ("dust",)),
    Doc(N_("Largest speck"), N_("Dust up to this size is found; what is longer or wider belongs to the photo.")),
]

KIND = "dust"
SENSITIVITY = 50
LARGEST_PX = 15
