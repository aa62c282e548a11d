"""8-bit rasters: OpenCV's calls with the channel axis kept and their types known, and Qt's view on them."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

Bytes: TypeAlias = NDArray[np.uint8]
"""H x W x C, uint8, C of 1 to 4."""


def resize(pixels: Bytes, interpolation: int, out: Bytes) -> None:
    """Fills `out` with `pixels` in its size; `interpolation`: one of cv2.INTER_..."""
    flat = out[..., 0] if out.shape[2] == 1 else out
    cv2.resize(pixels, (out.shape[1], out.shape[0]), dst=flat, interpolation=interpolation)


def halved(pixels: Bytes) -> Bytes:
    """Means of 2 x 2 pixels; an odd last row or column counts twice."""
    even = padded(pixels, 0, 0, pixels.shape[1] % 2, pixels.shape[0] % 2)
    out = np.empty((even.shape[0] // 2, even.shape[1] // 2, pixels.shape[2]), np.uint8)
    resize(even, cv2.INTER_AREA, out)
    return out


def recolour(pixels: Bytes, code: int, out: Bytes) -> None:
    """Fills `out`; `code`: one of cv2.COLOR_..."""
    cv2.cvtColor(pixels, code, dst=out)


def padded(pixels: Bytes, left: int, top: int, right: int, bottom: int) -> Bytes:
    """With the outermost pixels repeated."""
    if not (left or top or right or bottom):
        return pixels
    out = cast(Bytes, cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_REPLICATE))
    return out.reshape(*out.shape[:2], pixels.shape[2])


def to_8_bit(pixels: NDArray[Any]) -> Bytes:
    """uint8 as it is, uint16 divided by 257, float of 0..1 times 255 with the rest cut off; rounded."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return cast(Bytes, cv2.convertScaleAbs(pixels, alpha=1 / 257)).reshape(pixels.shape)
    # Not-a-number passes through a clip unchanged, so it is made black first.
    limited = np.clip(np.nan_to_num(pixels, nan=0.0), 0.0, 1.0)
    return cast(Bytes, cv2.convertScaleAbs(limited, alpha=255)).reshape(pixels.shape)


def wrapped(pixels: Bytes, image_format: QImage.Format) -> QImage:
    """A QImage on the memory of H x W x 4 contiguous bytes; the array must outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, image_format)


def bytes_of(image: QImage) -> Bytes:
    """A copy of the pixels of a 32-bit image, H x W x 4."""
    flat = np.frombuffer(image.constBits(), np.uint8)
    return flat.reshape(image.height(), image.width(), 4).copy()
