"""Cuts a mask into holes and gives each the surroundings that a method asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.geometry import Rect, Size, tile_keys
from editor.core.tiles import TileMap
from editor.sdk.plugin import Holes, least_source

_CELL_PX = 8


@dataclass(frozen=True, slots=True)
class Region:
    """hole: the box of the masked pixels worked at once; rect: the box handed to the method, hole and surroundings."""

    hole: Rect
    rect: Rect


def mask_box(mask: TileMap) -> Rect:
    """The box of the mask's values above 0, to the pixel; empty if there are none."""
    box = Rect(0, 0, 0, 0)
    for (column, row), tile in mask.tiles.items():
        found = _box(tile.pixels[..., 0])
        if not found.empty:
            box = box.union(found.shift(column * 256, row * 256))
    return box


def is_full(mask: TileMap) -> bool:
    """Whether all of the mask is 255."""
    return all(key in mask.tiles and bool((mask.tiles[key].pixels == 255).all()) for key in tile_keys(mask.size.rect))


def plan_holes(
    mask: TileMap, scope: Holes, copyable: Callable[[Rect], NDArray[np.bool_]] | None = None
) -> list[Region]:
    """One region for each hole, or for several whose surroundings would cost less together than apart.

    Holes that lie within 8 px of each other count as one.

    copyable: tells of a box which of its pixels may be copied: a region then holds enough of them, if there are.
    """
    regions = _merged([_region(hole, scope, mask.size) for hole in _holes(mask)], scope, mask.size)
    if copyable is None:
        return regions
    # Those that reach to the same far place are better worked at once.
    return _merged([_widened(region, mask, copyable) for region in regions], scope, mask.size)


def _merged(regions: list[Region], scope: Holes, size: Size) -> list[Region]:
    merged = True
    while merged and len(regions) > 1:
        merged = False
        kept: list[Region] = []
        for region in sorted(regions, key=lambda each: (each.rect.left, each.rect.top)):
            for index, other in enumerate(kept):
                hole = region.hole.union(other.hole)
                rect = _region(hole, scope, size).rect.union(region.rect).union(other.rect)
                if rect.area <= region.rect.area + other.rect.area:
                    kept[index], merged = Region(hole, rect), True
                    break
            else:
                kept.append(region)
        regions = kept
    return regions


def _region(hole: Rect, scope: Holes, size: Size) -> Region:
    margin_px = max(scope.context_px, round(scope.context_ratio * max(hole.width, hole.height)))
    return Region(hole, hole.expand(margin_px).intersect(size.rect))


def _widened(region: Region, mask: TileMap, copyable: Callable[[Rect], NDArray[np.bool_]]) -> Region:
    """The region, and what may be copied around it if that is too little within."""
    enough = least_source(int(np.count_nonzero(mask.read(region.hole))))
    seen, found = region.rect, copyable(region.rect)
    while np.count_nonzero(found) < enough and seen != mask.size.rect:
        seen = seen.expand(max(seen.width, seen.height) // 2).intersect(mask.size.rect)
        found = copyable(seen)
    if seen == region.rect:
        return region
    return Region(region.hole, region.rect.union(_box(found).shift(seen.left, seen.top)))


def _holes(mask: TileMap) -> list[Rect]:
    """The boxes of the connected parts of the mask, found on a grid of 8 x 8 px cells, then tightened."""
    box = mask.bounds
    if box.empty:
        return []
    values = mask.read(box)[..., 0]
    rows, columns = -(-box.height // _CELL_PX), -(-box.width // _CELL_PX)
    padded = np.zeros((rows * _CELL_PX, columns * _CELL_PX), np.bool_)
    padded[: box.height, : box.width] = values > 0
    blocks = padded.reshape(rows, _CELL_PX, columns, _CELL_PX)
    cells = np.asarray(blocks.any(axis=(1, 3)), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells, connectivity=8)
    holes = []
    for left, top, width, height in stats[1:count, :4].tolist():
        cell_box = Rect(left, top, left + width, top + height)
        rough = Rect(*(edge * _CELL_PX for edge in (cell_box.left, cell_box.top, cell_box.right, cell_box.bottom)))
        holes.append(_box(values[rough.slices]).shift(rough.left + box.left, rough.top + box.top))
    return holes


def _box(values: NDArray[np.uint8] | NDArray[np.bool_]) -> Rect:
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if not len(rows):
        return Rect(0, 0, 0, 0)
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
