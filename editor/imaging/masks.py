"""Shapes and edits of masks: H x W uint8, 0..255."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Mask8 = NDArray[np.uint8]

_SHIFT = 4


def polygon(shape: tuple[int, int], points: Sequence[tuple[float, float]]) -> Mask8:
    """The area inside a closed line through `points` (x, y), antialiased; even-odd where the line crosses itself."""
    mask = np.zeros(shape, np.uint8)
    if len(points) < 3:
        return mask
    # Pixel centres lie at half coordinates for us and at whole ones for OpenCV.
    corners = np.rint((np.asarray(points, np.float64) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [corners], (255,), cv2.LINE_AA, _SHIFT)
    return mask


def ellipse(shape: tuple[int, int], left: float, top: float, right: float, bottom: float) -> Mask8:
    """The ellipse that fills the box, antialiased."""
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    x = (left + right) / 2 + (right - left) / 2 * np.cos(angles)
    y = (top + bottom) / 2 + (bottom - top) / 2 * np.sin(angles)
    return polygon(shape, list(zip(x.tolist(), y.tolist(), strict=True)))


def grow(mask: Mask8, px: int) -> Mask8:
    """The mask widened by `px` pixels all round, or narrowed where `px` is negative; soft edges move along.

    The brush that moves along the edge is an octagon, which to the eye is a disc and costs a hundredth of one.
    """
    reach = abs(px)
    square_px = round(reach * (2**0.5 - 1))
    operate = cv2.dilate if px > 0 else cv2.erode
    square = np.ones((2 * square_px + 1, 2 * square_px + 1), np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    out = operate(mask, square, borderType=cv2.BORDER_REPLICATE)
    out = operate(out, cross, iterations=reach - square_px, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def feather(mask: Mask8, px: float) -> Mask8:
    """The mask's edge softened over about `px` pixels to both sides: a Gaussian of sigma px / 2, as three means."""
    # Three means of width w have the variance (w^2 - 1) / 4, and the width must be odd to stay centred.
    width = 2 * round(((px * px + 1) ** 0.5 - 1) / 2) + 1
    soft = mask.astype(np.uint16) * np.uint16(257)
    for _ in range(3):
        soft = np.asarray(cv2.blur(soft, (width, width), borderType=cv2.BORDER_REPLICATE), np.uint16)
    return ((soft.astype(np.uint32) + 128) // 257).astype(np.uint8)
