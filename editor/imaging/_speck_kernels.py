"""Compiled loops of `specks`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_NEAREST = 4
_ENOUGH = 6


@exact_kernel
def rank_ordered(plane: F32, found: Bool, out: F32) -> None:
    """The mean of the four smallest differences of each pixel to those around it that were not found: of the 8, or of
    the 24 where too few of them are left."""
    high, wide = plane.shape
    nearest = np.zeros(_NEAREST, np.float32)
    for y in range(high):
        for x in range(wide):
            for radius in range(1, 3):
                nearest[:] = 1
                count = 0
                for v in range(max(0, y - radius), min(high, y + radius + 1)):
                    for u in range(max(0, x - radius), min(wide, x + radius + 1)):
                        if found[v, u] or (v == y and u == x):
                            continue
                        count += 1
                        difference = abs(plane[v, u] - plane[y, x])
                        place = _NEAREST - 1
                        if difference < nearest[place]:
                            while place > 0 and nearest[place - 1] > difference:
                                nearest[place] = nearest[place - 1]
                                place -= 1
                            nearest[place] = difference
                if count >= _ENOUGH:
                    break
            total = np.float32(0)
            used = min(count, _NEAREST)
            for place in range(used):
                total += nearest[place]
            out[y, x] = total / np.float32(used) if used else np.float32(0)


@exact_kernel
def standing_out(plane: F32, least: float, times: float, out: Bool) -> None:
    """Marks pixels that are above or below all 8 around them by `least` and `times` the spread of those and the next 16
    (the middle 80 % of a normal distribution are taken for it, so that other specks don't matter)."""
    high, wide = plane.shape
    values = np.zeros(24, np.float32)
    for y in range(high):
        for x in range(wide):
            low, top = np.float32(np.inf), np.float32(-np.inf)
            count = 0
            for v in range(max(0, y - 2), min(high, y + 3)):
                for u in range(max(0, x - 2), min(wide, x + 3)):
                    if v == y and u == x:
                        continue
                    value = plane[v, u]
                    if abs(v - y) < 2 and abs(u - x) < 2:
                        low, top = min(low, value), max(top, value)
                    values[count] = value
                    count += 1
            beyond = max(plane[y, x] - top, low - plane[y, x])
            if count < 3 or beyond <= least:
                continue
            ordered = np.sort(values[:count])
            cut = count // 10
            spread = (ordered[count - 1 - cut] - ordered[cut]) / 2.56
            out[y, x] = beyond > least + times * spread
