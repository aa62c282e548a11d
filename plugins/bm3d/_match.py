"""Compiled search for the blocks that look most alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import steady_kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

_AT_ONCE = 32
_WIDEST = 256


@steady_kernel
def match(
    look: F32,
    tops: I32,
    lefts: I32,
    offsets: I32,
    every: Any,
    farthest: Any,
    most: Any,
    found: I32,
    counts: I32,
) -> None:
    """For each block of 8 x 8 at every (top, left), the blocks at some offsets from it that differ least.

    Args:
        look: H x W, what is compared.
        tops, lefts: of the blocks, ascending.
        offsets: N x 2, (down, right), nearest first; the first is (0, 0).
        every: whether all pixels of a block are compared, or as of a chessboard those of one colour.
        farthest: blocks whose sum of squared differences is not below this do not count.
        most: how many are wanted, a power of two.
        found: len(tops) x len(lefts) x most; gets the numbers of offsets, the most alike first.
        counts: len(tops) x len(lefts); gets how many were found, rounded down to a power of two.
    """
    columns, sums = np.empty(_WIDEST, np.float32), np.empty(_WIDEST, np.float32)
    distances, numbers = np.empty((_AT_ONCE, most), np.float32), np.empty((_AT_ONCE, most), np.int32)
    worst = np.empty(_AT_ONCE, np.float32)
    rows, width = look.shape[0], look.shape[1]
    for row in range(tops.size):
        top = tops[row]
        start = 0
        while start < lefts.size:
            stop = start + 1
            while stop < lefts.size and stop - start < _AT_ONCE and lefts[stop] + 8 - lefts[start] <= _WIDEST:
                stop += 1
            worst[:] = farthest
            distances[:] = farthest
            numbers[:] = -1
            for number in range(offsets.shape[0]):
                other, right = top + offsets[number, 0], offsets[number, 1]
                if other < 0 or other > rows - 8:
                    continue
                first, last = start, stop
                while first < last and lefts[first] + right < 0:
                    first += 1
                while last > first and lefts[last - 1] + right > width - 8:
                    last -= 1
                if first == last:
                    continue
                left = lefts[first]
                length = lefts[last - 1] - left + 8
                # All places between the blocks are compared, too: then sums of eight columns are three additions each.
                for odd in range(2):
                    # Four rows at once: of this the compiler makes vectors, of a loop over rows it does not.
                    a0 = look[top + odd, left : left + length]
                    a1 = look[top + odd + 2, left : left + length]
                    a2 = look[top + odd + 4, left : left + length]
                    a3 = look[top + odd + 6, left : left + length]
                    b0 = look[other + odd, left + right : left + right + length]
                    b1 = look[other + odd + 2, left + right : left + right + length]
                    b2 = look[other + odd + 4, left + right : left + right + length]
                    b3 = look[other + odd + 6, left + right : left + right + length]
                    if odd == 0:
                        for x in range(length):
                            d0, d1, d2, d3 = a0[x] - b0[x], a1[x] - b1[x], a2[x] - b2[x], a3[x] - b3[x]
                            sums[x] = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3
                    else:
                        for x in range(length):
                            d0, d1, d2, d3 = a0[x] - b0[x], a1[x] - b1[x], a2[x] - b2[x], a3[x] - b3[x]
                            columns[x] = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3
                if every:
                    for x in range(length):
                        columns[x] += sums[x]
                    for x in range(length - 1):
                        sums[x] = columns[x] + columns[x + 1]
                else:
                    for x in range(length - 1):
                        sums[x] += columns[x + 1]
                for x in range(length - 3):
                    columns[x] = sums[x] + sums[x + 2]
                for index in range(first, last):
                    x = lefts[index] - left
                    distance = columns[x] + columns[x + 4]
                    if distance < worst[index - start]:
                        _insert(distances[index - start], numbers[index - start], distance, number)
                        worst[index - start] = distances[index - start, most - 1]
            for index in range(start, stop):
                found[row, index] = numbers[index - start]
                count = most
                while count > 1 and numbers[index - start, count - 1] < 0:
                    count //= 2
                counts[row, index] = count
            start = stop


@steady_kernel
def _insert(distances: F32, numbers: I32, distance: Any, number: Any) -> None:
    """Puts a number among others that are sorted by their distance, in place of the last."""
    place = distances.size - 1
    while place > 0 and distances[place - 1] > distance:
        distances[place] = distances[place - 1]
        numbers[place] = numbers[place - 1]
        place -= 1
    distances[place] = distance
    numbers[place] = number
