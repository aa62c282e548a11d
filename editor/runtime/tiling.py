"""Runs a picture through a model in tiles that join without a seam.

Each tile reads `overlap_px` more than it keeps. That margin, where the model lacked context, is cut off first; what is
left overlaps the next tile by BLEND_PX, over which the two are blended. Where the overlap covers all that the model
looks at, both sides are equal there and a blend of equals is exact, so tiled is untiled, bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.runtime.manifest import SizeRule

BLEND_PX = 8

# Tiles smaller than this are mostly overlap, and no machine that runs the editor is that short of memory.
SMALLEST_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis, in pixels of the padded picture.

    start, stop: what it reads. keep, end: what it keeps. blend: of that, how many first pixels are blended with the
    tile before (0 for the first tile).
    """

    start: int
    stop: int
    keep: int
    end: int
    blend: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The tiles of a picture: every row of `rows` with every column of `columns`; all tiles have one size."""

    height: int
    width: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def count(self) -> int:
        return len(self.rows) * len(self.columns)

    @property
    def side_px(self) -> int:
        """The longer side of a tile."""
        return max(self.rows[0].stop - self.rows[0].start, self.columns[0].stop - self.columns[0].start)


def side_for(budget_bytes: int, memory_mb_per_mp: float) -> int:
    """The side of the square tile, in pixels, whose working memory fits into the budget."""
    return max(1, math.isqrt(int(budget_bytes / memory_mb_per_mp)))  # MB per MP is bytes per pixel


def smallest_side(rule: SizeRule, overlap_px: int) -> int:
    """The side of the smallest tile that is worth trying."""
    useful = rule.round_up(2 * overlap_px + BLEND_PX) + rule.multiple_of
    return rule.round_up(max(rule.minimum, useful, SMALLEST_SIDE_PX))


def plan(height: int, width: int, rule: SizeRule, overlap_px: int, side_px: int) -> Plan:
    """Tiles of about equal size, at most `side_px` by `side_px` (but never below `smallest_side`).

    Args:
        height, width: of the picture, in pixels.
        rule: which sizes the model takes; the picture counts as padded to it at the right and at the bottom.
        overlap_px: how much of a tile is cut off on each side that has a neighbour.
        side_px: the largest side that memory allows; of no effect where the rule says a fixed size.
    """
    padded_height, padded_width = rule.padded(height, width)
    if rule.fixed is not None:
        sides = rule.fixed
    else:
        side = max(side_px // rule.multiple_of * rule.multiple_of, smallest_side(rule, overlap_px))
        sides = (side, side)
    rows = _axis(padded_height, sides[0], rule, overlap_px)
    columns = _axis(padded_width, sides[1], rule, overlap_px)
    return Plan(height, width, rows, columns)


def halved(current: Plan, rule: SizeRule, overlap_px: int) -> Plan | None:
    """The same picture in tiles of half the side, for when memory ran out; None if they cannot get smaller."""
    side = max(current.side_px // 2, smallest_side(rule, overlap_px))
    if rule.fixed is not None or side >= current.side_px:
        return None
    return plan(current.height, current.width, rule, overlap_px, side)


def whole(height: int, width: int, rule: SizeRule) -> Plan:
    """The picture, padded to the rule, as one tile."""
    padded_height, padded_width = rule.padded(height, width)
    rows, columns = Span(0, padded_height, 0, padded_height, 0), Span(0, padded_width, 0, padded_width, 0)
    return Plan(height, width, (rows,), (columns,))


def _axis(extent: int, side: int, rule: SizeRule, overlap_px: int) -> tuple[Span, ...]:
    if extent <= side:
        return (Span(0, extent, 0, extent, 0),)
    # Starts and sizes are multiples of the rule's number, so that strided layers see the same grid in every tile.
    unit = rule.multiple_of
    shared = rule.round_up(2 * overlap_px + BLEND_PX)  # below `side`: the manifest sees to that where it is fixed
    tile = side
    if rule.fixed is None:
        count = math.ceil((extent - shared) / (side - shared))
        tile = rule.round_up(max(rule.minimum, math.ceil((extent + (count - 1) * shared) / count)))
    count = math.ceil((extent - tile) / (tile - shared)) + 1
    starts = [i * (extent - tile) // (count - 1) // unit * unit for i in range(count)]
    keeps = [0, *(start + overlap_px for start in starts[1:])]
    ends = [*(keep + BLEND_PX for keep in keeps[1:]), extent]
    blends = [0, *[BLEND_PX] * (count - 1)]
    return tuple(
        Span(start, start + tile, keep, end, blend)
        for start, keep, end, blend in zip(starts, keeps, ends, blends, strict=True)
    )


def cut(array: NDArray[Any], axes: tuple[int, int], row: Span, column: Span) -> NDArray[Any]:
    """What a tile reads of a tensor whose y and x lie at `axes`; beyond its borders the picture is reflected."""
    for axis, span in zip(axes, (row, column), strict=True):
        length = array.shape[axis]
        if span.stop <= length:
            array = array[(slice(None),) * axis + (slice(span.start, span.stop),)]
        else:
            array = np.take(array, _reflected(span, length), axis=axis)
    return np.ascontiguousarray(array)


def _reflected(span: Span, length: int) -> NDArray[np.intp]:
    index = np.arange(span.start, span.stop)
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    index %= period
    return np.where(index < length, index, period - index)


class Mosaic:
    """Puts the tiles of one output together, row by row from the left.

    Args:
        plan: the tiles, in input pixels.
        scale: output pixels per input pixel.
        axes: where y and x lie in the output tensor.
    """

    def __init__(self, plan: Plan, scale: int, axes: tuple[int, int]) -> None:
        self._plan = plan
        self._scale = scale
        self._axes = axes
        self._out: NDArray[Any] | None = None
        self._carry: NDArray[Any] | None = None

    def add(self, row: Span, column: Span, tile: NDArray[Any]) -> None:
        """Adds the model's output for one tile.

        Raises:
            ValueError: it does not have the size that scale and tile ask for.
        """
        scale = self._scale
        expected = ((row.stop - row.start) * scale, (column.stop - column.start) * scale)
        if tuple(tile.shape[axis] for axis in self._axes) != expected:
            raise ValueError(f"an output of {tile.shape} where {expected[0]} x {expected[1]} pixels were expected")
        out = np.moveaxis(self._canvas(tile), self._axes, (0, 1))
        piece = np.moveaxis(tile, self._axes, (0, 1))[
            (row.keep - row.start) * scale : (row.end - row.start) * scale,
            (column.keep - column.start) * scale : (column.end - column.start) * scale,
        ].copy()
        # First along x, with what the tile to the left left over; then along y, with what the row above has written.
        # So the weights are a product, and no corner is blended with anything twice.
        if self._carry is not None:
            _blend_into(self._carry, piece, axis=1)
        self._carry = None
        if column is not self._plan.columns[-1]:
            band = BLEND_PX * scale
            self._carry, piece = piece[:, -band:], piece[:, :-band]
        top, left = row.keep * scale, column.keep * scale
        target = out[top : top + piece.shape[0], left : left + piece.shape[1]]
        piece = piece[: target.shape[0], : target.shape[1]]
        if row.blend:
            _blend_into(target[: row.blend * scale], piece, axis=0)
        target[...] = piece

    def result(self) -> NDArray[Any]:
        """The whole output, without padding; only after every tile was added."""
        if self._out is None:
            raise ValueError("no tile was added")
        return self._out

    def _canvas(self, tile: NDArray[Any]) -> NDArray[Any]:
        if self._out is None:
            shape = list(tile.shape)
            for axis, length in zip(self._axes, (self._plan.height, self._plan.width), strict=True):
                shape[axis] = length * self._scale
            self._out = np.empty(shape, tile.dtype)
        return self._out


def _blend_into(before: NDArray[Any], piece: NDArray[Any], axis: int) -> None:
    """Fades the first pixels of `piece` along `axis` in from `before`, in place."""
    length = before.shape[axis]
    band = piece[:length] if axis == 0 else piece[:, :length]
    kind = before.dtype if np.issubdtype(before.dtype, np.floating) else np.dtype(np.float32)
    weight = ((np.arange(length) + 0.5) / length).astype(kind)
    weight = weight.reshape([length if i == axis else 1 for i in range(band.ndim)])
    # before + weight * (band - before), not a weighted sum: this one is exact where the two are equal.
    step = weight * (band.astype(kind) - before.astype(kind))
    if kind == before.dtype:
        band[...] = before + step
    else:
        band[...] = (before + np.rint(step)).astype(before.dtype)
