"""Fine detail for what was filled smoothly: that of the surroundings, mirrored at the edge of the hole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_SIGMA = 1.5
_TAPS = 9
_SIDE = np.ones((7, 7), np.uint8)
# Beyond it is no grain but a contour, of which a mirror image would be seen.
_STRONGEST = 0.06
_RISE_PX = 2.0


def mirrored(image: F32, bad: Bool) -> F32:
    """What is to be added to smooth fills, so that they don't show by being smooth.

    Args:
        image: H x W x 3 float32; what it holds where it is bad is not looked at.
        bad: H x W bool.

    Returns:
        H x W x 3, 0 but in those parts of what is bad that are at least 7 pixels across: smaller fills don't show.
    """
    wide = cv2.morphologyEx(bad.view(np.uint8), cv2.MORPH_OPEN, _SIDE).view(np.bool_) & bad
    added = np.zeros_like(image)
    if not wide.any():
        return added
    known = (~bad).astype(np.float32)
    share = cv2.GaussianBlur(known, (_TAPS, _TAPS), _SIGMA)[..., None]
    smooth = np.asarray(cv2.GaussianBlur(image * known[..., None], (_TAPS, _TAPS), _SIGMA) / np.maximum(share, 1e-6))
    fine = np.clip((image - smooth) * known[..., None], -_STRONGEST, _STRONGEST)
    away, (rows, columns) = ndimage.distance_transform_edt(bad, return_indices=True)
    ys, xs = np.nonzero(wide)
    # As far beyond the nearest clean pixel as this one lies before it.
    beyond_y = np.clip(2 * rows[ys, xs] - ys, 0, bad.shape[0] - 1)
    beyond_x = np.clip(2 * columns[ys, xs] - xs, 0, bad.shape[1] - 1)
    rise = np.minimum(1, away[ys, xs] / _RISE_PX).astype(np.float32)
    added[ys, xs] = fine[beyond_y, beyond_x] * rise[:, None]
    return added
