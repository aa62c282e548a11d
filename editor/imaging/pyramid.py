"""Halving of pictures with holes in them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]


def halve(image: U8, hole: Bool, source: Bool) -> tuple[U8, Bool, Bool]:
    """Halves a picture by box average so that nothing of a hole's content gets in.

    A pixel is a hole where at most one of its four was known, and source where all four were. An odd last row or
    column is repeated.

    Args:
        image: H x W x C uint8.
        hole: H x W bool.
        source: H x W bool.

    Returns:
        The three at half the size, rounded up.
    """
    known = _quarters(~hole)
    count = known.sum(axis=0, dtype=np.uint8)
    mean = _half(image)
    mixed = (count > 0) & (count < 4)
    if mixed.any():
        ys, xs = np.nonzero(mixed)
        total = np.zeros((ys.size, image.shape[2]), np.float32)
        for part, (dy, dx) in zip(known, _PLACES, strict=True):
            y, x = np.minimum(2 * ys + dy, image.shape[0] - 1), np.minimum(2 * xs + dx, image.shape[1] - 1)
            total += image[y, x] * part[ys, xs][:, None]
        mean[ys, xs] = np.round(total / count[ys, xs][:, None])
    return mean, np.less(count, 2), np.equal(_quarters(source).sum(axis=0), 4)


_PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))


def _half(array: U8) -> U8:
    high, wide = array.shape[:2]
    even = cv2.copyMakeBorder(array, 0, high % 2, 0, wide % 2, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(even, ((wide + 1) // 2, (high + 1) // 2), interpolation=cv2.INTER_AREA), np.uint8)


def _quarters(mask: Bool) -> Bool:
    """4 x H/2 x W/2: the upper left, upper right, lower left and lower right pixels of all blocks."""
    high, wide = mask.shape
    even = np.pad(mask, ((0, high % 2), (0, wide % 2)), mode="edge")
    return np.stack([even[dy::2, dx::2] for dy, dx in _PLACES])
