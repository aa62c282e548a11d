"""Compiled loops of `scratches` that join the middles of lines to chains, and describe those."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel
from editor.imaging._line_kernels import DARK, FULL, SIDE_PX

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

GAP_PX = 14
"""The longest break in a line that a chain goes on over."""
FEATURES = 8
# The cosine of the most by which the next place may turn from the way so far, and how much of that stays at each.
_LEAST_COSINE = 0.85
_INERTIA = 0.75
# Over how many places its direction is measured.
_AHEAD_PX = 6
# Where what lies beyond the sides is looked at.
_FAR_PX = 7
# How many places make a run.
_RUN = 12
_LEAST_CROWD = 0.002


@exact_kernel
def trace(
    ridge: U8,
    code: U8,
    directions: F32,
    rows: tuple[int, int],
    least: int,
    used: Bool,
    places: I32,
    starts: I32,
) -> tuple[int, int]:
    """Joins middles of lines to chains, beginning with every one in `rows` that scores at least `least`.

    used: H x W, what belongs to a chain already. places: out, N x 2, (y, x) of one chain after the other, in order.
    starts: out, where in `places` each begins; room for one a pixel.

    Returns:
        How many places and chains there are.
    """
    count, chains = 0, 0
    for y in range(rows[0], rows[1]):
        for x in range(ridge.shape[1]):
            if ridge[y, x] < least or used[y, x]:
                continue
            down, across = directions[code[y, x] % DARK]
            starts[chains] = count
            first = count
            _take(ridge, code, y, x, used)
            count = _follow(ridge, code, directions, y, x, -down, -across, used, places, count)
            _reverse(places, first, count)
            places[count, 0], places[count, 1] = y, x
            count = _follow(ridge, code, directions, y, x, down, across, used, places, count + 1)
            chains += 1
    return count, chains


@exact_kernel
def _take(ridge: U8, code: U8, y: int, x: int, used: Bool) -> None:
    """A pixel belongs to a chain, and so do those beside it that show the same line."""
    for v in range(max(0, y - 1), min(ridge.shape[0], y + 2)):
        for u in range(max(0, x - 1), min(ridge.shape[1], x + 2)):
            if ridge[v, u] and code[v, u] // DARK == code[y, x] // DARK:
                used[v, u] = True


@exact_kernel
def _reverse(places: I32, first: int, last: int) -> None:
    low, high = first, last - 1
    while low < high:
        for axis in range(2):
            kept = places[low, axis]
            places[low, axis] = places[high, axis]
            places[high, axis] = kept
        low, high = low + 1, high - 1


@exact_kernel
def _follow(
    ridge: U8,
    code: U8,
    directions: F32,
    y: int,
    x: int,
    down: float,
    across: float,
    used: Bool,
    places: I32,
    count: int,
) -> int:
    """Adds the middles that lie ahead, one after the other, and returns how many places there are then."""
    way = code[y, x] // DARK
    while True:
        found, best_y, best_x, best_down, best_across = 0, 0, 0, 0.0, 0.0
        for ahead in range(1, GAP_PX + 1):
            reach = 1 + ahead // 5
            for aside in range(-reach, reach + 1):
                v = int(np.rint(y + ahead * down - aside * across))
                u = int(np.rint(x + ahead * across + aside * down))
                if v < 0 or u < 0 or v >= ridge.shape[0] or u >= ridge.shape[1]:
                    continue
                if ridge[v, u] <= found or used[v, u] or code[v, u] // DARK != way:
                    continue
                turn = directions[code[v, u] % DARK]
                cosine = turn[0] * down + turn[1] * across
                if abs(cosine) >= _LEAST_COSINE:
                    sign = 1.0 if cosine > 0 else -1.0
                    found, best_y, best_x = ridge[v, u], v, u
                    best_down, best_across = sign * turn[0], sign * turn[1]
            if found:
                break
        if not found:
            return count
        y, x = best_y, best_x
        _take(ridge, code, y, x, used)
        places[count, 0], places[count, 1] = y, x
        count += 1
        down = _INERTIA * down + (1 - _INERTIA) * best_down
        across = _INERTIA * across + (1 - _INERTIA) * best_across
        norm = np.hypot(down, across)
        down, across = down / norm, across / norm


@exact_kernel
def stand_out(light: F32, places: I32, dark: bool, height: F32) -> None:
    """By how much each place of a chain is brighter, or darker, than the mean of its sides. light: smoothed."""
    sign = -1.0 if dark else 1.0
    for k in range(len(places)):
        down, across = _direction(places, k)
        y, x = places[k]
        left = _at(light, y - SIDE_PX * across, x + SIDE_PX * down)
        right = _at(light, y + SIDE_PX * across, x - SIDE_PX * down)
        height[k] = sign * (light[y, x] - (left + right) / 2)


@exact_kernel
def describe(light: F32, ridge: U8, crowd: F32, places: I32, dark: bool, width: F32, out: F32) -> None:
    """Measures what tells a scratch from the lines that belong to a picture, of one chain.

    Differences are taken of the means of short runs, in which grain is averaged away.

    light: H x W, smoothed. crowd: H x W, the share of middles of lines among all pixels around.
    places: N x 2, (y, x). width: out, N, how many pixels wide the line is at each place.
    out: FEATURES numbers, see `scratches.WEIGHTS`.
    """
    number = len(places)
    sign = -1.0 if dark else 1.0
    length, sure, crowded = 0.0, 0.0, 0.0
    height, unlike, tilted, beyond, extreme = 0.0, 0.0, 0.0, 0.0, 0.0
    first, runs = 0, 0
    while first < number:
        last = min(number, first + _RUN)
        middles, one, other, far = 0.0, 0.0, 0.0, 0.0
        for k in range(first, last):
            down, across = _direction(places, k)
            y, x = places[k]
            if k:
                length += np.hypot(y - places[k - 1, 0], x - places[k - 1, 1])
            left = _at(light, y - SIDE_PX * across, x + SIDE_PX * down)
            right = _at(light, y + SIDE_PX * across, x - SIDE_PX * down)
            far += _at(light, y - _FAR_PX * across, x + _FAR_PX * down) / 2
            far += _at(light, y + _FAR_PX * across, x - _FAR_PX * down) / 2
            middles, one, other = middles + light[y, x], one + left, other + right
            sides = (left + right) / 2
            width[k] = _half(light, y, x, -across, down, sides, sign) + _half(light, y, x, across, -down, sides, sign)
            sure += ridge[y, x] / FULL
            crowded += crowd[y, x]
        size = last - first
        height += sign * (middles - (one + other) / 2) / size
        unlike += abs(one - other) / size
        tilted += (one - other) / size
        beyond += abs(far - (one + other) / 2) / size
        extreme += sign * (middles / size - 0.5) + 0.5
        first, runs = last, runs + 1
    contrast = max(height / runs, 1e-4)
    out[0] = np.log2(max(length, 1.0))
    out[1] = sure / number
    out[2] = np.log2(contrast)
    out[3] = unlike / runs / contrast
    out[4] = abs(tilted) / runs / contrast
    out[5] = beyond / runs / contrast
    out[6] = np.log2(crowded / number + _LEAST_CROWD)
    out[7] = extreme / runs


@exact_kernel
def _direction(places: I32, k: int) -> tuple[float, float]:
    before, after = max(0, k - _AHEAD_PX), min(len(places) - 1, k + _AHEAD_PX)
    down, across = float(places[after, 0] - places[before, 0]), float(places[after, 1] - places[before, 1])
    norm = max(1e-6, np.hypot(down, across))
    return down / norm, across / norm


@exact_kernel
def _at(light: F32, y: float, x: float) -> float:
    v = min(max(int(np.rint(y)), 0), light.shape[0] - 1)
    u = min(max(int(np.rint(x)), 0), light.shape[1] - 1)
    return float(light[v, u])


@exact_kernel
def _half(light: F32, y: int, x: int, down: float, across: float, sides: float, sign: float) -> float:
    """How far from its middle a line falls to half its height, in pixels."""
    height = sign * (light[y, x] - sides)
    far = 0.5
    while far < SIDE_PX and sign * (_at(light, y + far * down, x + far * across) - sides) > 0.5 * height:
        far += 0.5
    return far
