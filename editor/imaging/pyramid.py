"""Halving of pictures and masks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def _half(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of 2 x 2 pixels; an odd last row or column is repeated first."""
    high, wide = array.shape[:2]
    even = cv2.copyMakeBorder(array, 0, high % 2, 0, wide % 2, cv2.BORDER_REPLICATE)
    size = ((wide + 1) // 2, (high + 1) // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def halve_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H x W or H x W x C uint8 -> half of it, rounded up, by box average."""
    return _half(image)


def halve_any(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """H x W bool -> half of it; True where any of the four pixels is."""
    return _half(np.where(mask, np.uint8(255), np.uint8(0))) > 0


def halve_all(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """H x W bool -> half of it; True where all four pixels are."""
    return np.equal(_half(np.where(mask, np.uint8(255), np.uint8(0))), 255)
