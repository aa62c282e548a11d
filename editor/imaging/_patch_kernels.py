"""Compiled inner loops of the patch search. Arrays, not objects, go in; every call works on a band of rows.

Positions are the top left corners of patches. `pixels` is H x 4W uint8 (four channels a pixel, so that a patch's row is
one run of bytes). A *box* array covers the corners from (top, left) on; a *frame* array covers all pixels.

Bands make the result independent of the number of threads: a band reads corners of other bands only from the copy
that was made before the pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import kernel

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

FAR = np.int64(1) << np.int64(30)


@kernel
def _random(seed: Any, a: Any, b: Any, c: Any) -> Any:
    """A 32-bit hash of four numbers, so that a draw depends on its place and not on who draws first."""
    h = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ np.uint64(a)) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(29)) ^ np.uint64(b)) * np.uint64(0x94D049BB133111EB)
    h = (h ^ (h >> np.uint64(32)) ^ np.uint64(c)) * np.uint64(0xD6E8FEB86659FD93)
    return np.int64((h ^ (h >> np.uint64(32))) & np.uint64(0x7FFFFFFF))


@kernel
def _distance(pixels: U8, y: Any, x: Any, v: Any, u: Any, high: Any, wide: Any, limit: Any) -> Any:
    """Sum of squared differences of two patches, given up once it is at least `limit`."""
    total = np.int64(0)
    run = wide * 4
    for i in range(high):
        a = pixels[y + i, x * 4 : x * 4 + run]
        b = pixels[v + i, u * 4 : u * 4 + run]
        part = np.int32(0)
        for k in range(run):
            step = np.int32(a[k]) - np.int32(b[k])
            part += np.int32(step * step)
        total += part
        if total >= limit:
            break
    return total


@kernel
def search_band(
    pixels: U8,
    usable: U8,
    worn: I32,
    active: U8,
    top: int,
    left: int,
    old_y: I32,
    old_x: I32,
    near_y: I32,
    near_x: I32,
    cost: I32,
    high: int,
    wide: int,
    first: int,
    last: int,
    seed: int,
    turn: int,
    keen: U8,
    near_reach: int,
    far_reach: int,
) -> None:
    """One pass of propagation and random search (Barnes et al. 2009, section 3.2) over box rows first..last.

    usable: frame; 1 where a whole patch may be copied from. worn: frame; what a patch costs beside its difference.
    active: box; 1 where a match is wanted.
    near_y, near_x: box; read and written. cost: box; written.
    keen: box; 1 where the random search starts from far_reach instead of near_reach.
    """
    rows, columns = active.shape
    frame_rows, frame_columns = usable.shape
    step = 1 if turn % 2 == 0 else -1
    for a in range(last - first):
        r = first + a if step == 1 else last - 1 - a
        for b in range(columns):
            c = b if step == 1 else columns - 1 - b
            if not active[r, c]:
                continue
            y = top + r
            x = left + c
            best_y = np.int64(near_y[r, c])
            best_x = np.int64(near_x[r, c])
            best = _distance(pixels, y, x, best_y, best_x, high, wide, FAR) + worn[best_y, best_x]
            for side in range(2):
                if side == 0:
                    rr, cc = r, c - step
                else:
                    rr, cc = r - step, c
                if rr < 0 or cc < 0 or rr >= rows or cc >= columns or not active[rr, cc]:
                    continue
                if first <= rr < last:
                    v = near_y[rr, cc] + (r - rr)
                    u = near_x[rr, cc] + (c - cc)
                else:
                    v = old_y[rr, cc] + (r - rr)
                    u = old_x[rr, cc] + (c - cc)
                if v < 0 or u < 0 or v >= frame_rows or u >= frame_columns or not usable[v, u]:
                    continue
                if v == best_y and u == best_x:
                    continue
                wear = np.int64(worn[v, u])
                d = _distance(pixels, y, x, v, u, high, wide, best - wear) + wear
                if d < best:
                    best, best_y, best_x = d, v, u
            radius = far_reach if keen[r, c] else near_reach
            draw = 0
            while radius >= 1 and best > 0:
                h = _random(seed, turn * 64 + draw, y, x)
                v = best_y + (h & 0x7FFF) % (2 * radius + 1) - radius
                u = best_x + (h >> 15) % (2 * radius + 1) - radius
                if 0 <= v < frame_rows and 0 <= u < frame_columns and usable[v, u]:
                    wear = np.int64(worn[v, u])
                    d = _distance(pixels, y, x, v, u, high, wide, best - wear) + wear
                    if d < best:
                        best, best_y, best_x = d, v, u
                radius //= 2
                draw += 1
            near_y[r, c] = best_y
            near_x[r, c] = best_x
            cost[r, c] = best


@kernel
def vote_band(
    pixels: U8,
    wanted: U8,
    active: U8,
    top: int,
    left: int,
    near_y: I32,
    near_x: I32,
    weight: F32,
    high: int,
    wide: int,
    first: int,
    last: int,
) -> None:
    """Gives each wanted pixel of frame rows first..last the weighted mean of what its patches say it is.

    (Wexler et al. 2007, equation 3.) Only unknown pixels are written and only known ones read, so bands don't meet.
    """
    rows, columns = active.shape
    for y in range(first, last):
        for x in range(wanted.shape[1]):
            if not wanted[y, x]:
                continue
            s0 = np.float32(0)
            s1 = np.float32(0)
            s2 = np.float32(0)
            s3 = np.float32(0)
            total = np.float32(0)
            for i in range(high):
                r = y - i - top
                if r < 0 or r >= rows:
                    continue
                for j in range(wide):
                    c = x - j - left
                    if c < 0 or c >= columns or not active[r, c]:
                        continue
                    w = weight[r, c]
                    v = near_y[r, c] + i
                    u = (near_x[r, c] + j) * 4
                    s0 += w * pixels[v, u]
                    s1 += w * pixels[v, u + 1]
                    s2 += w * pixels[v, u + 2]
                    s3 += w * pixels[v, u + 3]
                    total += w
            if total > 0:
                pixels[y, x * 4] = np.uint8(s0 / total + np.float32(0.5))
                pixels[y, x * 4 + 1] = np.uint8(s1 / total + np.float32(0.5))
                pixels[y, x * 4 + 2] = np.uint8(s2 / total + np.float32(0.5))
                pixels[y, x * 4 + 3] = np.uint8(s3 / total + np.float32(0.5))


@kernel
def label_band(
    wanted: U8,
    active: U8,
    top: int,
    left: int,
    near_y: I32,
    near_x: I32,
    weight: F32,
    high: int,
    wide: int,
    first: int,
    last: int,
    out_y: I32,
    out_x: I32,
) -> None:
    """Gives each wanted pixel the shift that most of its patches, by weight, agree on.

    out_y, out_x: frame; the source position.
    """
    rows, columns = active.shape
    shifts = np.empty(high * wide, np.int64)
    weights = np.empty(high * wide, np.float32)
    for y in range(first, last):
        for x in range(wanted.shape[1]):
            if not wanted[y, x]:
                continue
            count = 0
            for i in range(high):
                r = y - i - top
                if r < 0 or r >= rows:
                    continue
                for j in range(wide):
                    c = x - j - left
                    if c < 0 or c >= columns or not active[r, c]:
                        continue
                    key = (np.int64(near_y[r, c] + i) << np.int64(32)) | np.int64(near_x[r, c] + j)
                    k = 0
                    while k < count and shifts[k] != key:
                        k += 1
                    if k == count:
                        shifts[k] = key
                        weights[k] = np.float32(0)
                        count += 1
                    weights[k] += weight[r, c]
            best = 0
            for k in range(1, count):
                if weights[k] > weights[best]:
                    best = k
            out_y[y, x] = shifts[best] >> np.int64(32)
            out_x[y, x] = shifts[best] & np.int64(0xFFFFFFFF)


@kernel
def _step_cost(pixels: U8, y: Any, x: Any, v: Any, u: Any) -> Any:
    total = np.int64(0)
    for k in range(3):
        d = np.int64(pixels[y, x * 4 + k]) - np.int64(pixels[v, u * 4 + k])
        total += d * d
    return total


@kernel
def settle_band(
    pixels: U8,
    wanted: U8,
    allowed: U8,
    map_y: I32,
    map_x: I32,
    parity: int,
    first: int,
    last: int,
) -> None:
    """One half pass of iterated conditional modes over frame rows first..last: a pixel takes the shift of a neighbour
    where that makes the seams around it cheaper (seam cost of Kwatra et al. 2003, equation 1).

    Pixels of one parity of a chessboard read only those of the other, so bands don't meet.
    wanted: frame; 1 for the hole. allowed: frame; 1 where a pixel may be copied from.
    """
    rows, columns = wanted.shape
    for y in range(first, last):
        for x in range((y + parity) % 2, columns, 2):
            if not wanted[y, x]:
                continue
            own_v = np.int64(map_y[y, x])
            own_u = np.int64(map_x[y, x])
            seam = False
            for side in range(4):
                yy = y + (side == 0) - (side == 1)
                xx = x + (side == 2) - (side == 3)
                if 0 <= yy < rows and 0 <= xx < columns and wanted[yy, xx]:
                    seam |= map_y[yy, xx] - yy != own_v - y or map_x[yy, xx] - xx != own_u - x
            if not seam:
                continue
            best_v, best_u, best = own_v, own_u, FAR
            for pick in range(5):
                v, u = own_v, own_u
                if pick > 0:
                    yy = y + (pick == 1) - (pick == 2)
                    xx = x + (pick == 3) - (pick == 4)
                    if yy < 0 or xx < 0 or yy >= rows or xx >= columns or not wanted[yy, xx]:
                        continue
                    v = np.int64(map_y[yy, xx]) + y - yy
                    u = np.int64(map_x[yy, xx]) + x - xx
                    if v < 0 or u < 0 or v >= rows or u >= columns or not allowed[v, u]:
                        continue
                    if v == own_v and u == own_u:
                        continue
                total = _step_cost(pixels, y, x, v, u) // 4
                for side in range(4):
                    dy = (side == 0) - (side == 1)
                    dx = (side == 2) - (side == 3)
                    yy = y + dy
                    xx = x + dx
                    if yy < 0 or xx < 0 or yy >= rows or xx >= columns:
                        continue
                    beside_v = v + dy
                    beside_u = u + dx
                    inside = 0 <= beside_v < rows and 0 <= beside_u < columns
                    if not wanted[yy, xx]:
                        if inside:
                            total += 2 * _step_cost(pixels, yy, xx, beside_v, beside_u)
                        continue
                    other_v = np.int64(map_y[yy, xx])
                    other_u = np.int64(map_x[yy, xx])
                    if other_v == beside_v and other_u == beside_u:
                        continue
                    total += 30
                    if inside:
                        total += _step_cost(pixels, other_v, other_u, beside_v, beside_u)
                    back_v = other_v - dy
                    back_u = other_u - dx
                    if 0 <= back_v < rows and 0 <= back_u < columns:
                        total += _step_cost(pixels, v, u, back_v, back_u)
                if total < best:
                    best, best_v, best_u = total, v, u
            map_y[y, x] = best_v
            map_x[y, x] = best_u
