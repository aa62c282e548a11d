"""How a repair is kept to what needs it: to colours that are near, and to where a fill has seams, told by the step from
the known picture into it.

A network that mends a rim also bends what was right. Judged by eye, that costs more than it mends in thick holes, so
there the repair goes only where the fill does not join its surroundings; in thin ones that is tried.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0))
_WINDOW_PX = 9
_SPREAD_SIGMA = 4.0
_JOINED, _APART = 0.5, 1.0
_FLOOR = 1e-4
_RANGE_PX = 5


def at_seams(repaired: F32, filled: F32, hole: Bool) -> F32:
    """The fill, repaired near its seams.

    Args:
        repaired, filled: H x W x 3 float32 RGB, 0..1. hole: H x W bool.
    """
    weight = seam(filled, hole)[..., None]
    return np.asarray(filled + weight * (repaired - filled), np.float32)


def seam(filled: F32, hole: Bool) -> F32:
    """How badly the fill joins what is known, at the nearest parts of the hole's edge: H x W float32, 0..1; 0 where
    there is no edge within a dozen pixels.

    At each pair of neighbours p in the hole and q outside, with p' and q' next to them on the same line, the step q - p
    is compared with the mean of the steps a = q' - q and b = p - p' beside it: |q - p - (a + b) / 2|^2 over |a - b|^2,
    each summed over a window.

    Args:
        filled: H x W x 3 float32 RGB, 0..1. hole: H x W bool.
    """
    step, usual, edge = (np.zeros(hole.shape, np.float32) for _ in range(3))
    colours, unknown = np.pad(filled, ((2, 2), (2, 2), (0, 0)), mode="edge"), np.pad(hole, 2, mode="edge")
    for down, across in _SIDES:
        outside = _beside(colours, down, across)
        pairs = hole & ~_beside(unknown, down, across)
        before = filled - _beside(colours, -down, -across)
        after = _beside(colours, 2 * down, 2 * across) - outside
        step += pairs * _square(outside - filled - (before + after) / 2)
        usual += pairs * _square(before - after)
        edge[pairs] = 1
    window = (_WINDOW_PX, _WINDOW_PX)
    steps, usuals = (cv2.boxFilter(each, -1, window, normalize=False) for each in (step, usual))
    ratio = steps / (usuals + np.float32(_FLOOR * _WINDOW_PX))
    apart = np.asarray(np.clip((ratio - _JOINED) / (_APART - _JOINED), 0, 1) * edge, np.float32)
    share, near = (cv2.GaussianBlur(each, (0, 0), _SPREAD_SIGMA) for each in (apart, edge))
    return np.asarray(share / np.maximum(near, np.float32(1e-6)), np.float32)


def _beside(padded: NDArray[Any], down: int, across: int) -> NDArray[Any]:
    """An array that was padded by 2 on all sides, moved."""
    rows, columns = padded.shape[0] - 4, padded.shape[1] - 4
    return padded[2 + down : 2 + down + rows, 2 + across : 2 + across + columns]


def _square(difference: F32) -> F32:
    return np.asarray(np.square(difference).sum(axis=2), np.float32)


def within(repaired: F32, filled: F32) -> F32:
    """The repaired picture with no brightness, and no colour beside it, that the fill doesn't have near by.

    Args:
        repaired, filled: H x W x 3 float32 RGB, 0..1.
    """
    square = np.ones((_RANGE_PX, _RANGE_PX), np.uint8)

    def clipped(made: F32, given: F32) -> F32:
        return np.asarray(np.clip(made, cv2.erode(given, square), cv2.dilate(given, square)), np.float32)

    light, given = (each.mean(axis=2, dtype=np.float32) for each in (repaired, filled))
    colour = clipped(repaired - light[..., None], filled - given[..., None])
    return np.asarray(clipped(light, given)[..., None] + colour - colour.mean(axis=2, keepdims=True), np.float32)
