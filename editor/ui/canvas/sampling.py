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
from editor.ui.canvas.raster import Bytes, padded, resize

Read = Callable[[Rect], Bytes]


def sample(read: Read, bounds: Size, scale: Scale, blocks: Rect, out: Bytes) -> None:
    """Fills `out` with the device pixels of `blocks`.

    read: gives a rectangle of level `scale.level`, which is as large as `bounds`. Beyond it the last pixels repeat.
    """
    side = scale.source_px
    source = Rect(blocks.left * side, blocks.top * side, blocks.right * side, blocks.bottom * side)
    if side == BLOCK_PX:
        out[...] = _read_padded(read, bounds, source)
    elif side > BLOCK_PX:
        resize(_read_padded(read, bounds, source), cv2.INTER_LINEAR, out)
    elif 2 * side <= BLOCK_PX:
        resize(_read_padded(read, bounds, source), cv2.INTER_NEAREST_EXACT, out)
    else:
        _enlarge(_read_padded(read, bounds, source.expand(1)), side / BLOCK_PX, out)


def sample_roughly(read: Read, bounds: Size, level: int, scale: Scale, blocks: Rect, out: Bytes) -> None:
    """Much the same from any level, the nearest pixel of it each: quicker, rougher, up to a pixel off."""
    resize(covered(read, bounds, level, scale, blocks), cv2.INTER_NEAREST_EXACT, out)


def covered(read: Read, bounds: Size, level: int, scale: Scale, blocks: Rect) -> Bytes:
    """The pixels of any level that `blocks` show, to the next whole pixel."""
    exact = scale.image_of(blocks)
    source = Rect(exact.left >> level, exact.top >> level, -(-exact.right >> level), -(-exact.bottom >> level))
    return _read_padded(read, bounds, source)


def _read_padded(read: Read, bounds: Size, rect: Rect) -> Bytes:
    inside = rect.intersect(bounds.rect)
    return padded(
        read(inside),
        inside.left - rect.left,
        inside.top - rect.top,
        rect.right - inside.right,
        rect.bottom - inside.bottom,
    )


def _enlarge(pixels: Bytes, step: float, out: Bytes) -> None:
    """Bilinear, `step` source pixels a device pixel, from a part with a margin of one source pixel."""
    shift = 1 + (step - 1) / 2
    matrix = np.array([[step, 0, shift], [0, step, shift]])
    flat = out[..., 0] if out.shape[2] == 1 else out
    cv2.warpAffine(
        pixels, matrix, (out.shape[1], out.shape[0]), dst=flat, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
