"""A brush stroke on a mask: round dabs along the pointer's way.

Dabs are joined by maximum (adding) or by minimum with their complement (erasing), so that going over a place twice in
one stroke does not build up and repeating a dab changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from editor.core.geometry import EMPTY, Rect
from editor.core.tiles import TileWriter

_SUBPIXEL_RADIUS = 16.0
# A small brush lays hundreds of dabs a move; joined over this length first, they cost a tenth.
_TOGETHER_PX = 64.0


@dataclass(frozen=True, slots=True)
class Brush:
    """radius_px: half the diameter, at least 0.5; hardness: 0 soft to 1 sharp; opacity: 0 to 1; erase: takes away."""

    radius_px: float = 20.0
    hardness: float = 0.8
    opacity: float = 1.0
    erase: bool = False


@lru_cache(maxsize=64)
def stamp(radius_px: float, hardness: float, opacity: float, dx: float = 0.0, dy: float = 0.0) -> NDArray[np.uint8]:
    """A dab as a square of coverages 0..255 whose centre lies (dx, dy) off its middle pixel's centre.

    Coverage is full within hardness * radius and falls to 0 at the radius along a raised cosine; a sharp edge still
    gets one pixel of antialiasing.
    """
    reach = math.ceil(radius_px + 1)
    # A centred dab is the same in all four quarters; the largest ones would else cost more than a frame.
    centred = dx == dy == 0
    axis = np.arange(0 if centred else -reach, reach + 1, dtype=np.float32)
    distance = np.hypot(axis[None, :] - np.float32(dx), axis[:, None] - np.float32(dy))
    soft_px = max(1.0, radius_px * (1 - hardness))
    ramp = np.clip((radius_px + 0.5 - distance) / soft_px, 0, 1)
    coverage = (0.5 - 0.5 * np.cos(np.pi * ramp)) * (255 * opacity)
    dab: NDArray[np.uint8] = np.rint(coverage).astype(np.uint8)
    if centred:
        dab = np.pad(dab, ((reach, 0), (reach, 0)), mode="reflect")
    dab.flags.writeable = False
    return dab


class Stroke:
    """Lays dabs of one brush into a mask's writer; each call returns the rectangle that changed."""

    def __init__(self, writer: TileWriter, brush: Brush) -> None:
        self._writer = writer
        self._brush = brush
        self._last: tuple[float, float] | None = None

    def to(self, x: float, y: float, pressure: float = 1.0) -> Rect:
        """Goes on to (x, y) in image pixels; `pressure` of a pen (0..1) scales the size."""
        radius_px = max(0.5, self._brush.radius_px * _round_pressure(pressure))
        if self._last is None:
            self._last = (x, y)
            return self._dabs([(x, y)], radius_px)
        from_x, from_y = self._last
        distance = math.hypot(x - from_x, y - from_y)
        spacing_px = max(1.0, radius_px * 0.2)
        count = int(distance // spacing_px)
        points = []
        for index in range(1, count + 1):
            part = index * spacing_px / distance
            points.append((from_x + (x - from_x) * part, from_y + (y - from_y) * part))
        dirty = EMPTY
        together = max(1, int(_TOGETHER_PX / spacing_px))
        for start in range(0, count, together):
            dirty = dirty.union(self._dabs(points[start : start + together], radius_px))
        if points:
            self._last = points[-1]
        return dirty

    def _dabs(self, points: Sequence[tuple[float, float]], radius_px: float) -> Rect:
        """Joins a few dabs that lie close together, then lays them into the mask at once."""
        placed = [self._placed(x, y, radius_px) for x, y in points]
        box, cover = placed[0]
        if len(placed) > 1:
            box = Rect(
                min(rect.left for rect, _ in placed),
                min(rect.top for rect, _ in placed),
                max(rect.right for rect, _ in placed),
                max(rect.bottom for rect, _ in placed),
            )
            cover = np.zeros((box.height, box.width), np.uint8)
            for rect, dab in placed:
                top, left = rect.top - box.top, rect.left - box.left
                view = cover[top : top + dab.shape[0], left : left + dab.shape[1]]
                np.maximum(view, dab, out=view)
        changed = EMPTY
        for part, target in self._writer.parts(box):
            shape = cover[part.shift(-box.left, -box.top).slices]
            mask = target[..., 0]
            # A large dab lies mostly where the one before it was; what it leaves as it is need not be shown anew.
            if self._brush.erase:
                shape = 255 - shape
                if (shape < mask).any():
                    np.minimum(mask, shape, out=mask)
                    changed = changed.union(part)
            elif (shape > mask).any():
                np.maximum(mask, shape, out=mask)
                changed = changed.union(part)
        return changed

    def _placed(self, x: float, y: float, radius_px: float) -> tuple[Rect, NDArray[np.uint8]]:
        """A dab and where it lies."""
        column, row = math.floor(x), math.floor(y)
        dx = dy = 0.0
        if radius_px < _SUBPIXEL_RADIUS:
            dx, dy = (round((part - 0.5) * 4) / 4 for part in (x - column, y - row))
        dab = stamp(round(radius_px * 2) / 2, self._brush.hardness, self._brush.opacity, dx, dy)
        reach = dab.shape[0] // 2
        return Rect(column - reach, row - reach, column + reach + 1, row + reach + 1), dab


def _round_pressure(pressure: float) -> float:
    """To about 2 %: a pen would else need a new stamp for every dab, which takes longer than a frame if it is large."""
    step = 2.0 ** math.floor(math.log2(max(pressure, 1e-3))) / 32
    return round(pressure / step) * step
