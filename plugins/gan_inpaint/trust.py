"""How far a repair is to be trusted in this very photo: it is tried where the truth is known, beside the hole.

Where texture repeats exactly, a copy is right to the pixel, and nothing that a network makes of it can be better.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.blend import hole_box

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Box = tuple[slice, slice]
Shares = tuple[float, float]

# Of thicker holes the rim is a small part, and what lies as far away as they are thick is of another kind.
_THICKEST_PX = 60
_GAP_PX = 3
_WINDOW_PX = 384
_CONTEXT_PX = 128
_ENOUGH = 0.4
_STEPS = 20


def window(hole: Bool) -> Box:
    """A part of the picture with much of the hole in it, and some more around: a try there takes little time."""
    places = np.argwhere(hole)
    # One of the hole: the median of a ring lies in what it goes around.
    middle = places[len(places) // 2].tolist()
    spans = []
    for place, box, length in zip(middle, hole_box(hole), hole.shape, strict=True):
        start = max(box.start, min(place - _WINDOW_PX // 2, box.stop - _WINDOW_PX))
        spans.append(slice(max(0, start - _CONTEXT_PX), min(length, start + _WINDOW_PX + _CONTEXT_PX)))
    return spans[0], spans[1]


def beside(hole: Bool) -> Bool | None:
    """The hole, moved next to itself so far that it lies on known pixels for the most part, and what of it does; None
    if it is too thick or there is no room."""
    if not hole.any():
        return None
    depth = float(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    if 2 * depth > _THICKEST_PX:
        return None
    grown = np.asarray(cv2.dilate(hole.astype(np.uint8), np.ones((2 * _GAP_PX + 1,) * 2, np.uint8)), np.uint8)
    step = math.ceil(2 * depth) + 2 * _GAP_PX
    for far in (step, 2 * step):
        for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
            moved: Bool = _moved(hole, far * down, far * across) & (grown == 0)
            if np.count_nonzero(moved) > _ENOUGH * np.count_nonzero(hole):
                return moved
    return None


def _moved(hole: Bool, down: int, across: int) -> Bool:
    shift = np.array(((1, 0, across), (0, 1, down)), np.float32)
    size = hole.shape[::-1]
    moved = cv2.warpAffine(hole.astype(np.uint8), shift, size, flags=cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8) > 0


def shares(truth: F32, filled: F32, repairs: tuple[F32, F32]) -> Shares:
    """Which mixture of a fill and two repairs of it is nearest to the truth: the shares of the repairs, in steps of a
    twentieth; what they leave of 1 is the fill's.

    The least |truth - filled - s_1 (repair_1 - filled) - s_2 (repair_2 - filled)|^2 with s_1, s_2 >= 0 and
    s_1 + s_2 <= 1; N x 3 pixels each.
    """
    changes = np.stack([(each - filled).ravel() for each in repairs]).astype(np.float64)
    shared, wanted = changes @ changes.T, changes @ (truth - filled).ravel()
    steps = range(_STEPS + 1)
    mixtures = np.array([(one, other) for one in steps for other in steps if one + other <= _STEPS]) / _STEPS
    errors = np.einsum("ni,ij,nj->n", mixtures, shared, mixtures) - 2 * mixtures @ wanted
    first, second = mixtures[np.argmin(errors)].tolist()
    return first, second
