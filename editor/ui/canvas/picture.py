"""The photo's blocks: a rough draft at once where there is much to do, the exact pixels as time allows."""

from __future__ import annotations

import time
from functools import partial

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPainter

from editor.core.document import DocumentState
from editor.core.geometry import EMPTY, TILE_PX, Rect
from editor.ui.canvas.display import Display
from editor.ui.canvas.draft import picked
from editor.ui.canvas.grid import BLOCK_PX, MAX_LEVEL, Scale
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes, recolour, wrapped
from editor.ui.canvas.ring import Quality, Ring, rectangles
from editor.ui.canvas.sampling import sample, sample_roughly

# What may be drawn exactly within a frame, in plain RGB pixels read or interpolated: about 5 ms.
_FRAME_PX = 2_600_000
_INTERPOLATION = 1.2
# Reading, reducing and storing a pixel of a tile whose levels are out of date.
_REDUCTION = 2.0

_CHECKER_PX = 16
_CHECKER = (102, 153)


class Picture:
    """The flattened document as blocks of device pixels (RGB32), kept up with its states."""

    def __init__(self, state: DocumentState, pyramid: Pyramid | None = None) -> None:
        self.state = state
        self._display = Display.of(state)
        self.pyramid = pyramid or Pyramid(state.size, self._display.channels, self._full)
        self.scale = Scale(0, BLOCK_PX)
        self.ring = Ring(1, 1, QImage.Format.Format_RGB32)

    def twin(self, state: DocumentState) -> Picture:
        """A second picture that shows another state of the same document, made from what this one has."""
        if not _alike(self.state, state):
            return Picture(state)
        other = Picture(state, self.pyramid)
        other.pyramid = self.pyramid.copy(other._full, state.pixels_differ(self.state))
        return other

    def show(self, state: DocumentState) -> None:
        """Goes to another state; only the tiles that differ are drawn anew."""
        before, self.state = self.state, state
        if not _alike(before, state):
            self._display = Display.of(state)
            self.pyramid = Pyramid(state.size, self._display.channels, self._full)
            self.ring.forget()
            return
        keys = state.pixels_differ(before)
        self.pyramid.invalidate(keys)
        for blocks in self.scale.blocks_of_tiles(keys, state.size):
            self.ring.forget(blocks)

    def lay_out(self, scale: Scale, columns: int, rows: int) -> None:
        """Another zoom, or a view that needs room for other numbers of blocks."""
        if (columns, rows) != (self.ring.columns, self.ring.rows):
            self.ring = Ring(columns, rows, QImage.Format.Format_RGB32)
        elif scale != self.scale:
            self.ring.forget()
        self.scale = scale

    def draw(self, blocks: Rect) -> None:
        """Makes every block of the view presentable within a frame's time."""
        missing = self.ring.wanting(blocks, Quality.ROUGH)
        if not missing.any():
            return
        parts = rectangles(missing, blocks.left, blocks.top)
        exact = sum(self._work(part) for part in parts) <= _FRAME_PX
        for part in parts:
            self._fill(part, Quality.EXACT if exact else Quality.ROUGH)

    def refine(self, blocks: Rect, until: float) -> Rect:
        """Draws exactly what is still rough, from the middle outwards, until a time.perf_counter().

        Returns:
            The blocks that were drawn; empty when none was finished in time or nothing is left to do.
        """
        done = EMPTY
        while not (part := self._roughest(blocks)).empty:
            reached = self.scale.image_of(part).expand(self.scale.image_px).intersect(self.state.size.rect)
            if self.scale.level and not self.pyramid.build(reached, until):
                break
            self._fill(part, Quality.EXACT)
            done = done.union(part)
            if time.perf_counter() > until:
                break
        return done

    def rough(self, blocks: Rect) -> bool:
        """Whether any of the blocks is not yet exact."""
        return bool(self.ring.wanting(blocks, Quality.EXACT).any())

    def _roughest(self, blocks: Rect) -> Rect:
        """The longest stretch that is not yet exact in the row of blocks nearest to the middle."""
        wanting = self.ring.wanting(blocks, Quality.EXACT)
        rows = np.flatnonzero(wanting.any(axis=1))
        if not rows.size:
            return EMPTY
        row = int(rows[np.argmin(np.abs(rows - (blocks.height - 1) / 2))])
        return max(rectangles(wanting[row : row + 1], blocks.left, blocks.top + row), key=lambda part: part.width)

    def _full(self, rect: Rect) -> Bytes:
        return self._display.shown(self.state.read(rect))

    def _work(self, blocks: Rect) -> float:
        """What drawing blocks exactly costs, in plain RGB pixels."""
        area = self.scale.image_of(blocks).intersect(self.state.size.rect)
        layers = sum(layer.visible for layer in self.state.layers)
        reading = self._display.cost * layers
        smooth = self.scale.source_px != BLOCK_PX and self.scale.source_px * 2 > BLOCK_PX
        drawing = _INTERPOLATION * blocks.area * BLOCK_PX**2 if smooth else 0
        if self.scale.level == 0:
            return area.area * reading + drawing
        return self.pyramid.stale_tiles(area) * TILE_PX**2 * reading * _REDUCTION + drawing

    def _fill(self, blocks: Rect, quality: Quality) -> None:
        for part, out in self.ring.parts(blocks):
            if self._display.channels == 4 and self._display.opaque:
                self._sample(part, quality, out)
                continue
            pixels = np.empty((*out.shape[:2], self._display.channels), np.uint8)
            self._sample(part, quality, pixels)
            if self._display.channels == 1:
                recolour(pixels, cv2.COLOR_GRAY2BGRA, out)
            else:
                out[...] = _over_checker(pixels)
        self.ring.mark(blocks, quality)

    def _sample(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        level = self.scale.level
        if quality == Quality.EXACT:
            sample(partial(self.pyramid.read, level), self.pyramid.size_of(level), self.scale, blocks, out)
            return
        level = max(1, level)
        read = partial(self.pyramid.read, level)
        if self.pyramid.stale_tiles(self.scale.image_of(blocks).intersect(self.state.size.rect)):
            level = min(level + 1, MAX_LEVEL)
            read = partial(self._picked, level)
        sample_roughly(read, self.pyramid.size_of(level), level, self.scale, blocks, out)

    def _picked(self, level: int, rect: Rect) -> Bytes:
        return self._display.shown(picked(self.state, level, rect))


def _alike(one: DocumentState, other: DocumentState) -> bool:
    """Whether tiles of one can stand for tiles of the other on the screen."""
    return (one.size, one.channels, one.dtype, one.metadata.icc) == (
        other.size,
        other.channels,
        other.dtype,
        other.metadata.icc,
    )


def _over_checker(colours: Bytes) -> Bytes:
    """Premultiplied BGRA over a neutral checkerboard that begins at the picture's corner."""
    height, width = colours.shape[:2]
    period = np.full((2 * _CHECKER_PX, 2 * _CHECKER_PX, 4), _CHECKER[0], np.uint8)
    period[:_CHECKER_PX, _CHECKER_PX:] = period[_CHECKER_PX:, :_CHECKER_PX] = _CHECKER[1]
    board = np.tile(period, (height // len(period), width // len(period), 1))
    below = wrapped(board, QImage.Format.Format_RGB32)  # a QPainter does not keep its image alive
    painter = QPainter(below)
    painter.drawImage(0, 0, wrapped(colours, QImage.Format.Format_ARGB32_Premultiplied))
    painter.end()
    return board
