"""Compiled loops of `scratches` that say how much each pixel looks like the middle of a thin line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import exact_kernel, steady_kernel

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

TURNS = 24
"""Directions of lines: the first half, STEEP, within 45 degrees of upright, the others are those with axes swapped."""
STEEP = TURNS // 2
SIDE_PX = 3
"""How far from a line's middle its two sides are looked at."""
HALF_PX = 16
"""Half the length over which a line's pixels are counted."""
DARK = 32
"""Added to the number of the direction where the line is darker than its sides."""
FULL = 255
"""The score of a line of which every pixel stands out fully."""

_VOTE = 16


@steady_kernel
def vote(light: F32, texture: F32, down: int, across: int, bright: I8, dark: I8) -> None:
    """How much each pixel is brighter, and darker, than both sides of a line through it, in parts of the texture.

    down, across: from a line's middle to one side, at most SIDE_PX; the outermost SIDE_PX pixels get no vote.
    bright, dark: out, -16..16.
    """
    for y in range(SIDE_PX, light.shape[0] - SIDE_PX):
        for x in range(SIDE_PX, light.shape[1] - SIDE_PX):
            one = light[y, x] - light[y + down, x + across]
            other = light[y, x] - light[y - down, x - across]
            scale = np.float32(_VOTE) / texture[y, x]
            low, high = min(one, other) * scale, max(one, other) * scale
            bright[y, x] = np.int8(min(max(low, np.float32(-_VOTE)), np.float32(_VOTE)))
            dark[y, x] = np.int8(min(max(-high, np.float32(-_VOTE)), np.float32(_VOTE)))


@exact_kernel
def count(votes: I8, slope: float, half_px: int, number: int, score: I16, code: U8) -> None:
    """Sums votes along steep lines, and keeps for each pixel the best of all directions so far.

    The sums run down sheared columns, so that a line costs the same whatever its length.

    slope: pixels to the right for each one down, -1..1. number: what `code` gets where this direction is the best.
    """
    high, wide = votes.shape
    shift = np.empty(high, np.int64)
    for y in range(high):
        shift[y] = int(np.floor(slope * y + 0.5))
    least, most = min(0, shift[high - 1]), max(0, shift[high - 1])
    sums = np.zeros(wide + most - least, np.int16)
    for y in range(-half_px, high):
        if y + half_px < high:
            start = -shift[y + half_px] + most
            for x in range(wide):
                sums[start + x] += votes[y + half_px, x]
        if y - half_px - 1 >= 0:
            start = -shift[y - half_px - 1] + most
            for x in range(wide):
                sums[start + x] -= votes[y - half_px - 1, x]
        if y >= 0:
            start = -shift[y] + most
            for x in range(wide):
                if sums[start + x] * 32 > score[y, x] * (2 * half_px + 1):
                    score[y, x] = sums[start + x] * 32 // (2 * half_px + 1)
                    code[y, x] = number


@exact_kernel
def thin(score: I16, code: U8, least: int, directions: F32, rows: tuple[int, int], ridge: U8) -> None:
    """Keeps the pixels that no neighbour across their line outdoes.

    score: 0..512. directions: (down, across) of each. rows: the first and one past the last that `ridge` shows.
    ridge: out, 0..255; 0 where nothing is kept.
    """
    wide = score.shape[1]
    for y in range(rows[0], rows[1]):
        for x in range(1, wide - 1):
            here = score[y, x]
            if here < least:
                continue
            turn = code[y, x] % DARK
            down, across = int(np.rint(-directions[turn, 1])), int(np.rint(directions[turn, 0]))
            v, u = y + down, x + across
            if score[v, u] > here and code[v, u] // DARK == code[y, x] // DARK:
                continue
            v, u = y - down, x - across
            if score[v, u] >= here and code[v, u] // DARK == code[y, x] // DARK:
                continue
            ridge[y - rows[0], x] = min(FULL, here // 2)
