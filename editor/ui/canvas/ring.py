"""The device pixels of the blocks in view, in one buffer that wraps around: panning moves nothing, only exposed blocks
are drawn, over those that left the view at the other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from editor.core.geometry import EMPTY, Rect
from editor.ui.canvas.grid import BLOCK_PX
from editor.ui.canvas.raster import Bytes, wrapped


class Quality(IntEnum):
    """How a block was drawn: ROUGH may be off by a pixel and a step behind in sharpness, EXACT is final."""

    NONE = 0
    ROUGH = 1
    EXACT = 2


class Ring:
    """Room for `columns` x `rows` blocks; block (x, y) lives in slot (x mod columns, y mod rows)."""

    def __init__(self, columns: int, rows: int, image_format: QImage.Format) -> None:
        self.columns, self.rows = columns, rows
        self.pixels: Bytes = np.empty((rows * BLOCK_PX, columns * BLOCK_PX, 4), np.uint8)
        self.image = wrapped(self.pixels, image_format)
        self._holds: NDArray[np.int64] = np.zeros((rows, columns, 2), np.int64)
        self._quality: NDArray[np.int8] = np.zeros((rows, columns), np.int8)

    def forget(self, blocks: Rect | None = None) -> None:
        """The blocks (None: all) have to be drawn anew."""
        if blocks is None:
            self._quality[...] = Quality.NONE
            return
        ys, xs = np.ogrid[: self.rows, : self.columns]
        held_x, held_y = self._holds[ys, xs, 0], self._holds[ys, xs, 1]
        inside = (held_x >= blocks.left) & (held_x < blocks.right) & (held_y >= blocks.top) & (held_y < blocks.bottom)
        self._quality[inside] = Quality.NONE

    def wanting(self, blocks: Rect, quality: Quality) -> NDArray[np.bool_]:
        """Which of the blocks are not there in this quality; rows x columns of `blocks`."""
        slots, xs, ys = self._slots(blocks)
        holds = self._holds[slots]
        there = (holds[..., 0] == xs) & (holds[..., 1] == ys) & (self._quality[slots] >= quality)
        missing: NDArray[np.bool_] = np.logical_not(there)
        return missing

    def parts(self, blocks: Rect) -> Iterator[tuple[Rect, Bytes]]:
        """The pieces of `blocks` that lie together in the buffer, each with its pixels (BGRA) to be written."""
        for part, slot in self._wrapped(blocks):
            yield part, self.pixels[_px(slot).slices]

    def mark(self, blocks: Rect, quality: Quality) -> None:
        """`blocks` have been written."""
        slots, xs, ys = self._slots(blocks)
        self._holds[(*slots, 0)] = xs
        self._holds[(*slots, 1)] = ys
        self._quality[slots] = quality

    def paint(self, painter: QPainter, rect: Rect, dx: int, dy: int) -> None:
        """Draws the device pixels `rect` of the raster, moved by (dx, dy)."""
        if rect.empty:
            return
        blocks = Rect(
            rect.left // BLOCK_PX, rect.top // BLOCK_PX, -(-rect.right // BLOCK_PX), -(-rect.bottom // BLOCK_PX)
        )
        for part, slot in self._wrapped(blocks):
            box = _px(part).intersect(rect)
            inside = box.shift((slot.left - part.left) * BLOCK_PX, (slot.top - part.top) * BLOCK_PX)
            source = QRect(inside.left, inside.top, inside.width, inside.height)
            painter.drawImage(QPoint(box.left + dx, box.top + dy), self.image, source)

    def _slots(
        self, blocks: Rect
    ) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64], NDArray[np.int64]]:
        xs = np.arange(blocks.left, blocks.right)[None, :]
        ys = np.arange(blocks.top, blocks.bottom)[:, None]
        return (ys % self.rows, xs % self.columns), xs, ys

    def _wrapped(self, blocks: Rect) -> Iterator[tuple[Rect, Rect]]:
        """The pieces of `blocks` between the buffer's seams, each with its slots."""
        for top, bottom, slot_top in _pieces(blocks.top, blocks.bottom, self.rows):
            for left, right, slot_left in _pieces(blocks.left, blocks.right, self.columns):
                part = Rect(left, top, right, bottom)
                yield part, part.shift(slot_left - left, slot_top - top)


def _pieces(start: int, end: int, period: int) -> Iterator[tuple[int, int, int]]:
    while start < end:
        slot = start % period
        stop = min(end, start + period - slot)
        yield start, stop, slot
        start = stop


def _px(blocks: Rect) -> Rect:
    return Rect(blocks.left * BLOCK_PX, blocks.top * BLOCK_PX, blocks.right * BLOCK_PX, blocks.bottom * BLOCK_PX)


def rectangles(wanted: NDArray[np.bool_], left: int, top: int) -> list[Rect]:
    """Few rectangles that together cover just the True cells; cell (0, 0) is at (left, top)."""
    if not wanted.any():
        return []
    if wanted.all():
        return [Rect(left, top, left + wanted.shape[1], top + wanted.shape[0])]
    done: list[Rect] = []
    growing: dict[tuple[int, int], int] = {}
    for row, cells in enumerate((*wanted.tolist(), [])):
        runs = _runs(cells)
        for start, end in growing.keys() - set(runs):
            done.append(Rect(left + start, top + growing.pop((start, end)), left + end, top + row))
        for run in runs:
            growing.setdefault(run, row)
    return done


def largest(cells: NDArray[np.bool_], left: int, top: int) -> Rect:
    """The largest rectangle of True cells only; cell (0, 0) is at (left, top)."""
    if cells.all():
        return Rect(left, top, left + cells.shape[1], top + cells.shape[0])
    best, most = EMPTY, 0
    heights = [0] * (cells.shape[1] + 1)
    rows = cells.tolist() if cells.any() else []
    for bottom, row in enumerate(rows, top + 1):
        heights = [height + 1 if cell else 0 for height, cell in zip(heights, (*row, False), strict=True)]
        # Rising bars from where they begin; a lower one ends all that are higher.
        rising: list[tuple[int, int]] = []
        for column, height in enumerate(heights):
            start = column
            while rising and rising[-1][1] >= height:
                start, tall = rising.pop()
                if tall * (column - start) > most:
                    most = tall * (column - start)
                    best = Rect(left + start, bottom - tall, left + column, bottom)
            rising.append((start, height))
    return best


def _runs(cells: list[bool]) -> list[tuple[int, int]]:
    """Start and end of each stretch of True. A plain loop: there are some twenty cells, too few for numpy."""
    runs = []
    start = -1
    for column, cell in enumerate((*cells, False)):
        if cell and start < 0:
            start = column
        elif not cell and start >= 0:
            runs.append((start, column))
            start = -1
    return runs
