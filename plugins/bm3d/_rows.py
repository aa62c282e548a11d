"""Compiled transforms of blocks' rows.

A block's transform is separable, and every row of eight pixels is transformed once for all blocks that it belongs to:
`spread` does that for every position in a band, and a group has only the columns left to do. In the same way filtered
blocks are added up with their columns transformed back but not their rows; `gather` does the rows once, at the end.

Spread pixels are W - 7 x 8 H: of each position its H rows of eight coefficients, one below the other, so that a block
is one run of 64 numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import steady_kernel

F32 = NDArray[np.float32]


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
