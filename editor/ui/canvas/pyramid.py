"""The picture at half, a quarter, an eighth of its size: a cache beside the tiles, made where it is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from editor.core.geometry import EMPTY, TILE_PX, Rect, Size, TileKey
from editor.ui.canvas.grid import MAX_LEVEL
from editor.ui.canvas.raster import Bytes, halved
from editor.ui.canvas.ring import rectangles

# Tiles of one row that are reduced together: fewer calls, and still done within a millisecond.
_RUN_TILES = 8
# Rows of them where nobody waits for anything else: a large brush's dab at once.
_ROWS_TOGETHER = 4


class Pyramid:
    """Levels 1 to MAX_LEVEL of a picture; a pixel of level n is the mean of 2**n x 2**n pixels.

    full: gives a rectangle of level 0 as H x W x channels, uint8.
    stale: the tiles whose levels are out of date; none given means all. Memory of levels that were never built is not
    touched, and so not taken.
    """

    def __init__(
        self, size: Size, channels: int, full: Callable[[Rect], Bytes], stale: Iterable[TileKey] | None = None
    ) -> None:
        self.size = size
        self.full = full
        self._levels: list[Bytes] = []
        width, height = size.width, size.height
        for _ in range(MAX_LEVEL):
            width, height = (width + 1) // 2, (height + 1) // 2
            self._levels.append(np.zeros((height, width, channels), np.uint8))
        grid = (-(-size.height // TILE_PX), -(-size.width // TILE_PX))
        self._stale: NDArray[np.bool_] = np.full(grid, stale is None)
        self.invalidate(stale or ())

    def copy(self, full: Callable[[Rect], Bytes], stale: Iterable[TileKey]) -> Pyramid:
        """One for another picture of this size that differs in the tiles `stale` only."""
        twin = Pyramid.__new__(Pyramid)
        twin.size, twin.full = self.size, full
        twin._levels = [level.copy() for level in self._levels]
        twin._stale = self._stale.copy()
        twin.invalidate(stale)
        return twin

    def invalidate(self, keys: Iterable[TileKey]) -> None:
        """The pixels of these tiles changed."""
        for column, row in keys:
            self._stale[row, column] = True

    def size_of(self, level: int) -> Size:
        if level == 0:
            return self.size
        height, width = self._levels[level - 1].shape[:2]
        return Size(width, height)

    def read(self, level: int, rect: Rect) -> Bytes:
        """`rect` of a level, in that level's pixels; stale tiles under it are built first. Not to be written to."""
        if level == 0:
            return self.full(rect)
        self.build(_scaled(rect, level).intersect(self.size.rect))
        return self._levels[level - 1][rect.slices]

    def stale_tiles(self, rect: Rect) -> int:
        """How many tiles under an image rectangle would have to be built."""
        return int(np.count_nonzero(self._stale[_tiles(rect).slices]))

    def build(self, rect: Rect | None = None, until: float | None = None) -> bool:
        """Brings all levels up to date under an image rectangle (None: everywhere).

        until: a time.perf_counter() after which it stops; at least one run of tiles is done.

        Returns:
            Whether all of it is up to date.
        """
        window = _tiles(self.size.rect if rect is None else rect)
        stale = self._stale[window.slices]
        for part in rectangles(stale, window.left, window.top):
            rows = _ROWS_TOGETHER if until is None else 1
            for top, left in product(range(part.top, part.bottom, rows), range(part.left, part.right, _RUN_TILES)):
                self._build_together(Rect(left, top, left + _RUN_TILES, top + rows).intersect(part))
                if until is not None and time.perf_counter() > until:
                    return not stale.any()
        return True

    def _build_together(self, tiles: Rect) -> None:
        area = Rect(*(edge * TILE_PX for edge in tiles))
        pixels = self.full(area.intersect(self.size.rect))
        self._building(tiles, pixels)
        for index, level in enumerate(self._levels):
            pixels = halved(pixels)
            left, top = area.left >> (index + 1), area.top >> (index + 1)
            level[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        self._stale[tiles.slices] = False

    def _building(self, tiles: Rect, pixels: Bytes) -> None:
        """Told of the pixels of tiles (in columns and rows) before their levels are made of them."""


def _scaled(rect: Rect, level: int) -> Rect:
    return Rect(rect.left << level, rect.top << level, rect.right << level, rect.bottom << level)


def _tiles(rect: Rect) -> Rect:
    """The columns and rows of the tiles under an image rectangle."""
    if rect.empty:
        return EMPTY
    return Rect(
        rect.left // TILE_PX, rect.top // TILE_PX, (rect.right - 1) // TILE_PX + 1, (rect.bottom - 1) // TILE_PX + 1
    )
