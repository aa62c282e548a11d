"""A mask's blocks: a translucent tint, premultiplied, as soft as the mask."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from editor.core.geometry import EMPTY, Rect, TileKey, tile_keys
from editor.core.tiles import TileMap, TileWriter
from editor.ui.canvas.grid import BLOCK_PX, Scale
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes
from editor.ui.canvas.ring import Quality, Ring, rectangles
from editor.ui.canvas.sampling import sample

_STRENGTH = 0.5


class Overlay:
    """One mask, finished or being painted, as blocks of device pixels (ARGB32, premultiplied)."""

    def __init__(self, mask: TileMap, colour: QColor) -> None:
        self._mask = mask
        self._writer: TileWriter | None = None
        self._touched: set[TileKey] = set()
        self._pyramid = Pyramid(mask.size, 1, self._full, stale=mask.tiles)
        self._scale = Scale(0, BLOCK_PX)
        self._ring = Ring(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
        self.bounds = mask.bounds
        self._table = _table(colour)

    def set_colour(self, colour: QColor) -> None:
        self._table = _table(colour)
        self._ring.forget()

    def show(self, mask: TileMap) -> None:
        """Goes to another mask of the same size; ends a preview."""
        self._touch(self._touched | mask.differing(self._mask))
        self._mask, self._writer, self._touched = mask, None, set()
        self.bounds = mask.bounds

    def preview(self, writer: TileWriter, dirty: Rect) -> None:
        """Shows what is in `writer`, which changed within `dirty`."""
        self._writer = writer
        keys = set(tile_keys(dirty))
        self._touched |= keys
        self._pyramid.invalidate(keys)
        self._ring.forget(self._scale.blocks_of(dirty.expand(1 << self._scale.level)))
        self.bounds = self.bounds.union(dirty)

    def end_preview(self) -> Rect:
        """Back to the finished mask; returns what was shown of the other, in image pixels."""
        if self._writer is None:
            return EMPTY
        shown = self.bounds
        self.show(self._mask)
        return shown

    def lay_out(self, scale: Scale, columns: int, rows: int) -> None:
        if (columns, rows) != (self._ring.columns, self._ring.rows):
            self._ring = Ring(columns, rows, QImage.Format.Format_ARGB32_Premultiplied)
        elif scale != self._scale:
            self._ring.forget()
        self._scale = scale

    def draw(self, blocks: Rect) -> None:
        """Brings the blocks in view up to date, as far as there is any mask."""
        blocks = blocks.intersect(self._scale.blocks_of(self.bounds))
        if blocks.empty:
            return
        wanting = self._ring.wanting(blocks, Quality.EXACT)
        for part in rectangles(wanting, blocks.left, blocks.top):
            for piece, pixels in self._ring.parts(part):
                self._tint(piece, pixels)
            self._ring.mark(part, Quality.EXACT)

    def paint(self, painter: QPainter, rect: Rect, dx: int, dy: int) -> None:
        """Draws the device pixels `rect` of the raster, moved by (dx, dy)."""
        blocks = self._scale.blocks_of(self.bounds)
        there = Rect(*(edge * BLOCK_PX for edge in (blocks.left, blocks.top, blocks.right, blocks.bottom)))
        self._ring.paint(painter, rect.intersect(there), dx, dy)

    def _touch(self, keys: set[TileKey]) -> None:
        self._pyramid.invalidate(keys)
        for blocks in self._scale.blocks_of_tiles(keys, self._mask.size):
            self._ring.forget(blocks)

    def _full(self, rect: Rect) -> Bytes:
        return self._writer.read(rect) if self._writer is not None else self._mask.read(rect)

    def _tint(self, blocks: Rect, out: Bytes) -> None:
        level = self._scale.level
        cover = np.empty((*out.shape[:2], 1), np.uint8)
        read = partial(self._pyramid.read, level)
        sample(read, self._pyramid.size_of(level), self._scale, blocks, cover)
        out.view(np.uint32)[...] = self._table.take(cover, mode="clip")


def _table(colour: QColor) -> NDArray[np.uint32]:
    """The premultiplied ARGB word for each of the 256 coverages."""
    alpha = np.arange(256) * _STRENGTH
    parts = [np.rint(alpha * part / 255).astype(np.uint32) for part in (colour.red(), colour.green(), colour.blue())]
    words: NDArray[np.uint32] = np.rint(alpha).astype(np.uint32) << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]
    return words
