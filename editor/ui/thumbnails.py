"""Small pictures of a part of a document."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import TILE_PX, Rect, Size
from editor.core.tiles import Pixels, TileMap

WIDTH_PX, HEIGHT_PX = 132, 84
_ROUND = 1.6
"""How much more than the hole's box is shown, so that it can be judged in its place."""


_SPARSE = 0.25
"""A mask that fills less of its box than this is shown by its largest part."""
_WIDTHS = 8
"""How many of its own widths are shown of a long thin part."""
_COARSE_PX = 1024
"""The parts of a mask are looked for at no more than about this many pixels a side."""


def focus(mask: TileMap, box: Rect) -> Rect:
    """What to show of a mask that has `box` around it: its largest part where it is scattered, a piece of a long wire.

    Scattered specks or a wire in the whole of their box would be too small to judge, and look alike in every result.
    """
    step = 1
    while step < TILE_PX and max(box.width, box.height) > step * _COARSE_PX:
        step *= 2
    left, top = box.left // step, box.top // step
    coarse = _coarse(mask, step)[top : -(-box.bottom // step), left : -(-box.right // step)]
    if coarse.mean() > _SPARSE or not coarse.any():
        return box
    _, labels, stats, _ = cv2.connectedComponentsWithStats(coarse, connectivity=8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, area = (int(value) for value in stats[largest])
    if area < _SPARSE * width * height:
        # Padded, so that the box's edge counts as the part's edge too.
        part = np.pad((labels == largest).astype(np.uint8), 1)
        inside = cv2.distanceTransform(part, cv2.DIST_L2, 3)[1:-1, 1:-1]
        widest = float(inside.max())
        # About midway of where it is widest: its very end shows less of it.
        places = np.argwhere(inside > 0.8 * widest)
        row, column = (int(value) for value in places[len(places) // 2])
        reach = max(1, round(widest * _WIDTHS))
        x, y = column - reach, row - reach
        width = height = 2 * reach
    found = Rect(x, y, x + width, y + height).shift(left, top)
    return Rect(*(edge * step for edge in (found.left, found.top, found.right, found.bottom))).intersect(box)


def _coarse(mask: TileMap, step: int) -> NDArray[np.uint8]:
    """1 where any of step x step pixels of the mask is set; `step` divides a tile's side."""
    side = TILE_PX // step
    out = np.zeros((-(-mask.size.height // step), -(-mask.size.width // step)), np.uint8)
    for (column, row), tile in mask.tiles.items():
        pixels = tile.pixels[..., 0]
        for axis in (0, 1):
            pixels = np.maximum.reduceat(pixels, np.arange(0, pixels.shape[axis], step), axis=axis)
        left, top = column * side, row * side
        out[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels > 0
    return out


def thumbnail(state: DocumentState, rect: Rect) -> NDArray[np.uint8]:
    """The surroundings of `rect` as H x W x 3 uint8 RGB in the document's encoding, within 132 x 84 pixels."""
    box = _around(rect).intersect(state.size.rect)
    return _shrunk(_to_rgb8(state.read(box)))


def _shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small: NDArray[np.uint8] = np.ascontiguousarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
    return small


def whole(read: Callable[[Rect], Pixels], size: Size) -> NDArray[np.uint8]:
    """A whole picture of any size in the same form; `read` gives its pixels. Large ones are read in sparse rows."""
    step = max(1, min(size.width // (4 * WIDTH_PX), size.height // (4 * HEIGHT_PX)))
    rows = [read(Rect(0, top, size.width, top + 1))[:, ::step] for top in range(0, size.height, step)]
    return _shrunk(_to_rgb8(np.concatenate(rows)))


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
