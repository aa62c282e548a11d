"""Numbers that say how good a picture is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)
"""How much red, green and blue count for the brightness of a pixel: the luma of ITU-R BT.601."""

RING_PX = 16
"""How far around a hole texture is compared with that in it."""


def _brightness(image: F32) -> F32:
    return np.ascontiguousarray(image @ BRIGHTNESS, dtype=np.float32)


def texture_ratio(image: F32, hole: NDArray[np.bool_], ring_px: int = RING_PX) -> float:
    """Mean squared brightness gradient inside a hole over that of a ring around it; near 1 is right, 0 is a blur.

    Args:
        image: H x W x 3 float32.
        hole: H x W bool, at least one pixel.
        ring_px: width of the ring.

    Returns:
        The ratio; 1 where there is no ring or neither has any texture.
    """
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    near = np.s_[max(0, ys[0] - ring_px) : ys[-1] + ring_px + 1, max(0, xs[0] - ring_px) : xs[-1] + ring_px + 1]
    hole = hole[near]
    grey = _brightness(image[near])
    energy = np.zeros_like(grey)
    energy[:, :-1] += np.square(grey[:, 1:] - grey[:, :-1])
    energy[:-1] += np.square(grey[1:] - grey[:-1])
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ring_px + 1, 2 * ring_px + 1))
    ring = (cv2.dilate(hole.astype(np.uint8), disc) > 0) & ~hole
    floor = 1e-7
    if not ring.any():
        return 1.0
    return float((energy[hole].mean() + floor) / (energy[ring].mean() + floor))


def gmsd(image: F32, truth: F32) -> float:
    """Gradient magnitude similarity deviation (Xue et al. 2014, equations 2 to 5), 0 for equal pictures.

    Args:
        image: H x W x 3 float32, 0..1.
        truth: the same size.
    """
    sharp = []
    for picture in (image, truth):
        grey = cv2.blur(_brightness(picture), (2, 2))[::2, ::2]
        across = np.array([[1, 0, -1]] * 3, np.float32) / 3
        sharp.append(np.hypot(cv2.filter2D(grey, -1, across), cv2.filter2D(grey, -1, across.T)))
    constant = 170 / 255**2
    similarity = (2 * sharp[0] * sharp[1] + constant) / (np.square(sharp[0]) + np.square(sharp[1]) + constant)
    return float(similarity.std())
