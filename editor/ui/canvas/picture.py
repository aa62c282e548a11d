"""The flattened photo as blocks of device pixels."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPainter

from editor.core.document import DocumentState
from editor.core.geometry import TILE_PX, Rect
from editor.ui.canvas.display import Display
from editor.ui.canvas.draft import picked
from editor.ui.canvas.grid import BLOCK_PX, MAX_LEVEL
from editor.ui.canvas.plane import Plane
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes, recolour, wrapped
from editor.ui.canvas.ring import Quality
from editor.ui.canvas.sampling import sample, sample_roughly

_INTERPOLATION = 1.2
# Reading, reducing and storing a pixel of a tile whose levels are out of date.
_REDUCTION = 2.0

_CHECKER_PX = 16
CHECKER_GREYS = (102, 153)


class _Source:
    """What the pyramid reads; by itself, since a pyramid that holds its picture would outlive it until the next
    garbage collection, with a third of the document's memory.
    """

    def __init__(self, state: DocumentState) -> None:
        self.state = state
        self.display = Display.of(state)

    def full(self, rect: Rect) -> Bytes:
        return self.display.shown(self.state.read(rect))

    def picked(self, level: int, rect: Rect) -> Bytes:
        return self.display.shown(picked(self.state, level, rect))


class Picture(Plane):
    """The pixels of a document (RGB32), kept up with its states."""

    image_format = QImage.Format.Format_RGB32

    def __init__(self, state: DocumentState, pyramid: Pyramid | None = None) -> None:
        self._source = _Source(state)
        super().__init__(pyramid or self._new_pyramid())

    @property
    def state(self) -> DocumentState:
        return self._source.state

    def twin(self, state: DocumentState) -> Picture:
        """A second picture that shows another state of the same document, made from what this one has."""
        if not _alike(self.state, state):
            return Picture(state)
        other = Picture(state, self.pyramid)
        other.pyramid = self.pyramid.copy(other._source.full, state.pixels_differ(self.state))
        return other

    def show(self, state: DocumentState) -> None:
        """Goes to another state; only the tiles that differ are drawn anew."""
        before = self.state
        if not _alike(before, state):
            self._source = _Source(state)
            self.pyramid = self._new_pyramid()
            self.ring.forget()
            return
        self._source.state = state
        keys = state.pixels_differ(before)
        self.pyramid.invalidate(keys)
        for blocks in self.scale.blocks_of_tiles(keys, state.size):
            self.ring.forget(blocks)

    def _new_pyramid(self) -> Pyramid:
        return Pyramid(self.state.size, self._source.display.channels, self._source.full)

    def work(self, blocks: Rect) -> float:
        area = self.scale.image_of(blocks).intersect(self.size.rect)
        reading = self._source.display.cost * sum(layer.visible for layer in self.state.layers)
        smooth = self.scale.source_px != BLOCK_PX and self.scale.source_px * 2 > BLOCK_PX
        drawing = _INTERPOLATION * blocks.area * BLOCK_PX**2 if smooth else 0
        if self.scale.level == 0:
            return area.area * reading + drawing
        return self.pyramid.stale_tiles(area) * TILE_PX**2 * reading * _REDUCTION + drawing

    def fill(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        if self._source.display.channels == 4 and self._source.display.opaque:
            self._sample(blocks, quality, out)
            return
        pixels = np.empty((*out.shape[:2], self._source.display.channels), np.uint8)
        self._sample(blocks, quality, pixels)
        if self._source.display.channels == 1:
            recolour(pixels, cv2.COLOR_GRAY2BGRA, out)
        else:
            out[...] = _over_checker(pixels)

    def _sample(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        level = self.scale.level
        if quality == Quality.EXACT:
            sample(partial(self.pyramid.read, level), self.pyramid.size_of(level), self.scale, blocks, out)
            return
        level = max(1, level)
        read = partial(self.pyramid.read, level)
        if self.pyramid.stale_tiles(self.scale.image_of(blocks).intersect(self.size.rect)):
            level = min(level + 1, MAX_LEVEL)
            read = partial(self._source.picked, level)
        sample_roughly(read, self.pyramid.size_of(level), level, self.scale, blocks, out)


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
    period = np.full((2 * _CHECKER_PX, 2 * _CHECKER_PX, 4), CHECKER_GREYS[0], np.uint8)
    period[:_CHECKER_PX, _CHECKER_PX:] = period[_CHECKER_PX:, :_CHECKER_PX] = CHECKER_GREYS[1]
    board = np.tile(period, (height // len(period), width // len(period), 1))
    below = wrapped(board, QImage.Format.Format_RGB32)  # a QPainter does not keep its image alive
    painter = QPainter(below)
    painter.drawImage(0, 0, wrapped(colours, QImage.Format.Format_ARGB32_Premultiplied))
    painter.end()
    return board
