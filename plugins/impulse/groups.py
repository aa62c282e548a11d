"""Which parts of a picture the network is run on, so that dust far apart costs no more than its surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Box = tuple[slice, slice]

# A run costs as much as so many pixels more; what is smaller than the side is not cut.
_RUN_PX = 64 * 64
_SIDE_PX = 64


def groups(marked: Bool, around_px: int) -> list[Box]:
    """Boxes, none over another, that hold all that is marked. With so much around each of them they have as few pixels
    as cutting in halves can reach.

    marked: H x W.
    """
    return _cheapest(np.argwhere(marked), around_px)[1] if marked.any() else []


def _cheapest(places: NDArray[np.int64], around_px: int) -> tuple[int, list[Box]]:
    """What it costs to run on these places (N x 2), and the boxes."""
    first, last = places.min(axis=0), places.max(axis=0) + 1
    sides = last - first
    cost = int(np.prod(sides + 2 * around_px)) + _RUN_PX
    whole = [(slice(int(first[0]), int(last[0])), slice(int(first[1]), int(last[1])))]
    axis = int(np.argmax(sides))
    if sides[axis] <= _SIDE_PX:
        return cost, whole
    near = places[:, axis] < (first[axis] + last[axis]) // 2
    one, other = (_cheapest(part, around_px) for part in (places[near], places[~near]))
    return (one[0] + other[0], one[1] + other[1]) if one[0] + other[0] < cost else (cost, whole)
