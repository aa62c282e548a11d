"""Compiled filters of groups of blocks.

A block's transform is separable, and every row of eight pixels is transformed once for all blocks that it belongs to:
`spread` does that for every position in a band, and a group has only the columns left to do. In the same way filtered
blocks are added up with their columns transformed back but not their rows; `gather` does the rows once, at the end.

Spread pixels are W - 7 x 8 H: of each position its H rows of eight coefficients, one below the other, so that a block
is one run of 64 numbers. Numbers of `matches` are as `plugins.bm3d._match.match` leaves them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import steady_kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

_ROOT = np.float32(math.sqrt(0.5))
# What bior1.5 adds to Haar's wavelet, as a lifting step; on four and fewer numbers, circularly, it adds nothing.
_LIFT = np.float32(0.171875)
_C1, _C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(0.5 * math.cos(k * math.pi / 16)) for k in range(1, 8))
_LEAST_SHARE = np.float32(1e-3)


@steady_kernel
def wavelet(group: F32, count: Any) -> None:
    """Columns of `count` blocks, each 64 numbers row by row, to coefficients of the wavelet bior1.5, in place."""
    for k in range(count):
        block = group[64 * k : 64 * k + 64]
        for x in range(8):
            r0, r1, r2, r3 = block[x], block[8 + x], block[16 + x], block[24 + x]
            r4, r5, r6, r7 = block[32 + x], block[40 + x], block[48 + x], block[56 + x]
            d0, d1, d2, d3 = (r0 - r1) * _ROOT, (r2 - r3) * _ROOT, (r4 - r5) * _ROOT, (r6 - r7) * _ROOT
            s0 = (r0 + r1) * _ROOT + _LIFT * (d1 - d3)
            s1 = (r2 + r3) * _ROOT + _LIFT * (d2 - d0)
            s2 = (r4 + r5) * _ROOT + _LIFT * (d3 - d1)
            s3 = (r6 + r7) * _ROOT + _LIFT * (d0 - d2)
            upper, lower = (s0 + s1) * _ROOT, (s2 + s3) * _ROOT
            block[x], block[8 + x] = (upper + lower) * _ROOT, (upper - lower) * _ROOT
            block[16 + x], block[24 + x] = (s0 - s1) * _ROOT, (s2 - s3) * _ROOT
            block[32 + x], block[40 + x], block[48 + x], block[56 + x] = d0, d1, d2, d3


@steady_kernel
def wavelet_back(group: F32, count: Any) -> None:
    """Undoes `wavelet`."""
    for k in range(count):
        block = group[64 * k : 64 * k + 64]
        for x in range(8):
            upper, lower = (block[x] + block[8 + x]) * _ROOT, (block[x] - block[8 + x]) * _ROOT
            d0, d1, d2, d3 = block[32 + x], block[40 + x], block[48 + x], block[56 + x]
            s0 = (upper + block[16 + x]) * _ROOT - _LIFT * (d1 - d3)
            s1 = (upper - block[16 + x]) * _ROOT - _LIFT * (d2 - d0)
            s2 = (lower + block[24 + x]) * _ROOT - _LIFT * (d3 - d1)
            s3 = (lower - block[24 + x]) * _ROOT - _LIFT * (d0 - d2)
            block[x], block[8 + x] = (s0 + d0) * _ROOT, (s0 - d0) * _ROOT
            block[16 + x], block[24 + x] = (s1 + d1) * _ROOT, (s1 - d1) * _ROOT
            block[32 + x], block[40 + x] = (s2 + d2) * _ROOT, (s2 - d2) * _ROOT
            block[48 + x], block[56 + x] = (s3 + d3) * _ROOT, (s3 - d3) * _ROOT


@steady_kernel
def cosine(group: F32, count: Any) -> None:
    """Columns of `count` blocks, each 64 numbers row by row, to coefficients of the cosine transform, in place."""
    for k in range(count):
        block = group[64 * k : 64 * k + 64]
        for x in range(8):
            r0, r1, r2, r3 = block[x], block[8 + x], block[16 + x], block[24 + x]
            r4, r5, r6, r7 = block[32 + x], block[40 + x], block[48 + x], block[56 + x]
            e0, e1, e2, e3 = r0 + r7, r1 + r6, r2 + r5, r3 + r4
            o0, o1, o2, o3 = r0 - r7, r1 - r6, r2 - r5, r3 - r4
            a, b, c, d = e0 + e3, e1 + e2, e0 - e3, e1 - e2
            block[x], block[32 + x] = (a + b) * _C4, (a - b) * _C4
            block[16 + x], block[48 + x] = c * _C2 + d * _C6, c * _C6 - d * _C2
            block[8 + x] = o0 * _C1 + o1 * _C3 + o2 * _C5 + o3 * _C7
            block[24 + x] = o0 * _C3 - o1 * _C7 - o2 * _C1 - o3 * _C5
            block[40 + x] = o0 * _C5 - o1 * _C1 + o2 * _C7 + o3 * _C3
            block[56 + x] = o0 * _C7 - o1 * _C5 + o2 * _C3 - o3 * _C1


@steady_kernel
def cosine_back(group: F32, count: Any) -> None:
    """Undoes `cosine`."""
    for k in range(count):
        block = group[64 * k : 64 * k + 64]
        for x in range(8):
            c1, c3, c5, c7 = block[8 + x], block[24 + x], block[40 + x], block[56 + x]
            a, b = (block[x] + block[32 + x]) * _C4, (block[x] - block[32 + x]) * _C4
            c = block[16 + x] * _C2 + block[48 + x] * _C6
            d = block[16 + x] * _C6 - block[48 + x] * _C2
            e0, e1, e2, e3 = a + c, b + d, b - d, a - c
            o0 = c1 * _C1 + c3 * _C3 + c5 * _C5 + c7 * _C7
            o1 = c1 * _C3 - c3 * _C7 - c5 * _C1 - c7 * _C5
            o2 = c1 * _C5 - c3 * _C1 + c5 * _C7 + c7 * _C3
            o3 = c1 * _C7 - c3 * _C5 + c5 * _C3 - c7 * _C1
            block[x], block[56 + x] = e0 + o0, e0 - o0
            block[8 + x], block[48 + x] = e1 + o1, e1 - o1
            block[16 + x], block[40 + x] = e2 + o2, e2 - o2
            block[24 + x], block[32 + x] = e3 + o3, e3 - o3


@steady_kernel
def spread(plane: F32, matrix: F32, out: F32) -> None:
    """Transforms every run of eight pixels in a row: plane H x W, matrix 8 x 8 (coefficient, pixel)."""
    count = out.shape[0]
    one = np.empty(count, np.float32)
    for y in range(plane.shape[0]):
        for v in range(8):
            _weighted(plane[y], matrix[v], one)
            for x in range(count):
                out[x, 8 * y + v] = one[x]


@steady_kernel
def _weighted(row: F32, factors: F32, out: F32) -> None:
    """out[x]: the sum of row[x + i] * factors[i] over eight i."""
    count = out.size
    f0, f1, f2, f3, f4, f5, f6, f7 = (
        factors[0], factors[1], factors[2], factors[3], factors[4], factors[5], factors[6], factors[7]
    )  # fmt: skip
    for x in range(count):
        out[x] = (
            row[x] * f0
            + row[x + 1] * f1
            + row[x + 2] * f2
            + row[x + 3] * f3
            + row[x + 4] * f4
            + row[x + 5] * f5
            + row[x + 6] * f6
            + row[x + 7] * f7
        )


@steady_kernel
def gather(filtered: F32, weights: F32, matrix: F32, window: F32, total: F32, weight: F32) -> None:
    """Adds filtered blocks to the pixels they cover, `total`, and to each its blocks' weights, `weight` (both H x W).

    Args:
        filtered: blocks, weighted and added up, with their columns transformed back.
        weights: H - 7 x W - 7, of the blocks at each position.
        matrix: 8 x 8 (pixel, coefficient): rows back, weighted by the window.
        window: 8 numbers, of each row or column the share in a block's weight.
    """
    height, width = total.shape
    count = filtered.shape[0]
    # With seven zeros on both sides every pixel has eight positions to its left.
    padded = np.zeros((8, count + 14), np.float32)
    mirrored, one = np.empty(8, np.float32), np.empty(width, np.float32)
    for y in range(height):
        for x in range(count):
            for v in range(8):
                padded[v, 7 + x] = filtered[x, 8 * y + v]
        for v in range(8):
            for i in range(8):
                mirrored[i] = matrix[7 - i, v]
            _weighted(padded[v], mirrored, one)
            for x in range(width):
                total[y, x] += one[x]
    for i in range(8):
        mirrored[i] = window[7 - i]
    for y in range(weights.shape[0]):
        padded[0, 7 : 7 + count] = weights[y]
        _weighted(padded[0], mirrored, one)
        for j in range(8):
            for x in range(width):
                weight[y + j, x] += one[x] * window[j]


@steady_kernel
def _load(pixels: F32, top: Any, left: Any, group: F32, place: Any) -> None:
    source, target = pixels[left, 8 * top : 8 * top + 64], group[64 * place : 64 * place + 64]
    for i in range(64):
        target[i] = source[i]


@steady_kernel
def _store(group: F32, place: Any, shares: F32, filtered: F32, top: Any, left: Any) -> None:
    source, target = group[64 * place : 64 * place + 64], filtered[left, 8 * top : 8 * top + 64]
    for i in range(64):
        target[i] += source[i] * shares[i]


@steady_kernel
def _butterfly(group: F32, half: Any) -> None:
    upper, lower = group[:half], group[half : 2 * half]
    for i in range(half):
        a, b = upper[i], lower[i]
        upper[i] = (a + b) * _ROOT
        lower[i] = (a - b) * _ROOT


@steady_kernel
def _haar(group: F32, count: Any) -> None:
    """Haar's transform across the blocks, which lie in the order of `_place`."""
    while count > 1:
        count //= 2
        _butterfly(group, 64 * count)


@steady_kernel
def _haar_back(group: F32, count: Any) -> None:
    done = 1
    while done < count:
        _butterfly(group, 64 * done)
        done *= 2


@steady_kernel
def _place(k: Any, count: Any) -> Any:
    """Where the k-th most alike lies: with its bits reversed, neighbours meet in the first butterfly."""
    place = 0
    while count > 1:
        place = 2 * place + k % 2
        k //= 2
        count //= 2
    return place


@steady_kernel
def _shrink(group: F32, count: Any, least: F32, kept: F32) -> None:
    """Hard threshold: coefficients whose square is not above `least` become 0. `kept`: how many of each were left."""
    kept[:] = 0
    for k in range(count):
        block = group[64 * k : 64 * k + 64]
        for i in range(64):
            keep = np.float32(1) if block[i] * block[i] > least[i] else np.float32(0)
            block[i] *= keep
            kept[i] += keep


@steady_kernel
def _attenuate(group: F32, guide: F32, count: Any, noise: F32, kept: F32) -> None:
    """Wiener's filter, by the energy of the guide. `kept`: the sum of the squared factors of each coefficient."""
    kept[:] = 0
    for k in range(count):
        block, clean = group[64 * k : 64 * k + 64], guide[64 * k : 64 * k + 64]
        for i in range(64):
            energy = clean[i] * clean[i]
            factor = energy / (energy + noise[i])
            block[i] *= factor
            kept[i] += factor * factor


@steady_kernel
def hard(
    pixels: F32,
    tops: I32,
    lefts: I32,
    edges: I32,
    offsets: I32,
    matches: I32,
    counts: I32,
    least: F32,
    noise: F32,
    window: F32,
    filtered: F32,
    weights: F32,
) -> None:
    """Filters groups of blocks of a band by a hard threshold, and adds the blocks up.

    Args:
        pixels: spread, its rows transformed by the normed wavelet.
        edges: where in `lefts` chunks begin and end; a chunk is done for all tops before the next.
        least, noise: 64 numbers, of each coefficient: the square of the threshold, and the variance of its noise.
        window: 64 numbers, of each row of coefficients its share in the block's window.
        filtered, weights: see `gather`.
    """
    most = matches.shape[2]
    group, kept, shares = np.empty(64 * most, np.float32), np.empty(64, np.float32), np.empty(64, np.float32)
    for chunk in range(edges.size - 1):
        for row in range(tops.size):
            for column in range(edges[chunk], edges[chunk + 1]):
                count, numbers = counts[row, column], matches[row, column]
                for k in range(count):
                    offset = offsets[numbers[k]]
                    _load(pixels, tops[row] + offset[0], lefts[column] + offset[1], group, _place(k, count))
                wavelet(group, count)
                _haar(group, count)
                _shrink(group, count, least, kept)
                left_over = np.float32(0)
                for i in range(64):
                    left_over += kept[i] * noise[i]
                weight = np.float32(1) / max(left_over, noise[0])
                _haar_back(group, count)
                wavelet_back(group, count)
                for i in range(64):
                    shares[i] = window[i] * weight
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    _store(group, _place(k, count), shares, filtered, top, left)
                    weights[top, left] += weight


@steady_kernel
def wiener(
    pixels: F32,
    guides: F32,
    tops: I32,
    lefts: I32,
    edges: I32,
    offsets: I32,
    matches: I32,
    counts: I32,
    assumed: F32,
    noise: F32,
    window: F32,
    filtered: F32,
    weights: F32,
) -> None:
    """As `hard`, by Wiener's filter with the cosine transform.

    guides: spread as the pixels, of a picture with less noise. assumed: the variances that the filter works with.
    """
    most = matches.shape[2]
    group, guide = np.empty(64 * most, np.float32), np.empty(64 * most, np.float32)
    kept, shares = np.empty(64, np.float32), np.empty(64, np.float32)
    for chunk in range(edges.size - 1):
        for row in range(tops.size):
            for column in range(edges[chunk], edges[chunk + 1]):
                count, numbers = counts[row, column], matches[row, column]
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    _load(pixels, top, left, group, _place(k, count))
                    _load(guides, top, left, guide, _place(k, count))
                cosine(group, count)
                cosine(guide, count)
                _haar(group, count)
                _haar(guide, count)
                _attenuate(group, guide, count, assumed, kept)
                left_over = np.float32(0)
                for i in range(64):
                    left_over += kept[i] * noise[i]
                weight = np.float32(1) / max(left_over, _LEAST_SHARE * noise[0])
                _haar_back(group, count)
                cosine_back(group, count)
                for i in range(64):
                    shares[i] = window[i] * weight
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    _store(group, _place(k, count), shares, filtered, top, left)
                    weights[top, left] += weight
