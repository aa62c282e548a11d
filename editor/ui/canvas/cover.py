"""A mask's pyramid, which also knows where the mask is one and the same for far around: nothing to sample there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from editor.core.geometry import TILE_PX, Rect, TileKey
from editor.core.tiles import TileMap
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes

_CELL_PX = 64
"""What is known is known for squares of this side; a tile holds a whole number of them."""

_CELLS = TILE_PX // _CELL_PX


class Cover(IntFlag):
    """What may be found in a part of a mask: pixels all off, pixels all on, both together anything."""

    OFF = 1
    ON = 2
    ANY = 3


class CoverPyramid(Pyramid):
    """The levels of a mask, and where it is all on or all off, which is found when they are built."""

    def __init__(self, mask: TileMap, full: Callable[[Rect], Bytes]) -> None:
        super().__init__(mask.size, 1, full, stale=())
        rows, columns = self._stale.shape
        # One more of each, as `reduceat` wants the end of a span to be a valid index.
        self._covers: NDArray[np.uint8] = np.full((rows * _CELLS + 1, columns * _CELLS + 1), Cover.OFF, np.uint8)
        self.painting = False
        """While a mask changes with every frame it is not worth looking; what was painted is invalidated in the end."""
        self.invalidate(mask.tiles)

    def invalidate(self, keys: Iterable[TileKey]) -> None:
        for column, row in keys:
            self._stale[row, column] = True
            top, left = row * _CELLS, column * _CELLS
            self._covers[top : top + _CELLS, left : left + _CELLS] = Cover.ANY

    def covers(self, blocks: Rect, side_px: int, reach_px: int) -> NDArray[np.uint8]:
        """What may be found within `reach_px` of each of `blocks`, squares of `side_px` image pixels; rows x columns.

        From whole cells, so it may say too much; ANY where the levels are out of date.
        """
        rows = _spans(blocks.top, blocks.bottom, side_px, reach_px, -(-self.size.height // _CELL_PX))
        columns = _spans(blocks.left, blocks.right, side_px, reach_px, -(-self.size.width // _CELL_PX))
        cells = self._covers[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        either = np.bitwise_or.reduceat
        # Every other one lies between two blocks.
        found: NDArray[np.uint8] = either(either(cells, rows - rows[0])[::2], columns - columns[0], axis=1)[:, ::2]
        return found

    def _building(self, tiles: Rect, pixels: Bytes) -> None:
        if self.painting:
            return
        rows, columns = (np.arange(0, length, _CELL_PX) for length in pixels.shape[:2])
        # Down first, many columns at once: `reduceat` alone takes ten times as long.
        bands = [pixels[top : top + _CELL_PX, :, 0] for top in rows.tolist()]
        least = np.minimum.reduceat(np.array([band.min(axis=0) for band in bands]), columns, axis=1)
        most = np.maximum.reduceat(np.array([band.max(axis=0) for band in bands]), columns, axis=1)
        top, left = tiles.top * _CELLS, tiles.left * _CELLS
        covers = np.where(least == 255, Cover.ON, np.where(most == 0, Cover.OFF, Cover.ANY))
        self._covers[top : top + len(rows), left : left + len(columns)] = covers


def _spans(start: int, end: int, side_px: int, reach_px: int, count: int) -> NDArray[np.intp]:
    """First cell and end of the cells under each block, one after the other, cut to `count` cells."""
    edges = np.arange(start, end + 1) * side_px
    spans = np.empty((end - start, 2), np.intp)
    spans[:, 0] = np.minimum(np.maximum(edges[:-1] - reach_px, 0) // _CELL_PX, count - 1)
    spans[:, 1] = np.minimum((edges[1:] + reach_px - 1) // _CELL_PX, count - 1) + 1
    return spans.ravel()
