"""What the network is given: the picture as it was mended without it, and how uncertain each pixel is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_LEAST = 0.02
_SHARE = 0.5
_MOST = 0.3


def planes(mended: F32, spread: F32, bad: NDArray[np.bool_]) -> F32:
    """H x W x 4 float32: RGB 0..1, and the error to be expected (0 where nothing was mended).

    mended, spread: of `editor.imaging.mend.mend`. bad: H x W x 3 bool.
    """
    error = np.clip(_LEAST + _SHARE * spread, 0, _MOST) * bad
    return np.dstack((np.clip(mended, 0, 1), error.mean(axis=2))).astype(np.float32, copy=False)
