"""Whether a stroke was meant as a loop around something."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]

# A loop of 2000 x 50 pixels has 0.07, a line there and back 6 pixels beside itself 0.03.
_ROUNDNESS = 0.05


def closes_loop(way: Sequence[Point], size_px: float) -> bool:
    """Whether a stroke of a brush of diameter `size_px` goes around something and ends where it began.

    The ends must nearly touch, and the inside must be larger than what the brush covers anyway: neither a blot nor a
    line there and back is a loop. Around something as long and thin as a wire it may be drawn.
    """
    if len(way) < 4 or math.dist(way[0], way[-1]) > max(size_px, 4.0):
        return False
    closed = [*way, way[0]]
    length = sum(math.dist(one, two) for one, two in pairwise(closed))
    area = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(closed))) / 2
    if area < 4 * size_px**2:
        return False
    # Of all closed ways of one length the circle holds the largest area; a folded or crossing one holds next to none.
    return 4 * math.pi * area / length**2 > _ROUNDNESS
