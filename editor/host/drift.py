"""How far a method moved the mean of the picture: one that only takes noise away leaves it where it was."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.i18n import _


class Drift:
    """Sums of what changed, channel by channel; they add up over the parts of a picture.

    before, after: H x W x C pixels in the document's format. coverage: H x W uint8, the mask that the change is seen
    through.
    """

    def __init__(self, before: NDArray[Any], after: NDArray[Any], coverage: NDArray[np.uint8]) -> None:
        colours = 1 if before.shape[-1] < 3 else 3
        scale = 255 / np.iinfo(before.dtype).max if before.dtype.kind in "ui" else 255.0
        change = np.subtract(after[..., :colours], before[..., :colours], dtype=np.float32)
        self._sums = np.einsum("yxc,yx->c", change, coverage, dtype=np.float64) * scale
        self._weight = float(coverage.sum(dtype=np.float64))

    def __add__(self, other: Drift) -> Drift:
        both = object.__new__(Drift)
        both._sums, both._weight = self._sums + other._sums, self._weight + other._weight
        return both

    def levels(self) -> tuple[float, ...]:
        """By how much the mean of each channel moved, in 255 levels."""
        return tuple((self._sums / max(self._weight, 1.0)).tolist())

    def __str__(self) -> str:
        # Added to zero, or what is rounded away would read as a minus.
        numbers = [f"{round(level, 2) + 0.0:+.2f}" for level in self.levels()]
        if len(numbers) == 3:
            red, green, blue = numbers
            return _("R {red} G {green} B {blue} of 255 levels").format(red=red, green=green, blue=blue)
        return _("{grey} of 255 levels").format(grey=numbers[0])
