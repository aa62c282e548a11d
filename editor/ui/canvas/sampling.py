"""From a pyramid's level to device pixels, block by block, so that any part drawn alone equals the whole drawn at once.

A block holds a whole number of source pixels. Made smaller, a bilinear sample never looks beyond its block; made
larger, one more pixel of the neighbours is needed; from 200 % on pixels are shown as squares.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from editor.core.geometry import Rect, Size
from editor.ui.canvas.grid import BLOCK_PX, Scale
from editor.ui.canvas.raster import Bytes, padded, resized

Read = Callable[[Rect], Bytes]


def sampled(read: Read, bounds: Size, scale: Scale, blocks: Rect) -> Bytes:
    """The device pixels of `blocks`, H x W x C.

    read: gives a rectangle of level `scale.level`, which is as large as `bounds`. Beyond it the last pixels repeat.
    """
    side = scale.source_px
    source = Rect(blocks.left * side, blocks.top * side, blocks.right * side, blocks.bottom * side)
    width, height = blocks.width * BLOCK_PX, blocks.height * BLOCK_PX
    if side == BLOCK_PX:
        return _read_padded(read, bounds, source)
    if side > BLOCK_PX:
        return resized(_read_padded(read, bounds, source), width, height, cv2.INTER_LINEAR)
    if 2 * side <= BLOCK_PX:
        return resized(_read_padded(read, bounds, source), width, height, cv2.INTER_NEAREST_EXACT)
    return _enlarged(_read_padded(read, bounds, source.expand(1)), side / BLOCK_PX, width, height)


def sampled_roughly(read: Read, bounds: Size, level: int, scale: Scale, blocks: Rect) -> Bytes:
    """Much the same from any level, the nearest pixel of it each: quicker, rougher, up to a pixel off."""
    exact = scale.image_of(blocks)
    source = Rect(exact.left >> level, exact.top >> level, -(-exact.right >> level), -(-exact.bottom >> level))
    part = _read_padded(read, bounds, source)
    return resized(part, blocks.width * BLOCK_PX, blocks.height * BLOCK_PX, cv2.INTER_NEAREST)


def _read_padded(read: Read, bounds: Size, rect: Rect) -> Bytes:
    inside = rect.intersect(bounds.rect)
    return padded(
        read(inside),
        inside.left - rect.left,
        inside.top - rect.top,
        rect.right - inside.right,
        rect.bottom - inside.bottom,
    )


def _enlarged(pixels: Bytes, step: float, width: int, height: int) -> Bytes:
    """Bilinear, `step` source pixels a device pixel, from a part with a margin of one source pixel."""
    shift = 1 + (step - 1) / 2
    matrix = np.array([[step, 0, shift], [0, step, shift]])
    out = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(out, np.uint8).reshape(height, width, pixels.shape[2])
