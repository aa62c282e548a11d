"""A mask as blocks of device pixels: a translucent tint, premultiplied, as soft as the mask."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from editor.core.geometry import EMPTY, TILE_PX, Rect, TileKey, tile_keys
from editor.core.tiles import TileMap, TileWriter
from editor.ui.canvas.grid import BLOCK_PX, MAX_LEVEL
from editor.ui.canvas.plane import Plane
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes, resize
from editor.ui.canvas.ring import Quality
from editor.ui.canvas.sampling import covered, sample

_STRENGTH = 0.5
_TINTING = 1.5
_STRIPES_PX = 12  # divides BLOCK_PX


class _Source:
    """What the pyramid reads: a finished mask, or the one being painted. By itself, as in a Picture."""

    def __init__(self, mask: TileMap) -> None:
        self.mask = mask
        self.writer: TileWriter | None = None

    def full(self, rect: Rect) -> Bytes:
        return self.mask.read(rect) if self.writer is None else self.writer.read(rect)


class Overlay(Plane):
    """One mask, finished or being painted (ARGB32, premultiplied); only its box is ever drawn."""

    image_format = QImage.Format.Format_ARGB32_Premultiplied

    def __init__(self, mask: TileMap, colour: QColor, *, hatched: bool = False) -> None:
        self._source = _Source(mask)
        self._hatched = hatched
        self._touched: set[TileKey] = set()
        self.bounds = mask.bounds
        self._table = _table(colour)
        super().__init__(Pyramid(mask.size, 1, self._source.full, stale=mask.tiles))

    def set_colour(self, colour: QColor) -> None:
        self._table = _table(colour)
        self.ring.forget()

    def show(self, mask: TileMap) -> None:
        """Goes to another mask of the same size; ends a preview."""
        keys = self._touched | mask.differing(self._source.mask)
        self.pyramid.invalidate(keys)
        for blocks in self.scale.blocks_of_tiles(keys, mask.size):
            self.ring.forget(blocks)
        self._source.mask, self._source.writer, self._touched = mask, None, set()
        self.bounds = mask.bounds

    def preview(self, writer: TileWriter, dirty: Rect) -> None:
        """Shows what is in `writer`, which changed within `dirty`."""
        self._source.writer = writer
        keys = set(tile_keys(dirty))
        self._touched |= keys
        self.pyramid.invalidate(keys)
        self.ring.forget(self.scale.blocks_of(dirty.expand(1 << self.scale.level)))
        self.bounds = self.bounds.union(dirty)

    def end_preview(self) -> Rect:
        """Back to the finished mask; returns what was shown of the other, in image pixels."""
        if self._source.writer is None:
            return EMPTY
        shown = self.bounds
        self.show(self._source.mask)
        return shown

    def inside(self, blocks: Rect) -> Rect:
        """The part of `blocks` that may show any of the mask."""
        return blocks.intersect(self.scale.blocks_of(self.bounds))

    def work(self, blocks: Rect) -> float:
        stale = (
            self.pyramid.stale_tiles(self.scale.image_of(blocks).intersect(self.size.rect)) if self.scale.level else 0
        )
        return _TINTING * blocks.area * BLOCK_PX**2 + stale * TILE_PX**2

    def fill(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        level = self.scale.level
        if quality == Quality.EXACT:
            cover = np.empty((*out.shape[:2], 1), np.uint8)
            read = partial(self.pyramid.read, level)
            sample(read, self.pyramid.size_of(level), self.scale, blocks, cover)
            out.view(np.uint32)[...] = self._table.take(cover, mode="clip")
        else:
            # Tinted while it is small, then enlarged: the tinting is what takes the time.
            level = min(level + 1, MAX_LEVEL)
            few = covered(partial(self.pyramid.read, level), self.pyramid.size_of(level), level, self.scale, blocks)
            resize(self._table.take(few, mode="clip").view(np.uint8), cv2.INTER_NEAREST_EXACT, out)
        if self._hatched:
            _hatch(out)

    def paint(self, painter: QPainter, rect: Rect, dx: int, dy: int) -> None:
        """Draws the device pixels `rect` of the raster, moved by (dx, dy)."""
        blocks = self.scale.blocks_of(self.bounds)
        there = Rect(*(edge * BLOCK_PX for edge in (blocks.left, blocks.top, blocks.right, blocks.bottom)))
        self.ring.paint(painter, rect.intersect(there), dx, dy)


def _table(colour: QColor) -> NDArray[np.uint32]:
    """The premultiplied ARGB word for each of the 256 coverages."""
    alpha = np.arange(256) * _STRENGTH
    parts = [np.rint(alpha * part / 255).astype(np.uint32) for part in (colour.red(), colour.green(), colour.blue())]
    words: NDArray[np.uint32] = np.rint(alpha).astype(np.uint32) << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]
    return words


def _hatch(pixels: Bytes) -> None:
    """Halves the tint in slanting stripes, which go on from block to block."""
    ys, xs = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    pixels[(xs + ys) % _STRIPES_PX < _STRIPES_PX // 2] >>= 1
