"""Changes of bit depth and channels on the way into a format."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_uint8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounded to the nearest of 256 levels; floats are cut to 0..1."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        table: NDArray[np.uint8] = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
        rounded: NDArray[np.uint8] = table[pixels]
        return rounded
    levels: NDArray[np.float32] = np.clip(pixels, 0.0, 1.0) * np.float32(255.0) + np.float32(0.5)
    return levels.astype(np.uint8)


def to_uint16(pixels: NDArray[Any]) -> NDArray[np.uint16]:
    """8 bit is spread over the whole range; floats are cut to 0..1 and rounded."""
    if pixels.dtype == np.uint16:
        return pixels
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint16) * np.uint16(257)
    levels: NDArray[np.float64] = np.clip(pixels, 0.0, 1.0) * np.float64(65535.0) + 0.5
    return levels.astype(np.uint16)


def on_white(pixels: NDArray[Any]) -> NDArray[Any]:
    """Colour over white by straight alpha, in the encoded values; H x W x 2 or 4 to 1 or 3. Rounded to nearest."""
    colour, alpha = pixels[..., :-1], pixels[..., -1:]
    blended: NDArray[Any]
    if pixels.dtype == np.float32:
        blended = colour * alpha + (1 - alpha)
        return blended
    full = int(np.iinfo(pixels.dtype).max)
    wide = np.uint32 if full == 255 else np.uint64
    blended = colour.astype(wide) * alpha + wide(full) * (wide(full) - alpha)
    blended = (blended + full // 2) // full
    return blended.astype(pixels.dtype)


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H x W from H x W x 1 or 3, Rec. 709 weights in whole numbers, so that grey stays exactly as it is."""
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    weights = np.array([13933, 46871, 4732], np.uint32)  # 65536 in all
    return ((pixels.astype(np.uint32) @ weights + 32768) >> 16).astype(np.uint8)
