"""Small pictures of a part of a document."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.tiles import Pixels

WIDTH_PX, HEIGHT_PX = 132, 84
_ROUND = 1.6
"""How much more than the hole's box is shown, so that it can be judged in its place."""


def thumbnail(state: DocumentState, rect: Rect) -> NDArray[np.uint8]:
    """The surroundings of `rect` as H x W x 3 uint8 RGB in the document's encoding, within 132 x 84 pixels."""
    box = _around(rect).intersect(state.size.rect)
    pixels = _to_rgb8(state.read(box))
    scale = min(WIDTH_PX / box.width, HEIGHT_PX / box.height)
    size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small: NDArray[np.uint8] = np.ascontiguousarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
    return small


def _around(rect: Rect) -> Rect:
    """`rect` widened to the strip's shape with some of what is around it."""
    width = max(rect.width * _ROUND, rect.height * _ROUND * WIDTH_PX / HEIGHT_PX, WIDTH_PX)
    height = width * HEIGHT_PX / WIDTH_PX
    left = round((rect.left + rect.right - width) / 2)
    top = round((rect.top + rect.bottom - height) / 2)
    return Rect(left, top, left + round(width), top + round(height))


def _to_rgb8(pixels: Pixels) -> NDArray[np.uint8]:
    colour = pixels[..., : 3 if pixels.shape[2] >= 3 else 1]
    if colour.dtype == np.uint16:
        colour = colour >> 8
    elif colour.dtype == np.float32:
        colour = np.clip(colour, 0, 1) * 255
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    return np.ascontiguousarray(colour, np.uint8)
