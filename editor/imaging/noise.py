"""Noise: how strong it is, and samples of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def level(image: F32) -> float:
    raise NotImplementedError


def lift(image: F32, side_px: int, where: NDArray[np.bool_] | None = None, most: int = 64) -> F32:
    raise NotImplementedError
