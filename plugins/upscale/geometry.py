"""Which rows of the source, of the network's picture and of the result belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editor.imaging.resample import Taps, cubic, gaussian, lanczos

SIGMA = 3.0
"""Of the Gaussian, in source pixels, that tells low frequencies from high ones."""


@dataclass(frozen=True, eq=False, slots=True)
class Geometry:
    """The linear operations of one enlargement, each as (rows, columns).

    factor: of the network. smooth: from the source to the result. fit: from the network's picture to the result; None
    if they have one size. blur: of pictures of the source's size.
    first, last: the source's rows, from the first to the last, that each row of the result depends on.
    """

    height: int
    width: int
    factor: int
    smooth: tuple[Taps, Taps]
    fit: tuple[Taps, Taps] | None
    blur: tuple[Taps, Taps]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    @classmethod
    def of(cls, high: int, wide: int, scale: float, factor: int) -> Geometry:
        """The enlargement of a picture by `scale` with a network that enlarges by `factor`."""
        height, width = max(1, round(scale * high)), max(1, round(scale * wide))
        smooth = cubic(high, height), cubic(wide, width)
        fit = None
        if (height, width) != (high * factor, wide * factor):
            fit = _fitted(high * factor, height), _fitted(wide * factor, width)
        blur = gaussian(high, SIGMA), gaussian(wide, SIGMA)
        # What `fit` looks at lies within this, for it looks at most 3 of the source's pixels far.
        first = blur[0].index[smooth[0].index[:, 0], 0]
        last = blur[0].index[smooth[0].index[:, -1], -1]
        return cls(height, width, factor, smooth, fit, blur, first, last)

    def ready(self, bottom: int) -> int:
        """How many rows of the result can be made when the network has done the source's rows above `bottom`."""
        return int(np.searchsorted(self.last, bottom))


def _fitted(length: int, target: int) -> Taps:
    return lanczos(length, target) if target < length else cubic(length, target)
