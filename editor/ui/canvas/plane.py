"""Something shown in blocks: a rough draft at once where there is much to do, the exact pixels as time allows."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from editor.core.geometry import EMPTY, Rect, Size
from editor.ui.canvas.grid import BLOCK_PX, Scale
from editor.ui.canvas.pyramid import Pyramid
from editor.ui.canvas.raster import Bytes
from editor.ui.canvas.ring import Quality, Ring, rectangles

# What may be drawn exactly within a frame, in the plain RGB pixels of `work`: about 5 ms.
FRAME_PX = 2_600_000.0


class Plane(ABC):
    """Blocks of device pixels at one zoom, sampled from a pyramid."""

    image_format: QImage.Format

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self.scale = Scale(0, BLOCK_PX)
        self.ring = Ring(1, 1, self.image_format)

    @abstractmethod
    def work(self, blocks: Rect) -> float:
        """What drawing blocks exactly costs, in pixels of a plain RGB picture that are read or interpolated."""

    @abstractmethod
    def fill(self, blocks: Rect, quality: Quality, out: Bytes) -> None:
        """Draws blocks into `out` (BGRA)."""

    @property
    def size(self) -> Size:
        return self.pyramid.size

    def lay_out(self, scale: Scale, columns: int, rows: int) -> None:
        """Another zoom, or a view that needs room for other numbers of blocks."""
        if (columns, rows) != (self.ring.columns, self.ring.rows):
            self.ring = Ring(columns, rows, self.image_format)
        elif scale != self.scale:
            self.ring.forget()
        self.scale = scale

    def wanting(self, blocks: Rect, quality: Quality) -> NDArray[np.bool_]:
        """Which of the blocks have to be drawn to be there in this quality; rows x columns of `blocks`."""
        return self.ring.wanting(blocks, quality)

    def draw(self, blocks: Rect, allowed: float = FRAME_PX) -> float:
        """Makes every block of the view presentable within a frame's time.

        allowed: how much of `work` may be done exactly; returns how much of that is left.
        """
        parts = rectangles(self.wanting(blocks, Quality.ROUGH), blocks.left, blocks.top)
        left = allowed - sum(self.work(part) for part in parts)
        exact = left >= 0
        for part in parts:
            self._put(part, Quality.EXACT if exact else Quality.ROUGH)
        return max(0.0, left)

    def rough(self, blocks: Rect) -> bool:
        """Whether any of the blocks is not yet exact."""
        return bool(self.wanting(blocks, Quality.EXACT).any())

    def refine(self, blocks: Rect, until: float) -> Rect:
        """Draws exactly what is still rough, from the middle outwards, until a time.perf_counter().

        Returns:
            The blocks that were drawn; empty when none was finished in time or nothing is left to do.
        """
        done = EMPTY
        while not (part := self._roughest(blocks)).empty:
            reached = self.scale.image_of(part).expand(self.scale.image_px).intersect(self.size.rect)
            if self.scale.level and not self.pyramid.build(reached, until):
                break
            self._put(part, Quality.EXACT)
            done = done.union(part)
            if time.perf_counter() > until:
                break
        return done

    def _put(self, blocks: Rect, quality: Quality) -> None:
        for part, out in self.ring.parts(blocks):
            self.fill(part, quality, out)
        self.ring.mark(blocks, quality)

    def _roughest(self, blocks: Rect) -> Rect:
        """The longest stretch that is not yet exact in the row of blocks nearest to the middle."""
        wanting = self.wanting(blocks, Quality.EXACT)
        rows = np.flatnonzero(wanting.any(axis=1))
        if not rows.size:
            return EMPTY
        row = int(rows[np.argmin(np.abs(rows - (blocks.height - 1) / 2))])
        return max(rectangles(wanting[row : row + 1], blocks.left, blocks.top + row), key=lambda part: part.width)
