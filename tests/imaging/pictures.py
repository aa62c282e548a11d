"""Synthetic pictures with texture, and holes in them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


def textured(rows: int, columns: int, seed: int = 0) -> F32:
    """Stripes, a slope of light and grain: structure, low frequencies and high ones."""
    y, x = np.mgrid[:rows, :columns]
    grain = np.random.default_rng(seed).normal(0, 0.04, (rows, columns, 3))
    stripes = 0.15 * np.sin(2 * np.pi * (x + 0.3 * y) / 11)[..., None] * np.array([1.0, 0.6, 0.2])
    light = (0.35 + 0.3 * y / max(rows - 1, 1))[..., None]
    return np.asarray(np.clip(light + stripes + grain, 0, 1), np.float32)


def square_hole(rows: int, columns: int, top: int, left: int, size: int) -> Bool:
    hole = np.zeros((rows, columns), np.bool_)
    hole[top : top + size, left : left + size] = True
    return hole


def in_16_bit(image: F32) -> F32:
    """Rounded to what a 16-bit document holds."""
    return np.asarray(np.round(image * np.float32(65535)).astype(np.uint16) / np.float32(65535), np.float32)


def blurred(image: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
