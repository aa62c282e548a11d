"""Compiled loops of `specks` that look for dust."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

# A speck is what is higher than such a part of its top; the next where it would run into what is beside it.
_LEVELS = (0.4, 0.55, 0.7)
# The ring that it is compared with lies so many pixels outside, beyond its soft edge.
_RING_FROM_PX = 3
_RING_TO_PX = 4
_SIDES = 8
_LEAST_RING = 0.004
_LEAST_ALIKE = 0.0005


@exact_kernel
def standing_alone(light: F32, height: F32, least: float, largest_px: int, strictness: float, found: Bool) -> None:
    """Marks the specks that differ from all that is around them.

    light, height: H x W, the picture, and how far it lies above (or below) all that is as wide as a speck.
    least: how high a top must be. largest_px: longer ones are none.
    strictness: what must be passed by the square of the least contrast to any side, over how high the surroundings are
        at most and the root of the share of them that is half as high as the speck. This product was found by logistic
        regression on photos with specks made in them; it is free of units but for one factor of contrast.
    """
    high, wide = height.shape
    reach = largest_px + _RING_TO_PX
    mark = np.zeros((2 * reach + 1, 2 * reach + 1), np.int32)
    ys, xs = np.empty(mark.size, np.int32), np.empty(mark.size, np.int32)
    number = 0
    for y in range(high):
        for x in range(wide):
            if height[y, x] < least or not _is_top(height, y, x):
                continue
            size = 0
            for level in _LEVELS:
                number += 1
                size = _grow(height, y, x, level * height[y, x], largest_px, mark, number, ys, xs)
                if size:
                    break
            if size == 0:
                continue
            contrast, around = _against_ring(light, height, y, x, size, mark, number, ys, xs)
            if contrast <= 0:
                continue
            alike = _share_alike(height, y, x, largest_px, mark, number)
            if contrast * contrast > strictness * max(around, _LEAST_RING) * np.sqrt(max(alike, _LEAST_ALIKE)):
                for k in range(size):
                    found[ys[k], xs[k]] = True


@exact_kernel
def _is_top(height: F32, y: int, x: int) -> bool:
    """Whether nothing beside a pixel is higher; of equal ones the first counts."""
    here = height[y, x]
    for v in range(max(0, y - 1), min(height.shape[0], y + 2)):
        for u in range(max(0, x - 1), min(height.shape[1], x + 2)):
            if height[v, u] > here or (height[v, u] == here and (v < y or (v == y and u < x))):
                return False
    return True


@exact_kernel
def _grow(height: F32, y: int, x: int, limit: float, largest_px: int, mark: I32, number: int, ys: I32, xs: I32) -> int:
    """Lists the pixels above a limit that hang together with (y, x), which `mark` (about it) gets the number of, and
    returns how many they are; 0 where they are longer than the largest speck."""
    reach = mark.shape[0] // 2
    mark[reach, reach] = number
    ys[0], xs[0] = y, x
    top, bottom, left, right = y, y, x, x
    count, done = 1, 0
    while done < count:
        for v in range(max(0, ys[done] - 1), min(height.shape[0], ys[done] + 2)):
            for u in range(max(0, xs[done] - 1), min(height.shape[1], xs[done] + 2)):
                if height[v, u] <= limit or mark[v - y + reach, u - x + reach] == number:
                    continue
                top, bottom, left, right = min(top, v), max(bottom, v), min(left, u), max(right, u)
                if max(bottom - top, right - left) >= largest_px:
                    return 0
                mark[v - y + reach, u - x + reach] = number
                ys[count], xs[count] = v, u
                count += 1
        done += 1
    return count


@exact_kernel
def _against_ring(
    light: F32, height: F32, y: int, x: int, size: int, mark: I32, number: int, ys: I32, xs: I32
) -> tuple[float, float]:
    """The least contrast of a speck's mean to a side of the ring around it, and the greatest height in that ring."""
    reach = mark.shape[0] // 2
    inside, middle_y, middle_x = 0.0, 0.0, 0.0
    for k in range(size):
        inside += light[ys[k], xs[k]] / size
        middle_y += ys[k] / size
        middle_x += xs[k] / size
    sums, counts = np.zeros(_SIDES), np.zeros(_SIDES)
    highest = 0.0
    first, last = 0, size
    for layer in range(1, _RING_TO_PX + 1):
        count = last
        for k in range(first, last):
            for v in range(max(0, ys[k] - 1), min(light.shape[0], ys[k] + 2)):
                for u in range(max(0, xs[k] - 1), min(light.shape[1], xs[k] + 2)):
                    if mark[v - y + reach, u - x + reach] == number:
                        continue
                    mark[v - y + reach, u - x + reach] = number
                    ys[count], xs[count] = v, u
                    count += 1
                    if layer >= _RING_FROM_PX:
                        turn = np.arctan2(v - middle_y, u - middle_x) / (2 * np.pi) + 0.5
                        side = int(turn * _SIDES) % _SIDES
                        sums[side] += light[v, u]
                        counts[side] += 1
                        highest = max(highest, height[v, u])
        first, last = last, count
    if counts.sum() == 0:
        return 0.0, 0.0
    way = 1.0 if sums.sum() / counts.sum() > inside else -1.0
    least = np.inf
    for side in range(_SIDES):
        if counts[side]:
            least = min(least, way * (sums[side] / counts[side] - inside))
    return least, highest


@exact_kernel
def _share_alike(height: F32, y: int, x: int, largest_px: int, mark: I32, number: int) -> float:
    """The share of the surroundings, without the speck and its ring, that is more than half as high as the speck."""
    reach = mark.shape[0] // 2
    window = largest_px + largest_px // 2
    count, alike = 0, 0
    for v in range(max(0, y - window), min(height.shape[0], y + window + 1)):
        for u in range(max(0, x - window), min(height.shape[1], x + window + 1)):
            a, b = v - y + reach, u - x + reach
            if 0 <= a <= 2 * reach and 0 <= b <= 2 * reach and mark[a, b] == number:
                continue
            count += 1
            alike += height[v, u] > 0.5 * height[y, x]
    return alike / max(1, count)
