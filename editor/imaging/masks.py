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
    """The mask widened by `px` pixels all round, or narrowed where `px` is negative; soft edges move along."""
    if px == 0:
        return mask.copy()
    reach = abs(px)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    out = cv2.dilate(mask, disc) if px > 0 else cv2.erode(mask, disc, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def feather(mask: Mask8, px: float) -> Mask8:
    """The mask's edge softened over about `px` pixels to both sides (a Gaussian of sigma px / 2)."""
    if px <= 0:
        return mask.copy()
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), px / 2, borderType=cv2.BORDER_REPLICATE), np.uint8)
